# What every container of docker-compose.yml starts with: secrets that were not given in the
# environment are made once and kept in the volume that all of them share.
set -eu
file=/var/lib/kinder/secrets.env
if [ -z "${KINDER_SECRET_KEY:-}" ] || [ -z "${KINDER_ENCRYPTION_KEYS:-}" ]; then
  if [ ! -s "$file" ]; then
    (
      umask 077
      python - >"$file.$$" <<'PYTHON'
import base64, os, secrets
print(f"KINDER_SECRET_KEY={secrets.token_urlsafe(64)}")
print(f"KINDER_ENCRYPTION_KEYS={base64.urlsafe_b64encode(os.urandom(32)).decode()}")
PYTHON
    )
    # Whoever comes first keeps its secrets: a hard link is never overwritten.
    ln "$file.$$" "$file" 2>/dev/null || true
    rm "$file.$$"
  fi
  given_key=${KINDER_SECRET_KEY:-}
  given_keys=${KINDER_ENCRYPTION_KEYS:-}
  . "$file"
  KINDER_SECRET_KEY=${given_key:-$KINDER_SECRET_KEY}
  KINDER_ENCRYPTION_KEYS=${given_keys:-$KINDER_ENCRYPTION_KEYS}
  export KINDER_SECRET_KEY KINDER_ENCRYPTION_KEYS
fi
# The web's processes, which granian reads here: one for each core, from two to eight.
cores=$(nproc)
[ "$cores" -ge 2 ] || cores=2
[ "$cores" -le 8 ] || cores=8
export GRANIAN_WORKERS="${GRANIAN_WORKERS:-$cores}"
exec "$@"
