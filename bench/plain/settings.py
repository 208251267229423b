"""The product's settings with one more app and one more address."""

from kinder.settings import *  # noqa: F403
from kinder.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "bench.plain"]
ROOT_URLCONF = "bench.plain.urls"
