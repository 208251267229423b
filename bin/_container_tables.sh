# What docker-compose.yml runs before the web, the worker and Beat: tables, then the demo, once.
set -eu
python manage.py migrate --no-input
python manage.py apply_tombstones
if [ ! -e /var/lib/kinder/contents ]; then
  if [ "$KINDER_DEMO" = true ]; then
    python manage.py load_demo
    echo demo >/var/lib/kinder/contents
  else
    echo own >/var/lib/kinder/contents
  fi
fi
if [ "$KINDER_DEMO" = true ]; then python manage.py show_demo_logins; fi
