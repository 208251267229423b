"""Residents of areas from CSV, by the areas' codes, and their sums for the areas above."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import connection

from places.exchange.batches import Run
from places.exchange.staging import (
    Keys,
    copy_line,
    copy_rows,
    match_areas,
    reject_repeats,
    tidy_code,
)
from places.exchange.tables import read_rows
from places.models import Geography
from places.vocabulary import AreaLevel

# Statistical offices write these where a number is withheld or missing: neither is zero.
WITHHELD = frozenset({"", "*", "[c]", "[x]", ":", "-", "..", "c", "NA", "N/A"})
ADULT_FROM = 16
# A figure that no file gave begins so; it may be made again, a given one stays.
ADDED_UP = "Added up from: "


@dataclass(frozen=True)
class PopulationColumns:
    """Which columns hold what.

    Adults (16 or more) come from a column, from columns of single years of age, or, where neither
    is to be had, as a stated share of all residents. `only` keeps the rows in which a column has a
    value ("sex": "All"). `easting` and `northing` are the people's own centre on the National Grid.
    """

    code: str
    residents: str
    adults: str = ""
    has_ages: bool = False
    adults_share: float | None = None
    easting: str = ""
    northing: str = ""
    only: dict[str, str] = field(default_factory=dict)


def import_populations(
    run: Run,
    geography: Geography,
    year: int,
    columns: PopulationColumns,
    source: str,
    *,
    encoding: str = "",
) -> None:
    """Load the residents of one year, add them up for the areas above, and take them into use.

    Areas above keep a figure of their own where a file gives one.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
    copy_rows(
        "staged_people",
        ["row", "code", "residents", "adults", "east", "north"],
        _read_people(run, columns, encoding),
    )
    match_areas(run, "staged_people", geography)
    reject_repeats(run, "staged_people")
    with run.progress.step("Writing residents"), connection.cursor() as cursor:
        cursor.execute(_WRITE, {"year": year, "source": source[:160]})
        run.count(flag for (flag,) in cursor.fetchall())
        if columns.easting:
            cursor.execute(_MOVE_POINTS)
            cursor.execute(_STRAY_POINTS)
            (strays,) = cursor.fetchone()
            if strays:
                run.remarks.append(
                    f"{strays:,} centres lie outside their area as it is drawn: left out."
                )
    add_up_populations(run, geography)
    with connection.cursor() as cursor:
        cursor.execute(_LESS_THAN_PARTS, {"year": year})
        for row, code, given, parts in cursor.fetchall():
            run.mend(
                row,
                code,
                f"fewer residents than its parts add up to, kept: {given:,} of {parts:,}",
            )


def _read_people(run: Run, columns: PopulationColumns, encoding: str) -> Iterator[str]:
    named = [columns.code, columns.residents, columns.adults, columns.easting, columns.northing]
    rows = read_rows(run, [*named, *columns.only], encoding=encoding, has_all=columns.has_ages)
    for number, row in rows:
        if any(row[column] != value for column, value in columns.only.items()):
            continue
        code = tidy_code(row[columns.code])
        residents = read_count(row[columns.residents])
        if not code:
            run.reject(number, "", "no code")
        elif row[columns.residents] in WITHHELD:
            run.reject(number, code, f"the residents are withheld: “{row[columns.residents]}”")
        elif residents is None:
            run.reject(
                number, code, f"the residents are no whole number: “{row[columns.residents]}”"
            )
        else:
            adults = _read_adults(run, number, row, residents, columns)
            east = _read_number(row[columns.easting]) if columns.easting else None
            north = _read_number(row[columns.northing]) if columns.northing else None
            yield copy_line([number, code, residents, adults, east, north])


def _read_adults(
    run: Run, number: int, row: dict[str, str], residents: int, columns: PopulationColumns
) -> int | None:
    """Return the residents of 16 or more; None, and noted, where the row does not tell."""
    code = tidy_code(row[columns.code])
    if columns.adults_share is not None:
        return round(residents * columns.adults_share)
    if columns.adults:
        adults = read_count(row[columns.adults])
        if adults is None:
            run.mend(number, code, f"the adults are not known: “{row[columns.adults]}”")
    elif columns.has_ages:
        adults = _add_up_ages(row)
        if adults is None:
            run.mend(number, code, "the adults are not known: no whole numbers by age")
    else:
        return None
    if adults is not None and adults > residents:
        run.mend(number, code, f"more adults than residents, left out: {adults:,}")
        return None
    return adults


def _add_up_ages(row: dict[str, str]) -> int | None:
    ages = {
        int(name.rstrip("+")): read_count(value)
        for name, value in row.items()
        if name.rstrip("+").isdigit()
    }
    counts = [count for age, count in ages.items() if age >= ADULT_FROM]
    if not counts or None in counts:
        return None
    return sum(count or 0 for count in counts)


def _read_number(text: str) -> float | None:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return None


def read_count(text: str) -> int | None:
    """Return a whole number that is not below zero ("1,234" and "583.0" are), else None."""
    number = _read_number(text)
    is_count = number is not None and 0 <= number < 1e9 and number.is_integer()
    return int(number) if is_count and number is not None else None


def add_up_populations(run: Run, geography: Geography) -> None:
    """Add up residents and adults of each year for areas whose parts are all known, level by
    level, and take the newest year into use. What a file gave is not written over."""
    with run.progress.step("Adding up residents"), connection.cursor() as cursor:
        for level in list(AreaLevel)[1:]:
            keys: Keys = {
                "geography": geography.pk,
                "level": level.value,
                "added_up": ADDED_UP,
            }
            cursor.execute(_ADD_UP, keys)
            cursor.execute(_FORGET, keys)
        cursor.execute(_USE, {"geography": geography.pk})


