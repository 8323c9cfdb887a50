-- Close a ticket: give back what was reserved, count what was used, and write the usage event.
--
-- KEYS[1] the ticket; KEYS[2] the open tickets by lease; KEYS[3] the usage stream. The counters
-- are named by the ticket itself and share its hash tag.
-- ARGV[1] ticket id; ARGV[2] the event without its data: the beginning of a CloudEvent in JSON,
-- without its closing brace; ARGV[3] outcome, JSON; ARGV[4] closed_at; ARGV[5..7] requests,
-- tokens and nano-dollars used; ARGV[8] '1' to count what was reserved instead; ARGV[9] '' or a
-- moment in ms: close only if the lease ended before it.
--
-- Returns 1, or 0 when there is no such open ticket (any more), or it is still leased.

if ARGV[9] ~= '' then
  local lease = redis.call('ZSCORE', KEYS[2], ARGV[1])
  if not lease or tonumber(lease) >= tonumber(ARGV[9]) then return 0 end
end

local fields = redis.call('HMGET', KEYS[1], 'ticket', 'reservations')
if not fields[1] then
  redis.call('ZREM', KEYS[2], ARGV[1])
  return 0
end

local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local actual = {requests = tonumber(ARGV[5]), tokens = tonumber(ARGV[6]),
                cost_usd = tonumber(ARGV[7]), concurrency = 0}

for _, held in ipairs(cjson.decode(fields[2])) do
  local used = actual[held.metric]
  if ARGV[8] == '1' and held.kind ~= 'gauge' then used = held.amount end
  if held.kind == 'bucket' then
    local full_at = redis.call('GET', held.counter)
    if full_at and used ~= held.amount then
      full_at = tonumber(full_at) + (used - held.amount) * held.period_ms / held.max
      if full_at > now_ms then
        redis.call('SET', held.counter, string.format('%.3f', full_at), 'PX',
                   string.format('%.0f', math.ceil(full_at - now_ms) + held.period_ms))
      else
        redis.call('DEL', held.counter)
      end
    end
  else
    redis.call('HINCRBY', held.counter, 'reserved', string.format('%.0f', 0 - held.amount))
    redis.call('HINCRBY', held.counter, 'used', string.format('%.0f', used))
  end
end

redis.call('XADD', KEYS[3], '*', 'event',
  ARGV[2] .. ',"data":{"ticket":' .. fields[1] .. ',"outcome":' .. ARGV[3]
  .. ',"closed_at":"' .. ARGV[4] .. '"}}')
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return 1
