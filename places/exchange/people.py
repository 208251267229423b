"""Populations and deprivation of areas from CSV, by the areas' codes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from django.db import connection
from psycopg2 import sql

from places.exchange.batches import Run, copy_line, copy_rows
from places.exchange.tables import read_rows
from places.models import Geography

# The Scottish and English statistical offices write these where a number is withheld or missing:
# neither is zero.
WITHHELD = frozenset({"*", "[c]", "[x]", ":", "-", "..", "NA", "N/A"})
ADULT_FROM = 16


@dataclass(frozen=True)
class PopulationColumns:
    """Which columns hold what.

    Adults (16 or more) come from a column, from columns of single years of age, or, where neither
    is to be had, as a stated share of all residents. `only` keeps the rows in which a column has a
    value ("sex": "All").
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
    run: Run, path: Path, geography: Geography, year: int, columns: PopulationColumns, source: str
) -> None:
    """Load the residents of one year, add them up for the areas above, and take them into use.

    Areas above keep a figure of their own where the file gives one.
    """
    lines = _read_people(run, path, columns)
    with connection.cursor() as cursor:
        cursor.execute(_STAGE_PEOPLE)
        copy_rows("staged_people", ["row", "code", "residents", "adults", "east", "north"], lines)
        _reject_unknown(run, "staged_people", geography)
        keys = {"geography": geography.pk, "year": year, "source": source[:160]}
        cursor.execute(_WRITE_PEOPLE, keys)
        run.count(flag for (flag,) in cursor.fetchall())
        if columns.easting:
            cursor.execute(_MOVE_POINTS, keys)
        cursor.execute(_ADD_UP, keys)
        cursor.execute(_USE_PEOPLE, keys)


def _read_people(run: Run, path: Path, columns: PopulationColumns) -> Iterable[str]:
    named = [columns.code, columns.residents, columns.adults, columns.easting, columns.northing]
    seen: set[str] = set()
    for number, row in read_rows(path, [*named, *columns.only]):
        if any(row[column] != value for column, value in columns.only.items()):
            continue
        code = row[columns.code]
        residents = _read_count(row[columns.residents])
        if not code:
            run.reject(number, "", "no code")
        elif code in seen:
            run.reject(number, code, "the code stands in an earlier row")
        elif residents is None:
            run.reject(number, code, f"residents: “{row[columns.residents]}” is no number")
        else:
            seen.add(code)
            adults = _read_adults(row, residents, columns)
            if adults is not None and adults > residents:
                run.mend(number, code, "more adults than residents: adults left out")
                adults = None
            east = _read_number(row[columns.easting]) if columns.easting else None
            north = _read_number(row[columns.northing]) if columns.northing else None
            yield copy_line([number, code, residents, adults, east, north])


def _read_adults(row: dict[str, str], residents: int, columns: PopulationColumns) -> int | None:
    if columns.adults:
        return _read_count(row[columns.adults])
    if columns.has_ages:
        ages = {
            int(name.rstrip("+")): _read_count(value)
            for name, value in row.items()
            if name.rstrip("+").isdigit()
        }
        counts = [count for age, count in ages.items() if age >= ADULT_FROM]
        return sum(count or 0 for count in counts) if counts and None not in counts else None
    if columns.adults_share is not None:
        return round(residents * columns.adults_share)
    return None


def _read_number(text: str) -> float | None:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return None


def _read_count(text: str) -> int | None:
    number = _read_number(text)
    return int(number) if number is not None and 0 <= number < 1e9 else None


def _reject_unknown(run: Run, table: str, geography: Geography) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(_FIND_AREAS).format(table=sql.Identifier(table)), {"geography": geography.pk}
        )
        for row, code in cursor.fetchall():
            run.reject(row, code, "no area with this code is loaded")


