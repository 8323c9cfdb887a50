-- Open a ticket: check every limit, then reserve on all of them, or on none.
--
-- KEYS[1] the ticket; KEYS[2] the open tickets by lease; KEYS[3] the stream of the limits' events;
-- KEYS[4..] a counter for each limit.
-- ARGV[1] ticket id; ARGV[2] attribution, JSON; ARGV[3] lease in ms; ARGV[4] what it holds,
-- MessagePack: the most it can use, and its reservations; ARGV[5] the service that asks; ARGV[6]
-- the time for events.
--
-- Returns {1, {remaining, reset_ms}...}, or {0, index, remaining, reset_ms} of the limit that
-- refuses for longest: -1 for never by waiting, -2 for a request that the limit can never hold.
-- Opening the same ticket again changes nothing and is accepted.

if redis.call('EXISTS', KEYS[1]) == 1 then return {1} end

local now = now_ms()
local limits = cmsgpack.unpack(ARGV[4])[2]
local writer = {ARGV[1], ARGV[5], ARGV[6], KEYS[3]}
local states, answer = {}, {1}
local refusal, longest = nil, -1
local FOREVER = 1e15

-- Whether the request is more than the whole limit, or nothing ever drains of it.
local function never_fits(held)
  return held[AMOUNT] > held[MAX] or (held[KIND] == 'bucket' and held[MAX] <= 0)
end

-- The ms until the request would fit; -1: never by waiting; -2: it never fits at all.
local function wait_of(state, held)
  if never_fits(held) then return -2 end
  if held[KIND] ~= 'bucket' then return reset_of(state, held, now) end
  local over = state.used + state.reserved + held[AMOUNT] - held[MAX]
  return draining(math.min(over, state.used), held)
end

-- Of several refusals the one with the highest rank is told: what never fits, then a total that is
-- used up, then the longest wait; a call that runs may end at any moment.
local function rank_of(held, wait)
  if wait == -2 then return math.huge end
  if held[KIND] == 'gauge' then return 0 end
  return wait < 0 and FOREVER or wait
end

if #limits > 0 then
  local texts = redis.call('MGET', unpack(KEYS, 4))
  for i, held in ipairs(limits) do
    local state = state_of(texts[i], held, now)
    local left = left_of(state, held)
    states[i] = state
    if held[AMOUNT] > left then
      state.over = true
      if held[ENFORCE] then
        local wait = wait_of(state, held)
        local rank = rank_of(held, wait)
        if rank > longest then refusal, longest = {0, i, left, wait}, rank end
      end
    end
  end
end

for i, state in ipairs(states) do
  local held = limits[i]
  local told = state.over and tell_exceeded(writer, state, held)
  if not refusal then
    if held[METRIC] == 'requests' then
      state.used = state.used + held[AMOUNT]
    else
      state.reserved = state.reserved + held[AMOUNT]
    end
    if held[METRIC] == 'requests' or held[KIND] == 'gauge' then
      tell_thresholds(writer, state, held)
    end
    answer[i + 1] = {left_of(state, held), reset_of(state, held, now)}
  end
  if told or not refusal then keep(state, held, now) end
end
if refusal then return refusal end

redis.call('HSET', KEYS[1], 'ticket', ARGV[2], 'held', ARGV[4])
redis.call('ZADD', KEYS[2], now + ARGV[3], ARGV[1])
return answer
