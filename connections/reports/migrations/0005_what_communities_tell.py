"""Views of what communities published, which the role of reports may read, and nothing else of it."""

from django.db import migrations

# A view reads with its owner's rights: the role sees these rows and never the tables behind them.
FORWARDS = """
    CREATE VIEW reports_published_story WITH (security_barrier) AS
        SELECT s.id, s.area_id, s.month_on, s.text, s.language
        FROM interactions_story s
        JOIN accounts_consentrecord c ON c.id = s.consent_id
        WHERE s.state = 'published' AND c.withdrawn_at IS NULL;
    CREATE VIEW reports_published_heard WITH (security_barrier) AS
        SELECT h.id, h.area_id, h.month_on, h.text
        FROM interactions_heard h
        WHERE h.hidden_at IS NULL;
    CREATE VIEW reports_published_response WITH (security_barrier) AS
        SELECT r.id, h.area_id, r.done_on AS month_on, r.text, r.heard_id,
               COALESCE(o.name, '') AS organisation
        FROM interactions_response r
        JOIN interactions_heard h ON h.id = r.heard_id
        LEFT JOIN accounts_organisation o ON o.id = r.organisation_id
        WHERE h.hidden_at IS NULL AND r.hidden_at IS NULL;
    GRANT SELECT ON reports_published_story, reports_published_heard, reports_published_response,
        reports_benchmark TO kinder_reports;
"""
BACKWARDS = """
    REVOKE SELECT ON reports_benchmark FROM kinder_reports;
    DROP VIEW reports_published_response, reports_published_heard, reports_published_story;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0004_reports_as_jobs"),
        ("interactions", "0006_month_by_month"),
        ("accounts", "0001_initial"),
    ]

    operations = [migrations.RunSQL(sql=FORWARDS, reverse_sql=BACKWARDS)]
