-- Times are milliseconds UTC, steps too. A file here makes the version (PRAGMA user_version) that is its number.

-- The master set: a post once for each of its topics. run and batch are the stamp that first wrote it.
create table posts (
  topic       text    not null,
  id          text    not null,
  event_time  integer not null,
  received_at integer not null,
  sentiment   text    not null,
  run         text    not null,
  batch       integer not null,
  record      text    not null,
  primary key (topic, id)
);
create index posts_by_time on posts (topic, event_time, id);

create table gaps (
  id      text    not null,
  topic   text    not null,
  network text    not null,
  start   integer not null,
  stop    integer not null,
  reason  text    not null,
  filled  integer not null,
  primary key (topic, id)
) without rowid;

create table dead_letters (id text primary key, raw text not null, reason text not null, at integer not null) without rowid;

-- newest: the latest event time applied; periods that end 10 minutes before it are closed.
create table topics (
  slug   text    primary key,
  query  text,
  state  text    not null default 'started',
  at     integer not null default 0,
  newest integer not null default 0
) without rowid;

-- Sums. counts: {dimension: {label: posts}}; the sketches are ordered compact theta sketches, null when nothing was counted.
create table periods (
  id     integer primary key,
  topic  text    not null,
  step   integer not null,
  start  integer not null,
  posts  integer not null,
  counts text    not null,
  closed integer not null default 0,
  cut    integer not null default 0,
  authors_all blob,  authors_positive blob,  authors_neutral blob,  authors_negative blob,  authors_not_rated blob,
  messages_all blob, messages_positive blob, messages_neutral blob, messages_negative blob, messages_not_rated blob
);
create unique index periods_by_start on periods (topic, step, start, posts);
create index periods_open on periods (topic, step, start) where closed = 0;

create table terms (
  period   integer not null,
  facet    integer not null,
  term     text    not null,
  posts    integer not null,
  positive integer not null,
  neutral  integer not null,
  negative integer not null,
  primary key (period, facet, term)
) without rowid;

create table dirty (topic text not null, step integer not null, start integer not null, primary key (topic, step, start)) without rowid;

-- started: the last batch that may have written to the master set; applied: the last one whose sums are in the views.
create table runs (run text primary key, started integer not null, applied integer not null default -1, abandoned integer not null default 0) without rowid;

create table status (one integer primary key check (one = 1), run text not null, batch integer not null, updated_at integer not null, rate real not null, lag integer, models text not null);
