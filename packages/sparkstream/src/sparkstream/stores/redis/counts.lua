-- What both scripts share, put before them: counts of terms. Those of one term, posts, positive, neutral, negative, are
-- one value: four numbers of four bytes, the low one first. ARGV[1] is JSON and has the `prefix` of all keys.
local asked = cjson.decode(ARGV[1])
local FORMAT = '<I4I4I4I4'
local ROOM = 3000 -- terms of one call, each with its value: Lua hands no more than 8,000 arguments on

local function terms_key(topic, step, start, facet)
  return asked.prefix .. 'terms:' .. step .. ':' .. start .. ':' .. facet .. ':' .. topic
end

-- Two values in one. Most terms have one of a few, so that it is mostly known what they come to.
local added = {}
local function add_counts(was, more)
  local known = added[more]
  if not known then
    known = {}
    added[more] = known
  end
  local sum = known[was]
  if not sum then
    local posts, positive, neutral, negative = struct.unpack(FORMAT, was)
    local posts_more, positive_more, neutral_more, negative_more = struct.unpack(FORMAT, more)
    sum = struct.pack(
      FORMAT,
      posts + posts_more,
      positive + positive_more,
      neutral + neutral_more,
      negative + negative_more
    )
    known[was] = sum
  end
  return sum
end

-- Adds what a hash has, as HGETALL gives it.
local function add_all(counts, pairs_of_hash)
  for place = 1, #pairs_of_hash, 2 do
    local term, more = pairs_of_hash[place], pairs_of_hash[place + 1]
    local was = counts[term]
    counts[term] = was and add_counts(was, more) or more
  end
end

-- The first by their bytes, which Lua does not compare by: it asks the machine's locale. What is ordered by the server
-- for this is neither in its log nor on its replicas.
local function first_terms(terms, number)
  local temporary = asked.prefix .. 'temporary'
  redis.set_repl(redis.REPL_NONE)
  redis.call('DEL', temporary)
  for first = 1, #terms, ROOM do
    local scored = {}
    for place = first, math.min(first + ROOM - 1, #terms) do
      scored[#scored + 1] = 0
      scored[#scored + 1] = terms[place]
    end
    redis.call('ZADD', temporary, unpack(scored))
  end
  local found = redis.call('ZRANGE', temporary, 0, number - 1)
  redis.call('DEL', temporary)
  redis.set_repl(redis.REPL_ALL)
  return found
end

-- The terms whose values are the highest, in no order; none of 0, and of equal ones the first.
local function most_terms(counts, number, value_of)
  local by_value, values, known = {}, {}, {}
  for term, packed in pairs(counts) do
    local value = known[packed]
    if not value then
      value = value_of(struct.unpack(FORMAT, packed))
      known[packed] = value
    end
    if value > 0 then
      local terms = by_value[value]
      if not terms then
        terms = {}
        by_value[value] = terms
        values[#values + 1] = value
      end
      terms[#terms + 1] = term
    end
  end
  table.sort(values, function(one, other) return one > other end)
  local found = {}
  for _, value in ipairs(values) do
    local terms = by_value[value]
    if #found + #terms > number then
      terms = first_terms(terms, number - #found)
    end
    for _, term in ipairs(terms) do
      found[#found + 1] = term
    end
    if #found >= number then
      break
    end
  end
  return found
end

