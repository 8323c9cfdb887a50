-- Extend the leases of those tickets of a bucket that are still open.
--
-- KEYS[1] the open tickets by lease. ARGV[1] lease in ms; ARGV[2..] ticket ids.

local until_ms = now_ms() + ARGV[1]
for i = 2, #ARGV do
  redis.call('ZADD', KEYS[1], 'XX', until_ms, ARGV[i])
end
return #ARGV - 1
