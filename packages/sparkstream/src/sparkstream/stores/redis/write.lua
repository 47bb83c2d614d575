-- One atomic change of the speed views. ARGV[1] is JSON, the others are sketches, which are no text:
--   prefix, life, revision   where, and what the caller has seen
--   stamp                    {run, batch}, or null when no batch is added
--   replace                  whether the periods' sums are put in the place of others
--   values                   [[posts, positive, neutral, negative]]: those that terms have
--   sums                     [{posts, counts: {"dimension:label": n}, terms: {facet: [[term], [its number in values]]}}]
--   periods                  [{name, topic, step, start, sums, sketches}]
--     name                   what it is called among the dirty
--     sums                   the number of what it is given
--     sketches               {name: its number in ARGV}
--   newest                   {topic: event time}
--   status                   text, or null
--   kept, facets, delay      how many terms a closed period keeps by step; names; when a period closes
-- Answers "ok", "applied" (the stamp was there already), "moved" (another writer was faster: read again) or "lost".
local prefix = asked.prefix

if redis.call('GET', prefix .. 'life') ~= asked.life then
  return 'lost'
end
if asked.stamp ~= cjson.null then
  local applied = redis.call('HGET', prefix .. 'applied', asked.stamp.run)
  if applied and tonumber(applied) >= asked.stamp.batch then
    return 'applied'
  end
end
if (redis.call('GET', prefix .. 'revision') or '0') ~= asked.revision then
  return 'moved'
end

local function period_key(topic, step, start)
  return prefix .. 'period:' .. step .. ':' .. start .. ':' .. topic
end

local function remove(topic, step, start)
  redis.call('ZREM', prefix .. 'starts:' .. step .. ':' .. topic, start)
  redis.call('ZREM', prefix .. 'open:' .. step .. ':' .. topic, start)
  redis.call('DEL', period_key(topic, step, start))
  for _, facet in ipairs(asked.facets) do
    redis.call('UNLINK', terms_key(topic, step, start, facet))
  end
end

local values = {}
for number, counts in ipairs(asked.values) do
  values[number] = struct.pack(FORMAT, unpack(counts))
end

-- A call for thousands of terms, because a call for each is most of what a batch would cost.
local function add_terms(key, terms, numbers)
  for first = 1, #terms, ROOM do
    local last = math.min(first + ROOM - 1, #terms)
    local held = redis.call('HMGET', key, unpack(terms, first, last))
    local new, size = {}, 0
    for place = first, last do
      local was, more = held[place - first + 1], values[numbers[place]]
      new[size + 1] = terms[place]
      new[size + 2] = was and add_counts(was, more) or more
      size = size + 2
    end
    redis.call('HSET', key, unpack(new, 1, size))
  end
end

-- A closed period opens again, to be cut again below; one that has lost terms by a cut becomes dirty.
local function add(period, sums)
  local topic, step, start = period.topic, period.step, period.start
  local key = period_key(topic, step, start)
  local state = redis.call('HMGET', key, 'closed', 'cut')
  if state[1] == '1' and state[2] == '1' then
    redis.call('ZADD', prefix .. 'dirty', 0, period.name)
  end
  redis.call('HINCRBY', key, 'posts', sums.posts)
  redis.call('HSET', key, 'closed', '0')
  for name, count in pairs(sums.counts) do
    redis.call('HINCRBY', key, name, count)
  end
  for name, number in pairs(period.sketches) do
    redis.call('HSET', key, name, ARGV[number])
  end
  redis.call('ZADD', prefix .. 'starts:' .. step .. ':' .. topic, start, start)
  redis.call('ZADD', prefix .. 'open:' .. step .. ':' .. topic, start, start)
  for facet, terms in pairs(sums.terms) do
    add_terms(terms_key(topic, step, start, facet), terms[1], terms[2])
  end
end

local function posts_of(posts) return posts end

-- Keeps a facet's terms with most posts; whether there were more.
local function cut_terms(key, kept)
  if redis.call('HLEN', key) <= kept then
    return false
  end
  local counts = {}
  add_all(counts, redis.call('HGETALL', key))
  redis.call('UNLINK', key)
  local most, left = most_terms(counts, kept, posts_of), {}
  for _, term in ipairs(most) do
    left[#left + 1] = term
    left[#left + 1] = counts[term]
  end
  redis.call('HSET', key, unpack(left))
  return true
end

local function close(topic, step, start)
  local cut = false
  for _, facet in ipairs(asked.facets) do
    cut = cut_terms(terms_key(topic, step, start, facet), asked.kept[step]) or cut
  end
  local key = period_key(topic, step, start)
  redis.call('HSET', key, 'closed', '1')
  if cut then
    redis.call('HSET', key, 'cut', '1')
  end
  redis.call('ZREM', prefix .. 'open:' .. step .. ':' .. topic, start)
end

-- Take note of a topic's newest post and close the periods that it is far enough past.
local function move_on(topic, at)
  local before = redis.call('HGET', prefix .. 'newest', topic)
  local newest = math.max(at, tonumber(before or '0'))
  redis.call('HSET', prefix .. 'newest', topic, string.format('%.0f', newest))
  for step, _ in pairs(asked.kept) do
    local last = string.format('%.0f', newest - tonumber(step) - asked.delay)
    for _, start in ipairs(redis.call('ZRANGEBYSCORE', prefix .. 'open:' .. step .. ':' .. topic, '-inf', last)) do
      close(topic, step, start)
    end
  end
end

for _, period in ipairs(asked.periods) do
  if asked.replace then
    remove(period.topic, period.step, period.start)
    redis.call('ZREM', prefix .. 'dirty', period.name)
  end
  local sums = asked.sums[period.sums]
  if sums.posts > 0 then
    add(period, sums)
  end
end
for topic, at in pairs(asked.newest) do
  move_on(topic, at)
end
if asked.stamp ~= cjson.null then
  redis.call('HSET', prefix .. 'applied', asked.stamp.run, asked.stamp.batch)
end
if asked.status ~= cjson.null then
  redis.call('SET', prefix .. 'status', asked.status)
end
redis.call('INCR', prefix .. 'revision')
return 'ok'
