cd /tmp/attack/one
export DEMO=true EMBEDDED_POSTGRES_DIR=/tmp/attack/one/pg RATE_LIMIT=100/15m RATE_LIMIT_PREMIUM=1000/15m TRUSTED_PROXIES=127.0.0.1/32 REDIS_URL=unix:///tmp/attack/one/r.sock MAX_BATCH=5 JWT_SECRET=0123456789012345678901234567890123456789
ADDR=127.0.0.1:$1 nohup /tmp/attack/7p > s$1.log 2> s$1.err & echo $! > s$1.pid
