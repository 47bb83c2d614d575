-- One atomic change of the speed views. ARGV[1] is JSON, the others are sketches, which are no text:
--   prefix, life, revision   where, and what the caller has seen
--   stamp                    {run, batch}, or null when no batch is added
--   replace                  whether the periods' sums are put in the place of others
--   periods                  [{name, topic, step, start, posts, counts: {"dimension:label": n}, terms, sketches}]
--     name                   what it is called among the dirty
--     terms                  [[facet, term, posts, positive, neutral, negative]]
--     sketches               {name: its number in ARGV}
--   newest                   {topic: event time}
--   status                   text, or null
--   kept, facets, delay      how many terms a closed period keeps by step; names; when a period closes
-- Answers "ok", "applied" (the stamp was there already), "moved" (another writer was faster: read again) or "lost".
local asked = cjson.decode(ARGV[1])
local prefix = asked.prefix
local columns = {'posts', 'positive', 'neutral', 'negative'}

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

local function terms_key(topic, step, start, facet, column)
  return prefix .. 'terms:' .. step .. ':' .. start .. ':' .. facet .. ':' .. column .. ':' .. topic
end

local function remove(topic, step, start)
  redis.call('ZREM', prefix .. 'starts:' .. step .. ':' .. topic, start)
  redis.call('ZREM', prefix .. 'open:' .. step .. ':' .. topic, start)
  redis.call('DEL', period_key(topic, step, start))
  for _, facet in ipairs(asked.facets) do
    for _, column in ipairs(columns) do
      redis.call('DEL', terms_key(topic, step, start, facet, column))
    end
  end
end

-- A closed period opens again, to be cut again below; one that has lost terms by a cut becomes dirty.
local function add(period)
  local topic, step, start = period.topic, period.step, period.start
  local key = period_key(topic, step, start)
  local state = redis.call('HMGET', key, 'closed', 'cut')
  if state[1] == '1' and state[2] == '1' then
    redis.call('ZADD', prefix .. 'dirty', 0, period.name)
  end
  redis.call('HINCRBY', key, 'posts', period.posts)
  redis.call('HSET', key, 'closed', '0')
  for name, count in pairs(period.counts) do
    redis.call('HINCRBY', key, name, count)
  end
  for name, number in pairs(period.sketches) do
    redis.call('HSET', key, name, ARGV[number])
  end
  redis.call('ZADD', prefix .. 'starts:' .. step .. ':' .. topic, start, start)
  redis.call('ZADD', prefix .. 'open:' .. step .. ':' .. topic, start, start)
  for _, term in ipairs(period.terms) do
    for number, column in ipairs(columns) do
      local count = term[2 + number]
      if count > 0 then
        redis.call('ZINCRBY', terms_key(topic, step, start, term[1], column), -count, term[2])
      end
    end
  end
end

local function close(topic, step, start)
  local cut = false
  for _, facet in ipairs(asked.facets) do
    local gone = redis.call('ZRANGE', terms_key(topic, step, start, facet, 'posts'), asked.kept[step], -1)
    cut = cut or #gone > 0
    for first = 1, #gone, 1000 do
      local some = {unpack(gone, first, math.min(first + 999, #gone))}
      for _, column in ipairs(columns) do
        redis.call('ZREM', terms_key(topic, step, start, facet, column), unpack(some))
      end
    end
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
  if period.posts > 0 then
    add(period)
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
