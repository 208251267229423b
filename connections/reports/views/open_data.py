"""Open data: what there is, under what licence, when the next comes, and how to be told."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.syndication.views import Feed
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from connections.indicators.models import Release
from connections.indicators.quarters import name_quarter, next_quarter, publishes_on
from connections.reports import reading
from connections.reports.formats.table import COLUMNS
from connections.reports.wording import LICENCE, period_in_words
from kinder.accounts.letters import make_link
from places.linked_data import write_for_script

QUARTERS_AHEAD = 4


def list_calendar(releases: list[Release]) -> list[dict[str, Any]]:
    """Return the quarters to come, with the first day on which each may be published."""
    if not releases:
        return []
    quarter = releases[0].quarter_id
    calendar = []
    for _ahead in range(QUARTERS_AHEAD):
        quarter = next_quarter(quarter)
        calendar.append({"season": period_in_words(quarter), "on": publishes_on(quarter)})
    return calendar


def describe_dataset(releases: list[Release]) -> dict[str, Any]:
    """Return the catalogue entry as schema.org's Dataset, for search engines."""
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": str(_("Kinder: released figures")),
        "description": str(
            _("Neighbourhood connection indicators by area and calendar quarter, with intervals.")
        ),
        "license": LICENCE.url,
        "isAccessibleForFree": True,
        "creator": {"@type": "Organization", "name": str(settings.SITE_NAME)},
        "url": make_link(reverse("reports:data")),
        "variableMeasured": [column.name for column in COLUMNS],
        "distribution": [
            {
                "@type": "DataDownload",
                "name": name_quarter(release.quarter_id),
                "encodingFormat": "application/zip",
                "contentUrl": make_link(
                    reverse("api-bulk", args=[name_quarter(release.quarter_id)])
                ),
            }
            for release in releases
        ],
    }


@login_not_required
@require_safe
def data(request: HttpRequest) -> HttpResponse:
    """The catalogue: releases, licence, columns, calendar, addresses for programs."""
    releases = reading.list_releases()
    return render(
        request,
        "reports/data.html",
        {
            "releases": [
                {
                    "release": release,
                    "period": name_quarter(release.quarter_id),
                    "season": period_in_words(release.quarter_id),
                }
                for release in releases
            ],
            "calendar": list_calendar(releases),
            "columns": COLUMNS,
            "licence": LICENCE,
            "json_ld": write_for_script(describe_dataset(releases)),
        },
    )


class ReleaseFeed(Feed):  # type: ignore[type-arg]
    """Atom: one entry a release, and nothing that is not published."""

    feed_type = Atom1Feed
    title = gettext_lazy("Kinder: releases of figures")
    subtitle = gettext_lazy("A new entry when a quarter's figures are published.")

    def link(self) -> str:
        return reverse("reports:data")

    def items(self) -> list[Release]:
        return reading.list_releases()[:40]

    def item_title(self, item: Release) -> str:
        return _("Figures for %(season)s, version %(version)s") % {
            "season": period_in_words(item.quarter_id),
            "version": item.version,
        }

    def item_description(self, item: Release) -> str:
        return _("Boundaries: %(geography)s. Method version %(method)s.") % {
            "geography": item.geography.name,
            "method": item.method_version,
        }

    def item_link(self, item: Release) -> str:
        return f"{reverse('reports:index')}?release={name_quarter(item.quarter_id)}"

    def item_guid(self, item: Release) -> str:
        return make_link(f"{self.item_link(item)}&version={item.version}")

    item_guid_is_permalink = False

    def item_pubdate(self, item: Release) -> Any:
        return item.published_at

    def item_updateddate(self, item: Release) -> Any:
        return item.published_at


@login_not_required
@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """The releases as Atom."""
    return ReleaseFeed()(request)
