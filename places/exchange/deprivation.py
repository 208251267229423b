"""Deprivation of areas from CSV, by the areas' codes."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from places.exchange.batches import Run
from places.exchange.people import WITHHELD, read_count
from places.exchange.staging import (
    copy_line,
    copy_rows,
    match_areas,
    reject_repeats,
    tidy_code,
)
from places.exchange.tables import read_rows
from places.models import Geography

DECILES = range(1, 11)


@dataclass(frozen=True)
class DeprivationColumns:
    """Which columns hold the code, the rank and the decile (1 the most deprived)."""

    code: str
    rank: str
    decile: str


def import_deprivation(
    run: Run,
    geography: Geography,
    index: str,
    columns: DeprivationColumns,
    *,
    encoding: str = "",
) -> None:
    """Load an index of deprivation ("SIMD 2020v2") and take it into use.

    A withheld number ("*") is kept as not known: it is neither zero nor a mistake.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
    copy_rows(
        "staged_deprivation",
        ["row", "code", "rank", "decile"],
        _read_deprivation(run, columns, encoding),
    )
    match_areas(run, "staged_deprivation", geography)
    reject_repeats(run, "staged_deprivation")
    with run.progress.step("Writing deprivation"), connection.cursor() as cursor:
        cursor.execute(_WRITE, {"index": index[:40]})
        run.count(flag for (flag,) in cursor.fetchall())
        cursor.execute(_USE)


def _read_deprivation(run: Run, columns: DeprivationColumns, encoding: str) -> Iterator[str]:
    wanted = [columns.code, columns.rank, columns.decile]
    for number, row in read_rows(run, wanted, encoding=encoding):
        code = tidy_code(row[columns.code])
        given_rank, given_decile = row[columns.rank], row[columns.decile]
        rank, decile = read_count(given_rank), read_count(given_decile)
        if not code:
            run.reject(number, "", "no code")
        elif given_decile not in WITHHELD and decile not in DECILES:
            run.reject(number, code, f"the decile is none of 1 to 10: “{given_decile}”")
        elif given_rank not in WITHHELD and not rank:
            run.reject(number, code, f"the rank is no whole number from 1 on: “{given_rank}”")
        else:
            if decile is None or rank is None:
                run.mend(number, code, "rank or decile is withheld: kept as not known")
            yield copy_line([number, code, rank, decile])


_STAGE = """
DROP TABLE IF EXISTS staged_deprivation;
CREATE TEMP TABLE staged_deprivation (
    row integer, code text, rank integer, decile integer, area_id bigint
) ON COMMIT DROP
"""
_WRITE = """
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
_USE = """
UPDATE places_area SET deprivation_rank = staged.rank, deprivation_decile = staged.decile
FROM staged_deprivation staged WHERE staged.area_id = places_area.id
  AND (deprivation_rank, deprivation_decile) IS DISTINCT FROM (staged.rank, staged.decile)
"""
