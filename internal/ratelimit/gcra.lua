-- Takes a cost from the bucket KEYS[1], or returns a negative one to it, with the arithmetic of gcra.go. The clock is that of Redis, the
-- same for all processes.
-- ARGV: the interval of one request and the burst, in microseconds; the cost; the bucket's tat as the
-- caller saw it last, 0 for none. A bucket that was evicted continues at that tat.
-- Then for leased permits, which are a span of the bucket's time: the begin and the end of those that the
-- caller holds, 0 for none; how many to lease, 0 for none; and for how long a full bucket must not refill them.
-- Returns the time, the bucket's tat, how long a cost that does not fit has to wait, 0 if it was taken, and
-- the begin and the end of the permits that the caller holds now; all in microseconds.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, burst, cost, seen = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local from, to, lease, reserve = math.max(tonumber(ARGV[5]), now), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])

local tat = math.max(tonumber(redis.call('GET', KEYS[1]) or now), seen)
tat = math.min(math.max(tat, now), now + burst)
if from < to and tat == to then -- nothing was taken after the permits: they return to the bucket
	tat, to = from, from
end
local due = cost * interval
local paid = math.max(math.min(due, to - from), 0) -- of the permits held, if others took after them
local wait = tat + due - paid - now - burst
if wait <= 0 then
	from, tat, wait = from + paid, math.max(tat + due - paid, now), 0
	local span = math.floor(math.min(lease * interval + math.max(now + reserve - tat, 0), (now + burst - tat) / 16))
	if from >= to and lease > 0 and span >= 2 * due then
		from, to, tat = tat, tat + span, tat + span
	end
end
if from >= to then
	from, to = 0, 0
end
if tat == now then -- a negative cost filled the bucket
	redis.call('DEL', KEYS[1])
	return {now, tat, wait, from, to}
end
-- tostring would round to 14 digits, and a time has 16.
redis.call('SET', KEYS[1], string.format('%.0f', tat), 'PX', math.ceil((tat - now) / 1000))
return {now, tat, wait, from, to}
