"""The Celery application: how many machines share the work that the database holds.

The database is the queue of record and Redis only a bell: due work is found by query, so a task
may be lost, doubled or late without harm. Nothing here stores a result.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kinder.settings")

app = Celery("kinder")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
