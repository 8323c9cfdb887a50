-- Forget a key, if it is still its owner's: the next request that has it runs.
--
-- KEYS[1] the key's entry. ARGV[1] owner.

if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
