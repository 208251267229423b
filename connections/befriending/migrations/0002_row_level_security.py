"""Put every befriending table but Service under FORCE ROW LEVEL SECURITY.

Who acts stands in two settings of the transaction (kinder.accounts.acting); where neither is set, no
policy lets anything through. FORCE, because the application owns its tables. The policies lean on
one another in one direction only (volunteer, participant → match → the rest), for PostgreSQL
refuses policies that go in circles.

The membership roles stand here as literals: a migration keeps what it said when it was written.
"""

from django.db import migrations

# After a commit on a pooled connection the setting is '', not NULL.
USER = "NULLIF(current_setting('kinder.user_id', true), '')::uuid"
READING_JOB = (
    "current_setting('kinder.purpose', true) IN ('release', 'sweep', 'erase', 'migrate')"
)
WRITING_JOB = "current_setting('kinder.purpose', true) IN ('sweep', 'erase', 'migrate')"
ERASING_JOB = "current_setting('kinder.purpose', true) IN ('erase', 'migrate')"


def _services(*roles: str) -> str:
    """Return a query for the services where the one who acts has one of `roles`."""
    listed = ", ".join(f"'{role}'" for role in roles)
    return (
        "SELECT s.id FROM befriending_service s"
        " JOIN accounts_membership m ON m.organisation_id = s.organisation_id"
        f" WHERE m.user_id = {USER} AND m.role IN ({listed})"
    )


STAFF = _services("coordinator", "lead")
LEADS = _services("lead")
ANYONE = f"""
    {_services("coordinator", "lead", "worker")}
    UNION ALL SELECT v.service_id FROM befriending_volunteer v WHERE v.user_id = {USER}
    UNION ALL SELECT p.service_id FROM befriending_participant p WHERE p.user_id = {USER}
"""
OWN_VOLUNTEER = f"SELECT v.id FROM befriending_volunteer v WHERE v.user_id = {USER}"
OWN_PARTICIPANT = f"SELECT p.id FROM befriending_participant p WHERE p.user_id = {USER}"
STAFF_MATCHES = f"SELECT x.id FROM befriending_match x WHERE x.service_id IN ({STAFF})"
# Under the policy of befriending_match: the service's own, and the pairing that one is part of.
SEEN_MATCHES = "SELECT x.id FROM befriending_match x"

# Table: (what the service's staff may do, and how a row must stand; what others may see).
POLICIES: dict[str, tuple[str, str, str]] = {
    "volunteer": (f"service_id IN ({STAFF})", "true", f"user_id = {USER}"),
    "participant": (f"service_id IN ({STAFF})", "true", f"user_id = {USER}"),
    "match": (
        f"service_id IN ({STAFF})",
        # A pairing may not tie a person of another service to this one.
        "EXISTS (SELECT FROM befriending_volunteer v WHERE v.id = volunteer_id"
        " AND v.service_id = befriending_match.service_id)"
        " AND EXISTS (SELECT FROM befriending_participant p WHERE p.id = participant_id"
        " AND p.service_id = befriending_match.service_id)",
        # Nobody is told before both consent.
        "participant_consented_at IS NOT NULL AND volunteer_consented_at IS NOT NULL"
        f" AND (volunteer_id IN ({OWN_VOLUNTEER}) OR participant_id IN ({OWN_PARTICIPANT}))",
    ),
    "referral": (
        f"service_id IN ({STAFF})",
        "EXISTS (SELECT FROM befriending_participant p WHERE p.id = participant_id"
        " AND p.service_id = befriending_referral.service_id)",
        f"participant_id IN ({OWN_PARTICIPANT})",
    ),
    "check": (
        "volunteer_id IN (SELECT v.id FROM befriending_volunteer v"
        f" WHERE v.service_id IN ({STAFF}))",
        "true",
        f"volunteer_id IN ({OWN_VOLUNTEER})",
    ),
    "scaleanswer": (
        "participant_id IN (SELECT p.id FROM befriending_participant p"
        f" WHERE p.service_id IN ({STAFF}))",
        "true",
        f"participant_id IN ({OWN_PARTICIPANT})",
    ),
    "agreement": (f"match_id IN ({STAFF_MATCHES})", "true", f"match_id IN ({SEEN_MATCHES})"),
    "agreementsignature": (
        "agreement_id IN (SELECT a.id FROM befriending_agreement a"
        f" WHERE a.match_id IN ({STAFF_MATCHES}))",
        "true",
        "agreement_id IN (SELECT a.id FROM befriending_agreement a)",
    ),
    "meeting": (f"match_id IN ({STAFF_MATCHES})", "true", f"match_id IN ({SEEN_MATCHES})"),
    "pause": (f"match_id IN ({STAFF_MATCHES})", "true", f"match_id IN ({SEEN_MATCHES})"),
    # A review is a talk with one side by itself: the other side does not see it.
    "review": (
        f"match_id IN ({STAFF_MATCHES})",
        "true",
        "match_id IN (SELECT x.id FROM befriending_match x WHERE"
        f" side = 'volunteer' AND x.volunteer_id IN ({OWN_VOLUNTEER})"
        f" OR side = 'participant' AND x.participant_id IN ({OWN_PARTICIPANT}))",
    ),
    # Why a pairing ended is between the service and whoever said it.
    "ending": (f"match_id IN ({STAFF_MATCHES})", "true", "false"),
}


