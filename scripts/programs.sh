# Finds the programs that the tests run beside the server, and installs missing ones with apt-get.
# Sourced by scripts/test; sets CHROMIUM.
# shellcheck shell=bash

# postgres_found reports whether a directory that the server searches has PostgreSQL 15 or newer.
postgres_found() {
  local dir version
  for dir in "$(dirname "$(command -v initdb || echo /nowhere/initdb)")" \
    /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/libexec/postgresql* \
    /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin; do
    [ -x "$dir/initdb" ] || continue
    version=$("$dir/postgres" --version | sed -E 's/.*\) ([0-9]+).*/\1/')
    [ "$version" -ge 15 ] && return
  done
  return 1
}

# chromium_found reports whether a Chromium is installed, and sets CHROMIUM to it.
chromium_found() {
  local name
  for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome \
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
    CHROMIUM=$(command -v "$name") && export CHROMIUM && return
  done
  return 1
}

# missing_packages prints the Debian packages of the missing programs.
missing_packages() {
  postgres_found || echo postgresql
  command -v redis-server >/dev/null || echo redis-server
  chromium_found || echo chromium
  command -v pgbouncer >/dev/null || echo pgbouncer
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# need_programs installs missing programs, or fails and says what to install.
need_programs() {
  local name packages
  for name in go gcc node npm git; do
    command -v "$name" >/dev/null || { echo "$name is missing: install it and try again" >&2; return 1; }
  done
  packages=$(missing_packages | xargs)
  if [ -n "$packages" ]; then
    if ! command -v apt-get >/dev/null || ! as_root true 2>/dev/null; then
      echo "missing: $packages (PostgreSQL 15 or newer): install them and try again" >&2
      return 1
    fi
    echo "installing $packages"
    # The tests create their own clusters; Debian's is not used.
    as_root install -D /dev/stdin /etc/postgresql-common/createcluster.d/7p.conf <<<"create_main_cluster = false"
    as_root apt-get -qq update
    # shellcheck disable=SC2086 # several packages
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends $packages >/dev/null
  fi
  postgres_found || { echo "the installed PostgreSQL is older than 15" >&2; return 1; }
  chromium_found
}
