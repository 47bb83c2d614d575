-- Counts of terms over periods. ARGV[1] is JSON:
--   prefix, topic, facet
--   periods   ["STEP:START"]
--   terms     which; or null for the `first` by the column `by` (`not_rated` too), most first, ties by term, none of 0
-- Answers [[terms], [posts], [positive], [neutral], [negative]].
local asked = cjson.decode(ARGV[1])
local columns = {'posts', 'positive', 'neutral', 'negative'}
local temporary = asked.prefix .. 'temporary'

local function terms_key(period, column)
  return asked.prefix .. 'terms:' .. period .. ':' .. asked.facet .. ':' .. column .. ':' .. asked.topic
end

-- What each column counts for in the order; counts are kept negative.
local function weights(by)
  if by == 'not_rated' then
    return {posts = 1, positive = -1, neutral = -1, negative = -1}
  end
  return {[by] = 1}
end

local function first_terms()
  redis.call('DEL', temporary)
  for column, weight in pairs(weights(asked.by)) do
    for first = 1, #asked.periods, 500 do
      local names, factors = {temporary}, {1}
      for number = first, math.min(first + 499, #asked.periods) do
        names[#names + 1] = terms_key(asked.periods[number], column)
        factors[#factors + 1] = weight
      end
      local count = #names
      names[count + 1] = 'WEIGHTS'
      for _, factor in ipairs(factors) do
        names[#names + 1] = factor
      end
      redis.call('ZUNIONSTORE', temporary, count, unpack(names))
    end
  end
  local terms = redis.call('ZRANGEBYSCORE', temporary, '-inf', '(0', 'LIMIT', 0, asked.first)
  redis.call('DEL', temporary)
  return terms
end

local terms = asked.terms
if terms == cjson.null then
  terms = first_terms()
end
local answer = {terms}
for _, column in ipairs(columns) do
  local sums = {}
  for first = 1, #terms, 1000 do
    local last = math.min(first + 999, #terms)
    for number = first, last do
      sums[number] = 0
    end
    for _, period in ipairs(asked.periods) do
      local scores = redis.call('ZMSCORE', terms_key(period, column), unpack(terms, first, last))
      for number, score in ipairs(scores) do
        if score then
          sums[first + number - 1] = sums[first + number - 1] - tonumber(score)
        end
      end
    end
  end
  answer[#answer + 1] = sums
end
return answer
