-- Takes a cost from the bucket KEYS[1], with the arithmetic of gcra.go. The clock is that of Redis, the
-- same for all processes.
-- ARGV: the interval of one request and the burst, in microseconds; the cost.
-- Returns the bucket's tat minus now, and how long a cost that does not fit has to wait, 0 if it was
-- taken; both in microseconds.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, burst, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])

local tat = tonumber(redis.call('GET', KEYS[1]) or now)
tat = math.min(math.max(tat, now), now + burst)
local wait = tat + cost * interval - now - burst
if wait <= 0 then
	tat, wait = tat + cost * interval, 0
end
-- tostring would round to 14 digits, and a time has 16.
redis.call('SET', KEYS[1], string.format('%.0f', tat), 'PX', math.ceil((tat - now) / 1000))
return {tat - now, wait}
