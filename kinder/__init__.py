"""The roof of the house: settings, addresses, the Celery application."""

from kinder.celery import app as celery_app

__all__ = ["celery_app"]
