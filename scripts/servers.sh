# Starts what tests and benchmarks of running servers need. Sourced by scripts/test, scripts/bench-web,
# scripts/second-visit and scripts/journey.
# shellcheck shell=bash

# packages installs the npm packages of a folder, unless its lock file is unchanged since the last time.
packages() {
  if ! cmp -s "$1/package-lock.json" "$1/node_modules/.installed"; then
    npm --prefix "$1" ci --no-audit --no-fund --loglevel=error && cp "$1/package-lock.json" "$1/node_modules/.installed"
  fi
}

# await_server prints the address of a server that writes to these two files, once it listens.
await_server() {
  local start=$SECONDS base
  until base=$(sed -n 's/.*"msg":"listening","addr":"\([^"]*\)".*/http:\/\/\1/p' "$1" 2>/dev/null) && [ -n "$base" ]; do
    if ! kill -0 $! 2>/dev/null || [ $((SECONDS - start)) -gt 120 ]; then
      cat "$2" "$1" >&2
      return 1
    fi
    sleep 0.1
  done
  echo "$base"
}