def _protect(table: str) -> list[str]:
    name = f"befriending_{table}"
    return [
        f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY",
    ]


def _build_policies() -> list[str]:
    statements = []
    for table, (staff, whole, others) in POLICIES.items():
        name = f"befriending_{table}"
        statements += [
            *_protect(table),
            f"CREATE POLICY staff ON {name} USING ({staff}) WITH CHECK (({staff}) AND ({whole}))",
            f"CREATE POLICY own ON {name} FOR SELECT USING ({others})",
            f"CREATE POLICY reading_job ON {name} FOR SELECT USING ({READING_JOB})",
            f"CREATE POLICY writing_job ON {name} USING ({WRITING_JOB}) WITH CHECK ({WRITING_JOB})",
        ]
    name = "befriending_concern"
    return [
        *statements,
        *_protect("concern"),
        # Anyone in the service may raise one, in their own name; only its leads may see it again.
        f"CREATE POLICY raise ON {name} FOR INSERT"
        f" WITH CHECK (raised_by_id = {USER} AND service_id IN ({ANYONE}))",
        f"CREATE POLICY lead_reads ON {name} FOR SELECT USING (service_id IN ({LEADS}))",
        f"CREATE POLICY lead_updates ON {name} FOR UPDATE"
        f" USING (service_id IN ({LEADS})) WITH CHECK (service_id IN ({LEADS}))",
        f"CREATE POLICY erasing_job ON {name} USING ({ERASING_JOB}) WITH CHECK ({ERASING_JOB})",
    ]


def _drop_policies() -> list[str]:
    dropped = [
        f"DROP POLICY {policy} ON befriending_{table}"
        for table in POLICIES
        for policy in ("staff", "own", "reading_job", "writing_job")
    ]
    dropped += [
        f"DROP POLICY {policy} ON befriending_concern"
        for policy in ("raise", "lead_reads", "lead_updates", "erasing_job")
    ]
    opened = [
        f"ALTER TABLE befriending_{table} {verb} ROW LEVEL SECURITY"
        for table in (*POLICIES, "concern")
        for verb in ("NO FORCE", "DISABLE")
    ]
    return dropped + opened


class Migration(migrations.Migration):
    dependencies = [
        ("befriending", "0001_initial"),
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(
            sql=";\n".join(_build_policies()),
            reverse_sql=";\n".join(_drop_policies()),
        ),
    ]
