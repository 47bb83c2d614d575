-- Counts of terms over periods. ARGV[1] is JSON:
--   prefix, topic, facet
--   periods   [[step, start]]
--   terms     which; or null for the `first` by the column `by` (`not_rated` too), in no order, none of 0
-- Answers [[terms], [values]]; a term without any has no value.
local VALUES = {
  posts = function(posts, _, _, _) return posts end,
  positive = function(_, positive, _, _) return positive end,
  neutral = function(_, _, neutral, _) return neutral end,
  negative = function(_, _, _, negative) return negative end,
  not_rated = function(posts, positive, neutral, negative) return posts - positive - neutral - negative end,
}

local function key_of(period)
  return terms_key(asked.topic, period[1], period[2], asked.facet)
end

local function some_terms(terms)
  local counts = {}
  for _, period in ipairs(asked.periods) do
    for first = 1, #terms, ROOM do
      local last = math.min(first + ROOM - 1, #terms)
      for place, more in ipairs(redis.call('HMGET', key_of(period), unpack(terms, first, last))) do
        local term = terms[first + place - 1]
        if more then
          counts[term] = counts[term] and add_counts(counts[term], more) or more
        end
      end
    end
  end
  return counts
end

local counts, terms = {}, asked.terms
if terms == cjson.null then
  for _, period in ipairs(asked.periods) do
    add_all(counts, redis.call('HGETALL', key_of(period)))
  end
  terms = most_terms(counts, asked.first, VALUES[asked.by])
else
  counts = some_terms(terms)
end
local values = {}
for place, term in ipairs(terms) do
  values[place] = counts[term] or ''
end
return {terms, values}
