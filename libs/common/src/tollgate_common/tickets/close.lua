-- Close a ticket: give back what was reserved, count what was used, and write the usage event.
--
-- KEYS[1] the ticket; KEYS[2] the open tickets by lease; KEYS[3] the usage stream; KEYS[4] the
-- stream of the limits' events; KEYS[5..] the counters on which the ticket has something reserved.
-- ARGV[1] ticket id; ARGV[2] the event without its data: the beginning of a CloudEvent in JSON,
-- without its closing brace; ARGV[3] outcome, JSON; ARGV[4] closed_at; ARGV[5..6] tokens and
-- nano-dollars used; ARGV[7] '1' to count what was reserved instead; ARGV[8] '1' to close only if
-- the lease has ended; ARGV[9] the service that asks.
--
-- Returns 1, or 0 when there is no such open ticket (any more), or it is still leased; or, having
-- done nothing, the counters that were not among the keys and have to be.

local now = now_ms()
if ARGV[8] == '1' then
  local lease = redis.call('ZSCORE', KEYS[2], ARGV[1])
  if not lease or tonumber(lease) >= now then return 0 end
end

local fields = redis.call('HMGET', KEYS[1], 'ticket', 'held')
if not fields[1] then
  redis.call('ZREM', KEYS[2], ARGV[1])
  return 0
end

local settled, counters, all_named = {}, {}, true
for _, held in ipairs(cmsgpack.unpack(fields[2])[2]) do
  if held[METRIC] ~= 'requests' then
    local number = #settled + 1
    settled[number], counters[number] = held, held[COUNTER]
    all_named = all_named and KEYS[4 + number] == held[COUNTER]
  end
end
if not all_named then return counters end

if #settled > 0 then
  local texts = redis.call('MGET', unpack(counters))
  local writer = {ARGV[1], ARGV[9], ARGV[4], KEYS[4]}
  local actual = {tokens = tonumber(ARGV[5]), cost_usd = tonumber(ARGV[6])}
  for i, held in ipairs(settled) do
    local state = state_of(texts[i], held, now)
    state.reserved = math.max(0, state.reserved - held[AMOUNT])
    if held[KIND] ~= 'gauge' then
      state.used = state.used + (ARGV[7] == '1' and held[AMOUNT] or actual[held[METRIC]])
      tell_thresholds(writer, state, held)
    end
    keep(state, held, now)
  end
end

redis.call('XADD', KEYS[3], '*', 'event',
  ARGV[2] .. ',"data":{"ticket":' .. fields[1] .. ',"outcome":' .. ARGV[3]
  .. ',"closed_at":"' .. ARGV[4] .. '"}}')
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return 1
