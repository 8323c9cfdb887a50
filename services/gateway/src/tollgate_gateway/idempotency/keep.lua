-- Write down that a claim's request has been answered, and what; the oldest answers make room.
--
-- KEYS[1] the key's entry; KEYS[2] the organisation's entries by when they end; KEYS[3] their size.
-- ARGV[1] owner; ARGV[2] answer, or '' when it is not kept; ARGV[3] now, ms; ARGV[4] how long, ms;
-- ARGV[5] what the organisation's entries may come to; ARGV[6] this one's name; ARGV[7] its size.
--
-- Returns the names of the entries that have to go; or nothing when the key is no longer its
-- owner's.

if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return false end
redis.call('HDEL', KEYS[1], 'owner')
if ARGV[2] ~= '' then redis.call('HSET', KEYS[1], 'answer', ARGV[2]) end
redis.call('PEXPIRE', KEYS[1], ARGV[4])

local now, most, gone = tonumber(ARGV[3]), tonumber(ARGV[5]), {}
-- The owner tells it from an earlier entry of the same name, which has ended.
redis.call('ZADD', KEYS[2], now + tonumber(ARGV[4]), ARGV[6] .. ':' .. ARGV[1] .. ':' .. ARGV[7])
local total = redis.call('INCRBY', KEYS[3], ARGV[7])
while true do
  local oldest = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
  if not oldest[1] then break end
  local has_ended = tonumber(oldest[2]) <= now
  if not has_ended and total <= most then break end
  local name, size = string.match(oldest[1], '^([^:]*):[^:]*:(%d+)$')
  redis.call('ZREM', KEYS[2], oldest[1])
  total = redis.call('DECRBY', KEYS[3], size)
  if not has_ended then gone[#gone + 1] = name end
end
redis.call('PEXPIRE', KEYS[2], ARGV[4])
redis.call('PEXPIRE', KEYS[3], ARGV[4])
return gone
