"""Search and order by name without accents and capitals: "cafe" finds "Café", "Àird" stands at A."""

from django.db import migrations

# unaccent() alone is only stable, because its dictionary could change; an index needs immutable.
FUNCTION = """
CREATE FUNCTION places_plain(text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
AS $$ SELECT lower(public.unaccent('public.unaccent'::regdictionary, $1)) $$
"""
# The list from A to Z, page after page.
BY_NAME = """
CREATE INDEX places_place_a_to_z ON places_place (places_plain(name), id)
WHERE state IN ('verified', 'stale')
"""
# Search by a part of the name or the street.
BY_WORDS = """
CREATE INDEX places_place_words ON places_place
USING gin (places_plain(name || ' ' || address) gin_trgm_ops)
WHERE state IN ('verified', 'stale')
"""
# Finding where "near Maryhill" is.
BY_PLACE_NAME = """
CREATE INDEX places_placename_plain ON places_placename (places_plain(name) text_pattern_ops)
"""


class Migration(migrations.Migration):
    dependencies = [("places", "0002_indexes")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION places_plain(text)"),
        migrations.RunSQL(BY_NAME, "DROP INDEX places_place_a_to_z"),
        migrations.RunSQL(BY_WORDS, "DROP INDEX places_place_words"),
        migrations.RunSQL(BY_PLACE_NAME, "DROP INDEX places_placename_plain"),
    ]
