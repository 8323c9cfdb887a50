-- Counts one more attempt on every key, or none while one of them is blocked.
--
-- KEYS: one hash for each thing that is attempted on: failures, and until when it is blocked.
-- ARGV: the first delay and the longest, in seconds; then for each key the failures that cost
--       nothing, the seconds after the first failure when all of them are forgotten, and whether
--       it holds the attempt (1) or only counts it (0): then it starts no wait either, which
--       would be for others.
-- Returns the milliseconds to wait, or 0 when the attempt may be made.
--
-- The attempt counts as failed until it is known to be good: of many at once, no more get through
-- than of as many one after the other.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local first, longest = tonumber(ARGV[1]) * 1000, tonumber(ARGV[2]) * 1000

local wait = 0
for number, key in ipairs(KEYS) do
  if tonumber(ARGV[3 * number + 2]) == 1 then
    local blocked = tonumber(redis.call('HGET', key, 'until') or 0)
    wait = math.max(wait, blocked - now)
  end
end
if wait > 0 then
  return wait
end

for number, key in ipairs(KEYS) do
  local failures = redis.call('HINCRBY', key, 'failures', 1)
  local beyond = failures - tonumber(ARGV[3 * number])
  if beyond >= 0 and tonumber(ARGV[3 * number + 2]) == 1 then
    redis.call('HSET', key, 'until', now + math.min(longest, first * 2 ^ math.min(beyond, 30)))
  end
  if redis.call('TTL', key) < 0 then
    redis.call('EXPIRE', key, ARGV[3 * number + 1])
  end
end
return 0
