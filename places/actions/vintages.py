"""A new vintage of areas: from which quarter it applies, and what moves when it comes into use.

Rows of other rooms keep the area that they were written with; statistics follow the lookup between
vintages (places.exchange.vintages loads it).
"""

import datetime as dt

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from kinder.accounts.audit import record
from kinder.accounts.models import User
from kinder.accounts.rules import Refused, check_administrator
from places.actions.areas import (
    current_geography,
    finest_level,
    resolve_areas,
    resolve_place_names,
)
from places.models import Area, AreaLookup, Geography
from places.versions import PLACES_LAYER, bump_layer

NO_QUARTER = _("A vintage applies from the first day of a quarter: January, April, July, October.")
NO_AREAS = _("This geography has no areas yet: load them first.")
ANOTHER_DATE = _("Another geography applies from the same day.")
FIRST_DAY = dt.date(2000, 1, 1)
"""From when the vintage that was first in use applies: before anything was written here."""


@transaction.atomic
def adopt_geography(
    *, by: User | None, geography: Geography, from_on: dt.date, today: dt.date
) -> Geography:
    """Let `geography` apply to quarters from `from_on` on, and bring it into use on that day.

    `by` is nobody for the command. Quarters that are frozen stay in their vintage. Raises Refused:
    no quarter's first day, no areas, or areas of the vintage in use that nothing follows.
    """
    if by is not None:
        check_administrator(by)
    locked = Geography.objects.select_for_update().get(pk=geography.pk)
    if (from_on.month % 3, from_on.day) != (1, 1):
        raise Refused(NO_QUARTER)
    if not Area.objects.filter(geography=locked).exists():
        raise Refused(NO_AREAS)
    if Geography.objects.filter(applies_from_on=from_on).exclude(pk=locked.pk).exists():
        raise Refused(ANOTHER_DATE)
    before = current_geography()
    if before is not None and before.pk != locked.pk:
        if missing := count_unfollowed(before, locked):
            raise Refused(
                _(
                    "%(count)s areas of %(before)s have none of %(after)s that follows them: load"
                    " the official lookup first."
                )
                % {"count": missing, "before": before.slug, "after": locked.slug}
            )
        if before.applies_from_on is None:
            # Quarters before the change are told in it, whenever they are counted.
            before.applies_from_on = FIRST_DAY
            before.save(update_fields=["applies_from_on"])
    locked.applies_from_on = from_on
    locked.save(update_fields=["applies_from_on"])
    record("adopt_geography", locked, by=by, from_on=from_on.isoformat())
    begin_vintage(today=today)
    locked.refresh_from_db()
    return locked


def count_unfollowed(before: Geography, after: Geography) -> int:
    """Return how many of the smallest areas of `before` no area of `after` follows."""
    followed = AreaLookup.objects.filter(to_area__geography=after).values("from_area")
    return (
        Area.objects.filter(geography=before, level=finest_level(before))
        .exclude(pk__in=followed)
        .count()
    )


@transaction.atomic
def begin_vintage(*, today: dt.date) -> Geography | None:
    """Bring the vintage whose day has come into use; return it, None where nothing changed.

    Places, place names, postcodes and organisations' areas move over; official postcodes of the new
    vintage, loaded afterwards, win over the position.
    """
    due = (
        Geography.objects.select_for_update()
        .filter(applies_from_on__lte=today)
        .order_by("-applies_from_on")
        .first()
    )
    before = current_geography()
    if due is None or due.is_current or not Area.objects.filter(geography=due).exists():
        return None
    if before is not None and before.applies_from_on is None:
        # Somebody chose it by hand, without a date: it stays until they say otherwise.
        return None
    Geography.objects.filter(is_current=True).update(is_current=False)
    due.is_current = True
    due.save(update_fields=["is_current"])
    keys = {"geography": due.pk, "level": finest_level(due)}
    with connection.cursor() as cursor:
        cursor.execute(_MOVE_POSTCODES, keys)
        cursor.execute(_MOVE_ORGANISATIONS, keys)
        cursor.execute(_LEAVE_ORGANISATIONS, keys)
    resolve_areas(geography=due)
    resolve_place_names(geography=due)
    record("begin_vintage", due, by=None, before=before.slug if before else "")
    bump_layer(PLACES_LAYER)
    return due


def find_successor(area: Area) -> Area | None:
    """Return the area in use that follows `area` of an older vintage, itself where it is in use."""
    if area.geography.is_current:
        return area
    found = (
        AreaLookup.objects.filter(from_area=area, to_area__geography__is_current=True)
        .select_related("to_area__geography")
        .order_by("to_area")
        .first()
    )
    return None if found is None else found.to_area


_MOVE_POSTCODES = """
WITH inside AS MATERIALIZED (
    SELECT DISTINCT ON (postcode.code) postcode.code, area.id AS area_id
    FROM places_area area
    JOIN places_postcode postcode ON ST_Covers(area.geometry, postcode.point)
    WHERE area.geography_id = %(geography)s AND area.level = %(level)s
    ORDER BY postcode.code, area.code
), found AS (
    SELECT postcode.code, coalesce(inside.area_id, follows.area_id) AS area_id
    FROM places_postcode postcode
    JOIN places_area before ON before.id = postcode.area_id
    LEFT JOIN inside ON inside.code = postcode.code
    LEFT JOIN LATERAL (
        SELECT lookup.to_area_id AS area_id
        FROM places_arealookup lookup JOIN places_area area ON area.id = lookup.to_area_id
        WHERE lookup.from_area_id = postcode.area_id AND area.geography_id = %(geography)s
        ORDER BY 1 LIMIT 1
    ) follows ON true
    WHERE before.geography_id <> %(geography)s
)
UPDATE places_postcode postcode SET area_id = found.area_id FROM found
WHERE found.code = postcode.code AND found.area_id IS NOT NULL
"""
_MOVE_ORGANISATIONS = """
INSERT INTO places_organisationarea (organisation_id, area_id)
SELECT DISTINCT works.organisation_id, lookup.to_area_id
FROM places_organisationarea works
JOIN places_arealookup lookup ON lookup.from_area_id = works.area_id
JOIN places_area area ON area.id = lookup.to_area_id AND area.geography_id = %(geography)s
ON CONFLICT DO NOTHING
"""
_LEAVE_ORGANISATIONS = """
DELETE FROM places_organisationarea works USING places_area before
WHERE before.id = works.area_id AND before.geography_id <> %(geography)s AND EXISTS (
    SELECT FROM places_arealookup lookup JOIN places_area area ON area.id = lookup.to_area_id
    WHERE lookup.from_area_id = works.area_id AND area.geography_id = %(geography)s
)
"""
