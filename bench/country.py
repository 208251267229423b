"""An invented country for benchmarks, filled by a few SQL statements: 32 councils, 224 communities,
1,280 neighbourhoods, 5,464 zones, clustered places, people and their moments.

Shapes are squares and facts are drawn from a fixed sequence: it is large and skewed like the real
thing, and true to nothing.
"""

import sys

from django.db import connection

COUNCILS, COMMUNITIES, NEIGHBOURHOODS, ZONES = 32, 224, 1_280, 5_464


def fill_country(*, places: int, people: int, moments: int, months: int = 60) -> None:
    """Fill an empty database; leave one that this function filled with the same numbers alone."""
    wanted = f"{places} {people} {moments} {months}"
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_country (made text)")
        cursor.execute("SELECT made FROM bench_country")
        if cursor.fetchall() == [(wanted,)]:
            return
        print(f"Filling the country ({places} places, {moments} moments) …", file=sys.stderr)
        cursor.execute(
            "TRUNCATE bench_country, interactions_interaction, interactions_dirtymark,"
            " indicators_contributormonth, accounts_device, accounts_contributor, places_place,"
            " places_areaancestor, places_area, places_geography CASCADE"
        )
        cursor.execute("SELECT setseed(0.42)")
        cursor.execute(_AREAS, [COUNCILS, COMMUNITIES, NEIGHBOURHOODS, ZONES])
        cursor.execute(_ANCESTORS)
        cursor.execute(_PLACES, [places])
        cursor.execute(_PEOPLE, [people])
        # Marks of a bulk load come in one statement of their own.
        cursor.execute("ALTER TABLE interactions_interaction DISABLE TRIGGER USER")
        cursor.execute(_MOMENTS, {"moments": moments, "people": people, "months": months})
        cursor.execute("ALTER TABLE interactions_interaction ENABLE TRIGGER USER")
        for table in (
            "places_area",
            "places_areaancestor",
            "places_place",
            "accounts_contributor",
            "accounts_device",
            "interactions_interaction",
        ):
            cursor.execute(f"VACUUM (ANALYZE) {table}")
        cursor.execute("INSERT INTO bench_country VALUES (%s)", [wanted])


# Each level's nth area lies in the upper level's area n / (how many fit).
_AREAS = """
WITH levels (level, letter, many, above) AS (VALUES
    ('council', 'C', %s, NULL), ('community', 'M', %s, 'C'),
    ('intermediate', 'N', %s, 'M'), ('zone', 'Z', %s, 'N')
),
geography AS (
    INSERT INTO places_geography (slug, name, is_current, attribution)
    VALUES ('bench', 'Invented', true, '') RETURNING id
)
INSERT INTO places_area (geography_id, code, name, level, geometry, point, is_mended, population,
                         adults)
SELECT geography.id, letter || lpad(n::text, 6, '0'), 'Area ' || letter || n, level,
       ST_Multi(ST_MakeEnvelope(x, y, x + 0.02, y + 0.02, 4326)),
       ST_SetSRID(ST_Point(x + 0.01, y + 0.01), 4326), false, 800, 640
FROM geography, levels, generate_series(0, many - 1) AS n,
     LATERAL (SELECT -6 + 0.02 * (n %% 100) AS x, 55 + 0.02 * (n / 100) AS y) AS corner
"""

_ANCESTORS = """
UPDATE places_area AS area SET parent_id = parent.id
FROM places_area AS parent,
     (VALUES ('M', 'C', 7), ('N', 'M', 6), ('Z', 'N', 5)) AS step (below, above, many)
WHERE left(area.code, 1) = below
  AND parent.code = above || lpad(
      least(right(area.code, 6)::int / many,
            (SELECT count(*) FROM places_area WHERE left(code, 1) = above) - 1)::text, 6, '0');
WITH RECURSIVE line (area_id, ancestor_id, depth) AS (
    SELECT id, id, 0 FROM places_area
    UNION ALL
    SELECT line.area_id, area.parent_id, line.depth + 1
    FROM line JOIN places_area AS area ON area.id = line.ancestor_id
    WHERE area.parent_id IS NOT NULL
)
INSERT INTO places_areaancestor (area_id, ancestor_id, depth) SELECT * FROM line
"""

_PLACES = """
WITH zones AS (SELECT array_agg(id ORDER BY code) AS ids, array_agg(point ORDER BY code) AS points
               FROM places_area WHERE level = 'zone'),
drawn AS MATERIALIZED (
    -- Half of all places lie in a tenth of the zones.
    SELECT n, 1 + floor(power(random(), 3) * cardinality(ids))::int AS zone,
           (ARRAY['cafe', 'library', 'park', 'supermarket', 'worship', 'pub', 'bench', 'market'])
               [1 + floor(random() * 8)] AS kind
    FROM zones, generate_series(1, %s) AS n
)
INSERT INTO places_place (code, name, kind, point, area_id, address, postcode, description, website,
                          telephone, opening_hours, cost_to_stay, is_booking_needed, state, source,
                          source_ref, revision, created_at, updated_at)
SELECT 'b' || lpad(n::text, 6, '0'), 'Place ' || n, kind,
       ST_SetSRID(ST_Point(ST_X(points[zone]) + random() * 0.01, ST_Y(points[zone])), 4326),
       ids[zone], '', '', '', '', '', '', 'free', false, 'verified', 'bench', n::text, 1, now(),
       now()
FROM drawn, zones
"""

_PEOPLE = """
WITH person AS (
    INSERT INTO accounts_contributor (id, is_blocked, created_at)
    SELECT md5('person ' || n)::uuid, false, now() - interval '2 years'
    FROM generate_series(1, %s) AS n RETURNING id
)
INSERT INTO accounts_device (id, contributor_id, key_hmac, created_at, last_seen_on)
SELECT gen_random_uuid(), id, sha256(uuid_send(id)), now(), current_date FROM person
"""

_MOMENTS = """
WITH zones AS (SELECT array_agg(id ORDER BY code) AS ids FROM places_area
               WHERE level = 'intermediate'),
drawn AS MATERIALIZED (
    SELECT md5('person ' || 1 + floor(power(random(), 2) * %(people)s)::int)::uuid
               AS contributor_id,
           1 + floor(power(random(), 2) * cardinality(ids))::int AS zone,
           current_date - floor(random() * 30.4 * %(months)s)::int AS occurred_on,
           random() AS chance
    FROM zones, generate_series(1, %(moments)s) AS n
)
INSERT INTO interactions_interaction
    (id, contributor_id, area_id, occurred_on, month_on, created_at, updated_at, revision,
     body_sha256, direction, kind, tie, is_different, through_organisation, hard_reasons)
SELECT gen_random_uuid(), contributor_id, ids[zone], occurred_on,
       date_trunc('month', occurred_on)::date, occurred_on + interval '20 hours', now(), 1, '\\x00',
       (ARRAY['gave', 'received', 'noticed'])[1 + floor(chance * 3)], 'hello',
       CASE WHEN chance < 0.6 THEN 'neighbour' END, CASE WHEN chance < 0.5 THEN 'yes' END,
       CASE WHEN chance > 0.4 THEN 'no' END, '{}'
FROM drawn, zones
"""
