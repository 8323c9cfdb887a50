-- Extend the leases of claims that are still their owners'.
--
-- KEYS the keys' entries, of one bucket. ARGV[1] lease, ms; ARGV[2..] their owners, in that order.

for number, entry in ipairs(KEYS) do
  if redis.call('HGET', entry, 'owner') == ARGV[number + 1] then
    redis.call('PEXPIRE', entry, ARGV[1])
  end
end
