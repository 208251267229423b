"""Atom feeds of what somebody has looked at: things that are on, and places."""

from datetime import datetime

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext_lazy as _

from places.exchange.feature_views import open_to_all
from places.models import Gathering, Place
from places.repeats import describe_rule
from places.vocabulary import PlaceKind, PlaceState

NEWEST = 50


class _Feed(Feed):  # type: ignore[type-arg]
    feed_type = Atom1Feed
    link = "/"


class WhatsOnFeed(_Feed):
    """Things to come along to, the newest first."""

    title = _("What's on")
    subtitle = _("Things to come along to, newly told of.")

    def items(self) -> QuerySet[Gathering]:
        found = Gathering.objects.shown().select_related("place")
        return found.order_by("-created_at", "-id")[:NEWEST]

    def item_title(self, item: Gathering) -> str:
        return item.title

    def item_description(self, item: Gathering) -> str:
        told = (item.place.name, describe_rule(item.recurrence), item.description, item.food)
        return ". ".join(filter(None, told))

    def item_link(self, item: Gathering) -> str:
        return reverse("places:gathering", args=[item.code])

    def item_pubdate(self, item: Gathering) -> datetime:
        return item.created_at

    def item_updateddate(self, item: Gathering) -> datetime:
        return item.updated_at


class PlacesFeed(_Feed):
    """Places that somebody has checked, the newest first."""

    title = _("Places to go")
    subtitle = _("Places that somebody has been to and checked.")

    def items(self) -> QuerySet[Place]:
        found = Place.objects.filter(state=PlaceState.VERIFIED)
        return found.order_by("-created_at", "-id")[:NEWEST]

    def item_title(self, item: Place) -> str:
        return item.name

    def item_description(self, item: Place) -> str:
        told = (str(PlaceKind(item.kind).label), item.address, item.description)
        return ". ".join(filter(None, told))

    def item_link(self, item: Place) -> str:
        return reverse("places:place", args=[item.code])

    def item_pubdate(self, item: Place) -> datetime:
        return item.created_at

    def item_updateddate(self, item: Place) -> datetime:
        return item.updated_at


@open_to_all
def show_whats_on(request: HttpRequest) -> HttpResponse:
    return _answer(WhatsOnFeed(), request)


@open_to_all
def show_places(request: HttpRequest) -> HttpResponse:
    return _answer(PlacesFeed(), request)


def _answer(feed: _Feed, request: HttpRequest) -> HttpResponse:
    feed.title = f"{settings.SITE_NAME}: {feed.title}"
    return feed(request)
