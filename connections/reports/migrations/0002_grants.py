"""Let the role of reports read what is published: these tables, and of releases those let go."""

from django.db import migrations

TABLES = (
    "indicators_figure",
    "indicators_quarter",
    "indicators_release",
    "places_area",
    "places_areaancestor",
    "places_geography",
    "places_population",
)

# Enabled and not forced: the owner writes and previews, the role of reports sees what is released.
FORWARDS = f"""
    GRANT SELECT ON {", ".join(TABLES)} TO kinder_reports;
    ALTER TABLE indicators_release ENABLE ROW LEVEL SECURITY;
    CREATE POLICY released ON indicators_release FOR SELECT TO kinder_reports
        USING (state IN ('published', 'superseded'));
    ALTER TABLE indicators_figure ENABLE ROW LEVEL SECURITY;
    CREATE POLICY released ON indicators_figure FOR SELECT TO kinder_reports
        USING (release_id IN (SELECT r.id FROM indicators_release r
                              WHERE r.state IN ('published', 'superseded')));
"""
BACKWARDS = f"""
    DROP POLICY released ON indicators_figure;
    ALTER TABLE indicators_figure DISABLE ROW LEVEL SECURITY;
    DROP POLICY released ON indicators_release;
    ALTER TABLE indicators_release DISABLE ROW LEVEL SECURITY;
    REVOKE SELECT ON {", ".join(TABLES)} FROM kinder_reports;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0001_initial"),
        ("indicators", "0001_initial"),
        ("places", "0001_initial"),
    ]

    operations = [migrations.RunSQL(sql=FORWARDS, reverse_sql=BACKWARDS)]
