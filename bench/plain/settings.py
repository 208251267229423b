"""The product's settings with what it is measured against beside it."""

from kinder.settings import *  # noqa: F403
from kinder.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "rest_framework_gis", "vectortiles", "bench.plain"]
ROOT_URLCONF = "bench.plain.urls"
