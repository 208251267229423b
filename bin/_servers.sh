# shellcheck shell=bash
# The private PostgreSQL and Redis of a clone, on Unix sockets under .local/servers/NAME. Sourced by
# _lib.sh.

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

# Whether the files are as a PostgreSQL left them that was stopped, not killed or cut off.
was_stopped() { # NAME
  LC_ALL=C as_cluster "$1" "$PG_BIN/pg_controldata" "$(cluster_folder "$1")/data" 2>/dev/null |
    grep -q '^Database cluster state: *shut down$'
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
  # Without fsync a cut may have left anything: what only tests use is made anew, not trusted.
  if [ "$2" = off ] && [ -f "$base/made" ] && ! was_stopped "$1"; then rm -f "$base/made" "$base"/contents-*; fi
  if [ ! -f "$base/made" ]; then
    if [ -f "$base/how" ]; then # nothing is in it that anybody wants back
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
  # After a power cut PostgreSQL first redoes what its log holds, minutes of it after a large import;
  # stopped in the middle, it would begin from the same point again.
  (cd / && as_cluster "$1" "$PG_BIN/pg_ctl" -w -t 1800 -s -D "$folder/data" -l "$folder/log" start -o "\
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
  [ "$1" = demo ] || export KINDER_MEDIA_ROOT="$(servers_folder "$1")/media" \
    KINDER_TOMBSTONES="$(servers_folder "$1")/tombstones.jsonl"
}
