-- Add to the counts of a quarter of an hour, once however often the same addition comes.
--
-- KEYS[1] the counts; KEYS[2] the quarters of the bucket that have changed; KEYS[3] all of them, by
-- when they began. ARGV[1] who adds; ARGV[2] the number of this addition, higher than those before;
-- ARGV[3] the quarter's name; ARGV[4] when it began; ARGV[5] how long all is kept, in seconds;
-- ARGV[6] how many different counts there may be; ARGV[7..] of each: field, the field that takes its
-- place once there are so many, and how much.
--
-- Returns 1, or 0 when this addition has been made before.

local writer = '#' .. ARGV[1]
local last = tonumber(redis.call('HGET', KEYS[1], writer) or 0)
if last >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], writer, ARGV[2])

local most = tonumber(ARGV[6])
for i = 7, #ARGV, 3 do
  local field = ARGV[i]
  if redis.call('HEXISTS', KEYS[1], field) == 0 and redis.call('HLEN', KEYS[1]) >= most then
    field = ARGV[i + 1]
  end
  redis.call('HINCRBY', KEYS[1], field, ARGV[i + 2])
end

local version = redis.call('HINCRBY', KEYS[1], '#version', 1)
redis.call('EXPIREAT', KEYS[1], ARGV[4] + ARGV[5])
redis.call('ZADD', KEYS[2], version, ARGV[3])
redis.call('ZADD', KEYS[3], ARGV[4], ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', '(' .. string.format('%.0f', ARGV[4] - ARGV[5]))
return 1
