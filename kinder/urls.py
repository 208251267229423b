"""Every address of the site: each room brings its own."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from kinder.pages.offline import serve_worker

urlpatterns: list[URLPattern | URLResolver] = [
    # First what is asked for by the dozen.
    path("tiles/", include("places.tiles_urls")),
    path("api/v1/", include("kinder.api")),
    path("ogc/", include("places.exchange.feature_urls")),
    path("embed/", include("places.exchange.embed_urls")),
    path("feeds/", include("places.exchange.feed_urls")),
    path("open-referral/", include("places.exchange.directory_urls")),
    path("", include("places.exchange.calendar_urls")),
    path("", include("connections.interactions.device_urls")),
    path("sw.js", serve_worker, name="worker"),
]
urlpatterns += i18n_patterns(
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("", include("kinder.accounts.urls")),
    path("", include("connections.interactions.urls")),
    # Before the codes of places, of which none is a word.
    path("places/imports/", include("places.exchange.import_urls")),
    path("", include("places.urls")),
    path("", include("connections.indicators.urls")),
    path("", include("connections.reports.urls")),
    path("", include("connections.befriending.urls")),
    path("", include("kinder.pages.urls")),
    prefix_default_language=False,
)

handler403 = "kinder.accounts.views.show_refusal"
