-- Claim a key for a request, or find what has become of it.
--
-- KEYS[1] the key's entry. ARGV[1] fingerprint; ARGV[2] owner; ARGV[3] request id; ARGV[4] lease, ms.
--
-- Returns fingerprint, request id, owner (none: it has been answered) and answer (none: not kept)
-- of the request that has it; all none when it is claimed now.

local found = redis.call('HMGET', KEYS[1], 'fingerprint', 'request', 'owner', 'answer')
if not found[1] then
  redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'owner', ARGV[2], 'request', ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
return found
