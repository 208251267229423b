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

source "$ROOT/bin/_packages.sh"
source "$ROOT/bin/_servers.sh"

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

# What pages say in other languages is compiled from the catalogues in locale/.
words_stamp() { { cat locale/*/LC_MESSAGES/django.po 2>/dev/null || true; cat requirements.lock; } | hash_stdin; }
needs_words() { ! stamped words "$(words_stamp)"; }
compile_words() {
  local wanted
  wanted=$(words_stamp)
  "$VENV/bin/python" manage.py compile_words
  stamp words "$wanted"
}

# ------------------------------------------------------------------ all together

# Tests and benchmarks are the same whatever the shell around them has set.
forget_settings() {
  local name
  for name in DATABASE_URL REPORTS_DATABASE_URL REDIS_URL ${!KINDER_@}; do
    [ "$name" = KINDER_SAMPLE_DATA ] || unset "$name"
  done
}

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
  step "Translated words" "read the log above: a file in locale/ cannot be read." \
    needs_words compile_words
  unlock 9
}
