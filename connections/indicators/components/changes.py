"""Who changed between a quarter's first freeze and its revision: counts by exact home."""

from collections import defaultdict

from django.db import connection

from connections.indicators.components.people import PEOPLE, measure_values
from connections.indicators.models import Release


def count_changes(release: Release) -> dict[str, dict[int, int]]:
    """Return, by indicator and exact home, the people whose value was added, removed or is another
    in the release's frozen rows than in the quarter's first ones. Homes are the same in both.

    Whoever was erased since is in neither: too few changes are counted then, never too many.
    """
    values = {**PEOPLE, **measure_values(release)}
    columns = ", ".join(
        f"({value.alone})::numeric AS s{i}" for i, value in enumerate(values.values())
    )
    rows = f"""
        SELECT contributor_id, home_id, {columns} FROM indicators_quartercontributor
        WHERE quarter_id = %(quarter)s AND revision = """  # noqa: S608 (constants only)
    counts = ", ".join(
        f"count(*) FILTER (WHERE old.s{i} IS DISTINCT FROM new.s{i})" for i in range(len(values))
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT coalesce(old.home_id, new.home_id), {counts}
                FROM ({rows} 1) old FULL JOIN ({rows} %(revision)s) new
                    ON new.contributor_id = old.contributor_id
                GROUP BY 1""",  # noqa: S608 (constants only)
            {"quarter": release.quarter_id, "revision": release.revision},
        )
        found: dict[str, dict[int, int]] = defaultdict(dict)
        for home, *numbers in cursor.fetchall():
            for code, number in zip(values, numbers, strict=True):
                if number:
                    found[code][home] = number
    return dict(found)
