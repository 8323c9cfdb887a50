-- What is counted on limits at this moment, without changing it.
--
-- KEYS a counter for each limit; ARGV[1] what applies, MessagePack: a reservation for each limit.
--
-- Returns {used, reserved, remaining, reset_ms} for each. A part of a unit counts as used whole.

local now = now_ms()
local texts, answer = redis.call('MGET', unpack(KEYS)), {}
for i, held in ipairs(cmsgpack.unpack(ARGV[1])) do
  local state = state_of(texts[i], held, now)
  answer[i] = {math.ceil(state.used - 1e-6), state.reserved, left_of(state, held),
               reset_of(state, held, now)}
end
return answer
