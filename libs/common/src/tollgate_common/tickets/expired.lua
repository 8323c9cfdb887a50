-- The tickets of a bucket whose lease has ended, longest ago first.
--
-- KEYS[1] the open tickets by lease. ARGV[1] how many at most.

return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. string.format('%.0f', now_ms()),
                  'LIMIT', 0, ARGV[1])
