-- What is counted of a limit, and how: the beginning of the scripts that count.
--
-- A counter is five doubles in one string: what is used, what is reserved, when that was (ms),
-- which events were sent of the turn, and which turn it is. A turn is what "once a window" means:
-- a calendar window has a counter, and so a turn, of its own; for one that refills it is the
-- minute or the hour, for concurrency the hour.
--
-- `kind` says how a limit counts. `window`: until it ends, or for ever. `bucket`: what is used
-- drains by `max` in each period; what is reserved does not, so that no moment can be spent twice.
-- `gauge`: what is reserved is all there is. A request is used as soon as it is accepted; tokens
-- and cost are reserved until the ticket closes.

local HOUR, DAY = 3600000, 86400000
local LONGEST = 3650 * DAY
local FORMAT = '<ddddd'
local PERCENT = {50, 80, 95, 100}
local EXCEEDED = 8
local KEPT_EVENTS = 10000

-- The fields of a reservation, in the order of `Reservation` in models.py.
local LIMIT, COUNTER, KIND, METRIC, MAX, AMOUNT = 1, 2, 3, 4, 5, 6
local ENFORCE, PERIOD, ENDS, ABOUT = 7, 8, 9, 10

local function state_of(text, held, now)
  local state = {used = 0, reserved = 0, marks = 0, turn = 0}
  local at = now
  if text then
    state.used, state.reserved, at, state.marks, state.turn = struct.unpack(FORMAT, text)
  end
  local kind = held[KIND]
  if kind ~= 'window' then
    local turn = math.floor(now / (kind == 'bucket' and held[PERIOD] or HOUR))
    if turn > state.turn then state.marks, state.turn = 0, turn end
    if kind == 'bucket' and state.used > 0 and now > at then
      state.used = math.max(0, state.used - (now - at) * held[MAX] / held[PERIOD])
    end
  end
  return state
end

local function left_of(state, held)
  return math.floor(held[MAX] - state.used - state.reserved + 1e-6)
end

-- The ms until so much has drained; -1: that is never.
local function draining(amount, held)
  if amount <= 0 then return 0 end
  if held[MAX] <= 0 then return -1 end
  return math.ceil(amount * held[PERIOD] / held[MAX] - 1e-6)
end

-- The ms until the limit is whole again, or -1.
local function reset_of(state, held, now)
  if held[KIND] == 'bucket' then return draining(state.used + state.reserved, held) end
  if held[ENDS] > 0 then return math.max(0, held[ENDS] - now) end
  return -1
end

-- For as long as it says anything: a calendar window for two days more, for calls that end after
-- it, and because a change of the time zone moves its end by up to 26 hours, which calls that began
-- before do not know. A total is kept as its key is: for ever, but for those that
-- are on their way out with their limit.
local function keep(state, held, now)
  local text = struct.pack(FORMAT, state.used, state.reserved, now, state.marks, state.turn)
  local kind, lives = held[KIND], HOUR
  if kind == 'window' then
    if held[ENDS] == 0 then return redis.call('SET', held[COUNTER], text, 'KEEPTTL') end
    lives = held[ENDS] + 2 * DAY - now
    if lives <= 0 then return redis.call('DEL', held[COUNTER]) end
  elseif state.reserved > 0 then
    return redis.call('SET', held[COUNTER], text)
  elseif kind == 'bucket' then
    lives = draining(state.used, held)
    if lives < 0 then lives = DAY end
    lives = math.max(lives, held[PERIOD])
  end
  return redis.call('SET', held[COUNTER], text, 'PX', math.min(lives, LONGEST))
end

-- An event of a limit; `writer` is {ticket id, source, time, stream}.
local function tell(writer, held, kind, detail, used)
  redis.call('XADD', writer[4], 'MAXLEN', '~', KEPT_EVENTS, '*', 'event', table.concat({
    '{"specversion":"1.0","id":"', writer[1], '.', held[LIMIT], '.', detail,
    '","source":"tollgate/', writer[2], '","type":"', kind, '","time":"', writer[3],
    '","datacontenttype":"application/json","dataschema":"urn:tollgate:schema:', kind,
    ':v1","data":{"limit":"', held[LIMIT], '","metric":"', held[METRIC],
    '","enforce":', tostring(held[ENFORCE]),
    detail == 'exceeded' and '' or (',"threshold":' .. detail),
    ',"max":', string.format('%.0f', held[MAX]),
    ',"used":', string.format('%.0f', math.floor(used + 1e-6)), held[ABOUT], '}}'}))
end

-- Tell of each threshold that what is counted has reached, once a turn. A part of a unit counts as
-- used whole: no other fits where it is.
local function tell_thresholds(writer, state, held)
  local used = held[KIND] == 'gauge' and state.reserved or math.ceil(state.used - 1e-6)
  local max, level = held[MAX], state.marks % EXCEEDED
  if max <= 0 or level == #PERCENT or used * 100 < max * PERCENT[level + 1] then return end
  local before = level
  while level < #PERCENT and used * 100 >= max * PERCENT[level + 1] do
    level = level + 1
    tell(writer, held, 'limit.threshold', PERCENT[level], used)
  end
  state.marks = state.marks - before + level
end

-- Tell, once a turn, that a request did not fit; whether the counter has to be kept for it.
local function tell_exceeded(writer, state, held)
  if state.marks >= EXCEEDED then return false end
  state.marks = state.marks + EXCEEDED
  tell(writer, held, 'limit.exceeded', 'exceeded', state.used + state.reserved)
  return true
end
