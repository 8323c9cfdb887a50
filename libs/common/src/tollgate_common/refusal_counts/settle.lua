-- A quarter's counts are kept elsewhere: it has no longer changed, unless it has again since.
--
-- KEYS[1] the quarters that have changed. ARGV[1] the quarter's name; ARGV[2] the version of it that
-- is kept.

if redis.call('ZSCORE', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[1])
