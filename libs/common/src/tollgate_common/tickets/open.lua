-- Open a ticket: check every limit, then reserve on all of them, or on none.
--
-- KEYS[1] the ticket; KEYS[2] the open tickets by lease; KEYS[3..] a counter for each limit
-- ARGV[1] ticket id; ARGV[2] attribution, JSON; ARGV[3] lease in ms; ARGV[4] reservations, JSON,
-- to be kept for the close; then six for each limit: kind, max, amount, enforce, period_ms,
-- expires_at_ms.
--
-- Returns {1, {remaining, reset_ms}...}, or {0, index, remaining, reset_ms} for the first limit
-- that refuses. Opening the same ticket again changes nothing and is accepted.

local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local count = #KEYS - 2
local states = {}

local function integer(value)
  return string.format('%.0f', value)
end

local function bucket_state(counter, max, amount, period_ms)
  -- GCRA: the counter is the moment (in ms) at which the bucket would be full again.
  local full_at = tonumber(redis.call('GET', counter) or '0')
  if full_at < now_ms then full_at = now_ms end
  local left = math.floor((period_ms - (full_at - now_ms)) * max / period_ms + 1e-6)
  local next_full = full_at + amount * period_ms / max
  return left, next_full, next_full - period_ms - now_ms
end

for i = 1, count do
  local at = 5 + (i - 1) * 6
  local kind, max, amount = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local enforce, period_ms = ARGV[at + 3] == '1', tonumber(ARGV[at + 4])
  local expires_at_ms = tonumber(ARGV[at + 5])
  local left, wait_ms, next_full = 0, -1, 0
  if kind == 'bucket' then
    if max > 0 then
      left, next_full, wait_ms = bucket_state(KEYS[2 + i], max, amount, period_ms)
      if amount > max then wait_ms = -1 end
    end
  else
    local used = redis.call('HMGET', KEYS[2 + i], 'used', 'reserved')
    left = max - tonumber(used[1] or '0') - tonumber(used[2] or '0')
    if expires_at_ms > 0 then wait_ms = expires_at_ms - now_ms end
  end
  if enforce and amount > left then
    if redis.call('EXISTS', KEYS[1]) == 1 then break end
    return {0, i, integer(left), integer(wait_ms)}
  end
  states[i] = {left, wait_ms, next_full, kind, amount, expires_at_ms, period_ms}
end

if redis.call('EXISTS', KEYS[1]) == 1 then return {1} end

local answer = {1}
for i = 1, count do
  local counter, left, wait_ms, next_full = KEYS[2 + i], unpack(states[i], 1, 3)
  local kind, amount, expires_at_ms, period_ms = unpack(states[i], 4, 7)
  if kind == 'bucket' then
    if next_full > 0 then
      redis.call('SET', counter, string.format('%.3f', next_full), 'PX',
                 integer(math.ceil(next_full - now_ms) + period_ms))
    end
    wait_ms = next_full - now_ms
  else
    redis.call('HINCRBY', counter, 'reserved', integer(amount))
    if expires_at_ms > 0 then
      redis.call('PEXPIREAT', counter, integer(expires_at_ms + 86400000))
    end
  end
  answer[i + 1] = {integer(left - amount), integer(wait_ms)}
end

redis.call('HSET', KEYS[1], 'ticket', ARGV[2], 'reservations', ARGV[4])
redis.call('ZADD', KEYS[2], now_ms + tonumber(ARGV[3]), ARGV[1])
return answer
