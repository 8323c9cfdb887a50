-- Write down that a claim's request has been answered, and what; the oldest answers make room.
--
-- KEYS[1] the key's entry; KEYS[2] the organisation's entries by when they end; KEYS[3] their size.
-- ARGV[1] owner; ARGV[2] answer, or '' when it is not kept; ARGV[3] now, ms; ARGV[4] how long, ms;
-- ARGV[5] what the organisation's entries may come to; ARGV[6] what the name of each begins with;
-- ARGV[7] this one's name after that; ARGV[8] its size.
--
-- Returns 1, or 0 when the key is no longer its owner's.

if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], 'owner')
if ARGV[2] ~= '' then redis.call('HSET', KEYS[1], 'answer', ARGV[2]) end
redis.call('PEXPIRE', KEYS[1], ARGV[4])

local now, most = tonumber(ARGV[3]), tonumber(ARGV[5])
-- The owner tells it from an earlier entry of the same name, which has ended.
redis.call('ZADD', KEYS[2], now + tonumber(ARGV[4]), ARGV[7] .. ':' .. ARGV[1] .. ':' .. ARGV[8])
local total = redis.call('INCRBY', KEYS[3], ARGV[8])
while true do
  local oldest = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
  if not oldest[1] then break end
  local has_ended = tonumber(oldest[2]) <= now
  if not has_ended and total <= most then break end
  local name, size = string.match(oldest[1], '^([^:]*):[^:]*:(%d+)$')
  redis.call('ZREM', KEYS[2], oldest[1])
  total = redis.call('DECRBY', KEYS[3], size)
  if not has_ended then redis.call('DEL', ARGV[6] .. name) end
end
redis.call('PEXPIRE', KEYS[2], ARGV[4])
redis.call('PEXPIRE', KEYS[3], ARGV[4])
return 1
