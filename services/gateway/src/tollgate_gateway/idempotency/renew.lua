-- Extend a claim's lease, if it is still its owner's.
--
-- KEYS[1] the key's entry. ARGV[1] owner; ARGV[2] lease, ms.

if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
