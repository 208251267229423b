"""Which place of the register a row of an import may be: by its id in the same source, else by the
places around it."""

from typing import Any

from django.db import connection

from places.exchange.matching import REACH, Pair, Verdict, judge, score
from places.exchange.models import ImportRow, PlaceImport

Decision = ImportRow.Decision

_KNOWN = """
SELECT given.turn, place.id, place.is_theirs
FROM unnest(%(refs)s::text[]) WITH ORDINALITY AS given (ref, turn)
JOIN LATERAL (
    -- What nobody here has touched since it came from the same source is the source's to change.
    SELECT id, revision = 1 AS is_theirs FROM places_place
    WHERE source = %(source)s AND source_ref = given.ref
    UNION ALL
    SELECT place_id, false FROM places_placereference
    WHERE source = %(source)s AND source_ref = given.ref
    LIMIT 1
) place ON true
WHERE given.ref <> ''
"""
_NEAR = """
SELECT given.turn, place.id, place.name, place.kind,
    ST_Distance(place.point::geography, ST_SetSRID(ST_MakePoint(lon, lat), 4326)::geography),
    ARRAY(SELECT name FROM places_placealtname other WHERE other.place_id = place.id)
FROM unnest(%(lons)s::float[], %(lats)s::float[]) WITH ORDINALITY AS given (lon, lat, turn)
JOIN places_place place ON place.point && ST_Expand(
    ST_SetSRID(ST_MakePoint(lon, lat), 4326),
    %(reach)s / (111320.0 * greatest(0.05, cos(radians(lat)))), %(reach)s / 110570.0
)
"""


def match_rows(job: PlaceImport, rows: list[ImportRow]) -> None:
    """Say of each row which place it may be, and what follows where that is sure."""
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, {"refs": [row.reference for row in rows], "source": job.source})
        known = {turn: (key, is_theirs) for turn, key, is_theirs in cursor.fetchall()}
        cursor.execute(
            _NEAR,
            {
                "lons": [row.facts["lon"] for row in rows],
                "lats": [row.facts["lat"] for row in rows],
                "reach": REACH,
            },
        )
        near: dict[int, list[tuple[Any, ...]]] = {}
        for turn, *candidate in cursor.fetchall():
            near.setdefault(turn, []).append(tuple(candidate))
    for turn, row in enumerate(rows, start=1):
        if turn in known:
            row.place_id, is_theirs = known[turn]
            row.likelihood, row.decision = 1.0, Decision.REPLACE if is_theirs else Decision.FILL
            continue
        best = max(
            ((_likelihood(row, candidate), candidate[0]) for candidate in near.get(turn, ())),
            default=(0.0, None),
        )
        verdict = judge(best[0])
        row.likelihood = round(best[0], 4)
        row.place_id = None if verdict is Verdict.OTHER else best[1]
        row.decision = {
            Verdict.SAME: Decision.FILL,
            Verdict.DOUBT: Decision.UNDECIDED,
            Verdict.OTHER: Decision.ADD,
        }[verdict]


def _likelihood(row: ImportRow, candidate: tuple[Any, ...]) -> float:
    _key, name, kind, metres, others = candidate
    if metres > REACH:
        return 0.0
    is_same_kind = kind == row.facts["kind"]
    return max(
        score(Pair((row.facts["name"], known), is_same_kind, metres)) for known in (name, *others)
    )
