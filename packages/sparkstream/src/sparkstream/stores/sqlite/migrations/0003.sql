-- The terms of the batch views in few rows: one facet of a period in one text, JSON, [[term, posts, positive, neutral, negative]].
-- place: 8 times the period's id, and the facet's number (the order of sparkstream.rollups.FACETS).
create table batch_texts (place integer primary key, terms text not null);
insert into batch_texts
  select period * 8 + facet, json_group_array(json_array(term, posts, positive, neutral, negative))
  from batch_terms group by period, facet;
drop table batch_terms;
