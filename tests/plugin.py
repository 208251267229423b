"""Loaded before the settings are read: what each worker of the suite has for itself.

The workers share one private PostgreSQL and one private Redis. pytest-django gives each a database;
here each gets a Redis database too, so that no worker hears another's bell or meets its rate limits.
"""

import os
import re

# Playwright's synchronous API holds an event loop in the thread where Django's ORM is called.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

worker = re.fullmatch(r"gw(\d+)", os.environ.get("PYTEST_XDIST_WORKER", ""))
if worker and "REDIS_URL" in os.environ:
    os.environ["REDIS_URL"] = re.sub(
        r"db=\d+$", f"db={int(worker[1]) + 1}", os.environ["REDIS_URL"]
    )
