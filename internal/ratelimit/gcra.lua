-- Takes a cost from the bucket KEYS[1], or returns a negative one to it, with the arithmetic of gcra.go. The clock is that of Redis, the
-- same for all processes.
-- ARGV: the interval of one request and the burst, in microseconds; the cost; the bucket's tat as the
-- caller saw it last, 0 for none. A bucket that was evicted continues at that tat.
-- Returns the time, the bucket's tat, and how long a cost that does not fit has to wait, 0 if it was
-- taken; all in microseconds.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, burst, cost, seen = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

local tat = math.max(tonumber(redis.call('GET', KEYS[1]) or now), seen)
tat = math.min(math.max(tat, now), now + burst)
local wait = tat + cost * interval - now - burst
if wait <= 0 then
	tat, wait = math.max(tat + cost * interval, now), 0
end
if tat == now then -- a negative cost filled the bucket
	redis.call('DEL', KEYS[1])
	return {now, tat, wait}
end
-- tostring would round to 14 digits, and a time has 16.
redis.call('SET', KEYS[1], string.format('%.0f', tat), 'PX', math.ceil((tat - now) / 1000))
return {now, tat, wait}
