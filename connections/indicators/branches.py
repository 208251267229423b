"""How a geography is divided for indicators: homes, and the branches that workers share."""

from django.db import connection

from places.models import Geography

# One row an area: `home_id` is the area itself, or the neighbourhood that a smaller one lies in (a
# home is never known finer); `council_id` is the branch. Where a geography has no councils, or
# above them, the topmost area takes their part. Takes the parameter `geography`.
LIFTED = """
    SELECT area_id, coalesce(home_id, council_id) AS home_id, council_id
    FROM (
        SELECT a.id AS area_id,
               (array_agg(up.id ORDER BY u.depth) FILTER (WHERE up.level <> 'zone'))[1] AS home_id,
               coalesce(
                   (array_agg(up.id ORDER BY u.depth) FILTER (WHERE up.level = 'council'))[1],
                   (array_agg(up.id ORDER BY u.depth DESC))[1]
               ) AS council_id
        FROM places_area a
        JOIN places_areaancestor u ON u.area_id = a.id
        JOIN places_area up ON up.id = u.ancestor_id
        WHERE a.geography_id = %(geography)s
        GROUP BY a.id
    ) nearest
"""


def homes_by_branch(geography: Geography) -> dict[int, list[int]]:
    """Return, for each branch (a council, or the country above them), the areas that can be home
    in it, itself among them. Every such area is in exactly one branch."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT council_id, home_id FROM ({LIFTED}) lifted ORDER BY 1, 2",  # noqa: S608
            {"geography": geography.pk},
        )
        found: dict[int, list[int]] = {}
        for branch, home in cursor.fetchall():
            found.setdefault(branch, []).append(home)
    return found