_FIND_AREAS = """
ALTER TABLE {table} ADD COLUMN area_id bigint;
UPDATE {table} SET area_id = area.id
FROM places_area area WHERE area.geography_id = %(geography)s AND area.code = {table}.code;
UPDATE {table} SET area_id = area.id
FROM places_areaalias alias JOIN places_area area ON area.id = alias.area_id
WHERE {table}.area_id IS NULL AND area.geography_id = %(geography)s
  AND alias.code = {table}.code;
DELETE FROM {table} WHERE area_id IS NULL RETURNING row, code
"""
_STAGE_PEOPLE = """
DROP TABLE IF EXISTS staged_people;
CREATE TEMP TABLE staged_people (
    row integer, code text, residents integer, adults integer, east float, north float
) ON COMMIT DROP
"""
_WRITE_PEOPLE = """
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
UPDATE places_area SET point = centre
FROM (SELECT area_id, ST_Transform(ST_SetSRID(ST_MakePoint(east, north), 27700), 4326) AS centre
      FROM staged_people WHERE east IS NOT NULL AND north IS NOT NULL) given
WHERE given.area_id = places_area.id AND NOT ST_Equals(point, centre)
  AND ST_Covers(geometry, centre)
"""
# Only whole: an area with a part unknown gets no sum. Given figures are not written over.
_ADD_UP = """
WITH leaf AS (
    SELECT area.id FROM places_area area WHERE geography_id = %(geography)s
      AND NOT EXISTS (SELECT FROM places_area child WHERE child.parent_id = area.id)
), total AS (
    SELECT held.ancestor_id AS area_id, sum(people.residents) AS residents,
           CASE WHEN count(people.adults) = count(*) THEN sum(people.adults) END AS adults
    FROM leaf JOIN places_areaancestor held ON held.area_id = leaf.id AND held.depth > 0
    LEFT JOIN places_population people ON people.area_id = leaf.id AND people.year = %(year)s
    GROUP BY held.ancestor_id HAVING count(people.residents) = count(*)
)
INSERT INTO places_population (area_id, year, residents, adults, source)
SELECT area_id, %(year)s, residents, adults, %(source)s FROM total
WHERE area_id NOT IN (SELECT area_id FROM staged_people)
ON CONFLICT (area_id, year) DO UPDATE SET
    residents = excluded.residents, adults = excluded.adults, source = excluded.source
WHERE (places_population.residents, places_population.adults)
    IS DISTINCT FROM (excluded.residents, excluded.adults)
"""
# The latest year is in use; adults come from the latest year that knows them, in proportion.
_USE_PEOPLE = """
WITH newest AS (
    SELECT DISTINCT ON (area_id) area_id, residents, adults FROM places_population
    ORDER BY area_id, year DESC
), newest_adults AS (
    SELECT DISTINCT ON (area_id) area_id, adults::float / nullif(residents, 0) AS share
    FROM places_population WHERE adults IS NOT NULL ORDER BY area_id, year DESC
), wanted AS (
    SELECT area_id, residents, coalesce(adults, round(residents * share)) AS adults
    FROM newest LEFT JOIN newest_adults USING (area_id)
)
UPDATE places_area SET population = wanted.residents, adults = wanted.adults FROM wanted
WHERE wanted.area_id = places_area.id AND geography_id = %(geography)s
  AND (places_area.population, places_area.adults)
      IS DISTINCT FROM (wanted.residents, wanted.adults::integer)
"""


def import_deprivation(
    run: Run,
    path: Path,
    geography: Geography,
    *,
    index: str,
    code_column: str,
    rank_column: str,
    decile_column: str,
) -> None:
    """Load an index of deprivation (rank and decile, 1 the most deprived) and take it into use.

    A withheld number ("*") is kept as not known: it is neither zero nor a mistake.
    """
    lines = []
    seen: set[str] = set()
    for number, row in read_rows(path, [code_column, rank_column, decile_column]):
        code, given_rank, given_decile = row[code_column], row[rank_column], row[decile_column]
        rank, decile = _read_count(given_rank), _read_count(given_decile)
        if not code:
            run.reject(number, "", "no code")
        elif code in seen:
            run.reject(number, code, "the code stands in an earlier row")
        elif decile is None and given_decile not in WITHHELD:
            run.reject(number, code, f"decile: “{given_decile}” is no number")
        elif decile is not None and not 1 <= decile <= 10:
            run.reject(number, code, f"decile: {decile} is not between 1 and 10")
        else:
            seen.add(code)
            if decile is None:
                run.mend(number, code, "the decile is withheld: kept as not known")
            lines.append(copy_line([number, code, rank, decile]))
    with connection.cursor() as cursor:
        cursor.execute(_STAGE_DEPRIVATION)
        copy_rows("staged_deprivation", ["row", "code", "rank", "decile"], lines)
        _reject_unknown(run, "staged_deprivation", geography)
        keys = {"geography": geography.pk, "index": index}
        cursor.execute(_WRITE_DEPRIVATION, keys)
        run.count(flag for (flag,) in cursor.fetchall())
        cursor.execute(_USE_DEPRIVATION, keys)


_STAGE_DEPRIVATION = """
DROP TABLE IF EXISTS staged_deprivation;
CREATE TEMP TABLE staged_deprivation (row integer, code text, rank integer, decile integer)
ON COMMIT DROP
"""
_WRITE_DEPRIVATION = """
WITH written AS (
    INSERT INTO places_deprivation (area_id, index, rank, decile)
    SELECT area_id, %(index)s, rank, decile FROM staged_deprivation
    ON CONFLICT (area_id, index) DO UPDATE SET rank = excluded.rank, decile = excluded.decile
    WHERE (places_deprivation.rank, places_deprivation.decile)
        IS DISTINCT FROM (excluded.rank, excluded.decile)
    RETURNING area_id, xmax = 0 AS is_new
)
SELECT written.is_new FROM staged_deprivation LEFT JOIN written USING (area_id)
"""
_USE_DEPRIVATION = """
UPDATE places_area SET deprivation_rank = staged.rank, deprivation_decile = staged.decile
FROM staged_deprivation staged WHERE staged.area_id = places_area.id
  AND (deprivation_rank, deprivation_decile) IS DISTINCT FROM (staged.rank, staged.decile)
"""
