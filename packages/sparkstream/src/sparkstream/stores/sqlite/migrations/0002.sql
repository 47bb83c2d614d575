-- Posts are found by their id, which edits and deletes name, and have a version. The three parts of a store share no table any more.
create table posts_by_id (
  id          text    not null,
  topic       text    not null,
  event_time  integer not null,
  received_at integer not null,
  version     integer not null,
  sentiment   text    not null,
  run         text    not null,
  batch       integer not null,
  record      text    not null,
  primary key (id, topic)
);
insert into posts_by_id
  select id, topic, event_time, received_at, max(0, cast(coalesce(json_extract(record, '$.version'), 0) as integer)), sentiment, run, batch, record
  from posts order by id, topic;

-- The minutes of the rows that each run's newest batch wrote; of a batch that was cut short another run has them folded again.
create table touched (run text not null, batch integer not null, topic text not null, minute integer not null, primary key (run, batch, topic, minute)) without rowid;
insert into touched
  select distinct posts.run, posts.batch, posts.topic, posts.event_time - posts.event_time % 60000
  from posts join runs on runs.run = posts.run and posts.batch > runs.applied;

drop table posts;
alter table posts_by_id rename to posts;
create index posts_by_time on posts (topic, event_time, id);

create table tombstones (id text primary key, at integer not null, reason text not null) without rowid;

-- Minutes to fold again.
create table marks (token integer primary key autoincrement, topic text not null, minute integer not null);

create table holds (one integer primary key check (one = 1), holder text not null, until integer not null);

create table revisions (part text primary key, number integer not null) without rowid;

-- The speed views' own: the latest event time applied, and the last batch of each run.
create table newest (topic text primary key, event_time integer not null) without rowid;
insert into newest select slug, newest from topics where newest > 0;
alter table topics drop column newest;
create table applied (run text primary key, batch integer not null) without rowid;
insert into applied select run, applied from runs where applied >= 0;
alter table runs drop column applied;

-- The batch views. A generation has what has changed since the one before; sums of no posts hide older ones.
create table batch_periods (
  id         integer primary key,
  topic      text    not null,
  step       integer not null,
  start      integer not null,
  generation integer not null,
  posts      integer not null,
  counts     text    not null,
  cut        integer not null default 0,
  authors_all blob,  authors_positive blob,  authors_neutral blob,  authors_negative blob,  authors_not_rated blob,
  messages_all blob, messages_positive blob, messages_neutral blob, messages_negative blob, messages_not_rated blob
);
create unique index batch_periods_by_start on batch_periods (topic, step, start, generation, posts);

create table batch_terms (
  period   integer not null,
  facet    integer not null,
  term     text    not null,
  posts    integer not null,
  positive integer not null,
  neutral  integer not null,
  negative integer not null,
  primary key (period, facet, term)
) without rowid;

create table pointers (topic text primary key, generation integer not null default 0, until integer not null default 0, announced integer not null default 0) without rowid;

create table frozen (topic text not null, day integer not null, primary key (topic, day)) without rowid;
