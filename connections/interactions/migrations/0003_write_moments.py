from django.db import migrations

# Writes new moments and resolves where they are kept, in one round trip. It is a function because a
# function's plan is kept for the connection: planning the statement anew for each moment took three
# times as long as running it. Which kinds, levels and states count is said by the caller (store.py).
CREATE = """
CREATE FUNCTION interactions_write(
    moments jsonb, who uuid, device uuid, arrived_at timestamptz,
    sensitive_kinds text[], listed_levels text[], shown_states text[], at_a_place text
) RETURNS TABLE (id uuid, place_id bigint, area_id bigint)
LANGUAGE plpgsql AS $function$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH sent AS (
        SELECT * FROM jsonb_to_recordset(moments) AS sent (
            id uuid, traces bytea[], body bytea, place text, area text, direction text, kind text,
            occurred_on date, tie text, is_different text, at_work text, through_organisation text,
            hardness text, hard_reasons text[], part_of_day text, setting text
        )
    ),
    kept AS (
        SELECT sent.*, coalesce(around.id, listed.id) AS area_id,
               CASE WHEN NOT (place.kind = ANY (sensitive_kinds))
                         AND coalesce(sent.setting, at_a_place) = at_a_place
                    THEN place.id END AS place_id
        FROM sent
        LEFT JOIN places_place AS place
            ON place.code = sent.place AND place.state = ANY (shown_states)
        LEFT JOIN LATERAL (
            SELECT area.id FROM places_areaancestor AS above
            JOIN places_area AS area ON area.id = above.ancestor_id
            WHERE above.area_id = place.area_id AND area.level = ANY (listed_levels)
            ORDER BY above.depth LIMIT 1
        ) AS around ON true
        LEFT JOIN places_area AS listed
            ON listed.code = sent.area AND listed.level = ANY (listed_levels)
            AND listed.geography_id = (SELECT id FROM places_geography WHERE is_current)
        WHERE NOT EXISTS (
            SELECT FROM interactions_deletedmoment AS deleted
            WHERE deleted.id_hmac = ANY (sent.traces)
        )
    )
    INSERT INTO interactions_interaction AS written (
        id, contributor_id, device_id, place_id, area_id, occurred_on, month_on, created_at,
        updated_at, revision, body_sha256, direction, kind, tie, is_different, at_work,
        through_organisation, hardness, hard_reasons, part_of_day, setting
    )
    SELECT kept.id, who, device, kept.place_id, kept.area_id, kept.occurred_on,
           date_trunc('month', kept.occurred_on)::date, arrived_at, arrived_at, 1, kept.body,
           kept.direction, kept.kind, kept.tie, kept.is_different, kept.at_work,
           kept.through_organisation, kept.hardness, kept.hard_reasons, kept.part_of_day,
           kept.setting
    FROM kept WHERE kept.area_id IS NOT NULL
    ON CONFLICT DO NOTHING
    RETURNING written.id, written.place_id, written.area_id;
END
$function$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("interactions", "0002_mark_what_changed"),
        ("places", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(
            CREATE,
            "DROP FUNCTION interactions_write(jsonb, uuid, uuid, timestamptz, text[], text[],"
            " text[], text)",
        ),
        # A queue turns over fast: vacuum by the number of rows, not by a share of a growing table.
        migrations.RunSQL(
            "ALTER TABLE interactions_dirtymark SET (autovacuum_vacuum_scale_factor = 0,"
            " autovacuum_vacuum_threshold = 5000)",
            "ALTER TABLE interactions_dirtymark RESET (autovacuum_vacuum_scale_factor,"
            " autovacuum_vacuum_threshold)",
        ),
    ]