_STAGE = """
DROP TABLE IF EXISTS staged_people;
CREATE TEMP TABLE staged_people (
    row integer, code text, residents integer, adults integer, east float, north float,
    area_id bigint
) ON COMMIT DROP
"""
_WRITE = """
WITH written AS (
    INSERT INTO places_population (area_id, year, residents, adults, source)
    SELECT area_id, %(year)s, residents, adults, %(source)s FROM staged_people
    ON CONFLICT (area_id, year) DO UPDATE SET
        residents = excluded.residents, adults = excluded.adults, source = excluded.source
    WHERE (places_population.residents, places_population.adults, places_population.source)
        IS DISTINCT FROM (excluded.residents, excluded.adults, excluded.source)
    RETURNING area_id, xmax = 0 AS is_new
)
SELECT written.is_new FROM staged_people LEFT JOIN written USING (area_id)
"""
# The National Grid, in which Scotland's population-weighted centres are given.
_MOVE_POINTS = """
WITH given AS MATERIALIZED (
    SELECT area_id, ST_Transform(ST_SetSRID(ST_MakePoint(east, north), 27700), 4326) AS centre
    FROM staged_people WHERE east IS NOT NULL AND north IS NOT NULL
)
UPDATE places_area SET point = centre FROM given
WHERE given.area_id = places_area.id AND point::bytea <> centre::bytea
  AND ST_Covers(geometry, centre)
"""
_STRAY_POINTS = """
SELECT count(*) FROM staged_people JOIN places_area area ON area.id = area_id
WHERE east IS NOT NULL AND north IS NOT NULL AND point::bytea <>
    ST_Transform(ST_SetSRID(ST_MakePoint(east, north), 27700), 4326)::bytea
"""
_LESS_THAN_PARTS = """
SELECT staged.row, staged.code, staged.residents, sum(people.residents)
FROM staged_people staged JOIN places_area part ON part.parent_id = staged.area_id
JOIN places_population people ON people.area_id = part.id AND people.year = %(year)s
GROUP BY staged.row, staged.code, staged.residents
HAVING staged.residents < sum(people.residents) ORDER BY staged.row
"""
# A sum is there only while every part of an area is known; it follows each change of its parts.
_TOTAL = """
WITH size AS (
    SELECT whole.id, count(*) AS parts
    FROM places_area part JOIN places_area whole ON whole.id = part.parent_id
    WHERE whole.geography_id = %(geography)s AND whole.level = %(level)s
    GROUP BY whole.id
), total AS MATERIALIZED (
    SELECT size.id AS area_id, people.year, sum(people.residents) AS residents,
        CASE WHEN count(people.adults) = count(*) THEN sum(people.adults) END AS adults,
        left(%(added_up)s || replace(min(people.source), %(added_up)s, ''), 160) AS source
    FROM size JOIN places_area part ON part.parent_id = size.id
    JOIN places_population people ON people.area_id = part.id
    GROUP BY size.id, size.parts, people.year HAVING count(*) = size.parts
)
"""
_FORGET = f"""{_TOTAL}, stale AS (
    DELETE FROM places_population sum USING places_area area
    WHERE area.id = sum.area_id AND area.geography_id = %(geography)s AND area.level = %(level)s
      AND starts_with(sum.source, %(added_up)s)
      AND NOT EXISTS (
          SELECT FROM total WHERE total.area_id = sum.area_id AND total.year = sum.year)
    RETURNING sum.area_id
)
UPDATE places_area area SET population = NULL, adults = NULL
FROM (SELECT DISTINCT area_id FROM stale) gone WHERE gone.area_id = area.id
"""  # noqa: S608 - our own names
_ADD_UP = f"""{_TOTAL}
INSERT INTO places_population (area_id, year, residents, adults, source)
SELECT area_id, year, residents, adults, source FROM total
ON CONFLICT (area_id, year) DO UPDATE SET
    residents = excluded.residents, adults = excluded.adults, source = excluded.source
WHERE starts_with(places_population.source, %(added_up)s)
  AND (places_population.residents, places_population.adults, places_population.source)
    IS DISTINCT FROM (excluded.residents, excluded.adults, excluded.source)
"""  # noqa: S608 - our own names
# The newest year is in use; adults come from the newest year that knows them, in proportion.
_USE = """
WITH people AS MATERIALIZED (
    SELECT people.* FROM places_population people JOIN places_area area ON area.id = area_id
    WHERE area.geography_id = %(geography)s
), newest AS (
    SELECT DISTINCT ON (area_id) area_id, residents, adults FROM people
    ORDER BY area_id, year DESC
), known AS (
    SELECT DISTINCT ON (area_id) area_id, adults::float / nullif(residents, 0) AS share
    FROM people WHERE adults IS NOT NULL ORDER BY area_id, year DESC
), wanted AS (
    SELECT area.id, newest.residents,
        coalesce(newest.adults, round(newest.residents * known.share)::integer) AS adults
    FROM places_area area
    LEFT JOIN newest ON newest.area_id = area.id LEFT JOIN known ON known.area_id = area.id
    WHERE area.geography_id = %(geography)s
)
UPDATE places_area area SET population = wanted.residents, adults = wanted.adults FROM wanted
WHERE wanted.id = area.id AND wanted.residents IS NOT NULL
  AND (area.population, area.adults) IS DISTINCT FROM (wanted.residents, wanted.adults)
"""
