"""Put the tables of 0003 under FORCE ROW LEVEL SECURITY too, and open what people do themselves.

A volunteer notes their own meetings and lone visits and claims their own expenses; each side signs
for itself. What somebody wishes for their pairing (pause, go on, stop) is carried out under a
purpose of its own, which reaches the pairing's state and nothing else. A resident's worry comes in
under a purpose that may write one kind of row and read none.
"""

import json
import secrets

from django.db import migrations

from kinder.accounts.acting import Purpose, acting
from kinder.accounts.encryption import decrypt, encrypt

USER = "NULLIF(current_setting('kinder.user_id', true), '')::uuid"
PURPOSE = "current_setting('kinder.purpose', true)"
READING_JOB = f"{PURPOSE} IN ('release', 'sweep', 'erase', 'migrate')"
WRITING_JOB = f"{PURPOSE} IN ('sweep', 'erase', 'migrate')"
ERASING_JOB = f"{PURPOSE} IN ('erase', 'migrate')"
OWN_WISH = f"{PURPOSE} = 'own_wish'"
SIGNS = "ABCDEFGHJKMNPQRTUVWXYZ2346789"


def _services(*roles: str) -> str:
    listed = ", ".join(f"'{role}'" for role in roles)
    return (
        "SELECT s.id FROM befriending_service s"
        " JOIN accounts_membership m ON m.organisation_id = s.organisation_id"
        f" WHERE m.user_id = {USER} AND m.role IN ({listed})"
    )


STAFF = _services("coordinator", "lead")
OWN_VOLUNTEER = f"SELECT v.id FROM befriending_volunteer v WHERE v.user_id = {USER}"
OWN_PARTICIPANT = f"SELECT p.id FROM befriending_participant p WHERE p.user_id = {USER}"
STAFF_VOLUNTEERS = f"SELECT v.id FROM befriending_volunteer v WHERE v.service_id IN ({STAFF})"
STAFF_REFERRALS = f"SELECT r.id FROM befriending_referral r WHERE r.service_id IN ({STAFF})"
STAFF_MATCHES = f"SELECT x.id FROM befriending_match x WHERE x.service_id IN ({STAFF})"
STAFF_RUNS = f"SELECT r.id FROM befriending_matchingrun r WHERE r.service_id IN ({STAFF})"
SEEN_MATCHES = "SELECT x.id FROM befriending_match x"
VOLUNTEERS_MATCHES = (
    f"SELECT x.id FROM befriending_match x WHERE x.volunteer_id IN ({OWN_VOLUNTEER})"
)
OWN_SERVICES = f"SELECT p.service_id FROM befriending_participant p WHERE p.user_id = {USER}"
# A pairing that is suggested or stored may not reach into another service.
SAME_SERVICE = (
    "referral_id IN (SELECT r.id FROM befriending_referral r"
    f" JOIN befriending_matchingrun n ON n.id = run_id AND n.service_id = r.service_id)"
)

# Table: (what the service's staff may do, and what others may see).
POLICIES: dict[str, tuple[str, str]] = {
    "matchingweights": (f"service_id IN ({STAFF})", "false"),
    "notice": (f"service_id IN ({STAFF})", "false"),
    "caseimport": (f"service_id IN ({STAFF})", "false"),
    "uploadedscale": (f"service_id IN ({STAFF})", f"service_id IN ({OWN_SERVICES})"),
    # What a referee says is not for the volunteer to read here.
    "reference": (f"volunteer_id IN ({STAFF_VOLUNTEERS})", "false"),
    "training": (f"volunteer_id IN ({STAFF_VOLUNTEERS})", f"volunteer_id IN ({OWN_VOLUNTEER})"),
    "supervision": (f"volunteer_id IN ({STAFF_VOLUNTEERS})", f"volunteer_id IN ({OWN_VOLUNTEER})"),
    "expense": (f"volunteer_id IN ({STAFF_VOLUNTEERS})", f"volunteer_id IN ({OWN_VOLUNTEER})"),
    # It may hold what others said about the person.
    "assessment": (f"referral_id IN ({STAFF_REFERRALS})", "false"),
    "arrangement": (f"match_id IN ({STAFF_MATCHES})", f"match_id IN ({SEEN_MATCHES})"),
    # Where a volunteer is, and when, is not for the other side.
    "visit": (f"match_id IN ({STAFF_MATCHES})", f"match_id IN ({VOLUNTEERS_MATCHES})"),
    "matchingrun": (f"service_id IN ({STAFF})", "false"),
    "suggestion": (f"run_id IN ({STAFF_RUNS}) AND {SAME_SERVICE}", "false"),
    "unmatched": (f"run_id IN ({STAFF_RUNS}) AND {SAME_SERVICE}", "false"),
}
# Policy, table, statement: what people do themselves.
OWN_DEEDS = [
    (
        "own_meetings",
        "meeting",
        f"USING (noted_by_id = {USER} AND match_id IN ({VOLUNTEERS_MATCHES}))"
        f" WITH CHECK (noted_by_id = {USER} AND match_id IN ({VOLUNTEERS_MATCHES}))",
    ),
    (
        "own_visits",
        "visit",
        f"USING (match_id IN ({VOLUNTEERS_MATCHES}))"
        f" WITH CHECK (match_id IN ({VOLUNTEERS_MATCHES}))",
    ),
    (
        "own_expenses",
        "expense",
        f"FOR INSERT WITH CHECK (state = 'claimed' AND volunteer_id IN ({OWN_VOLUNTEER}))",
    ),
    (
        "own_signature",
        "agreementsignature",
        f"FOR INSERT WITH CHECK (noted_by_id = {USER} AND NOT is_aloud AND agreement_id IN ("
        "SELECT a.id FROM befriending_agreement a JOIN befriending_match x ON x.id = a.match_id"
        f" WHERE side = 'volunteer' AND x.volunteer_id IN ({OWN_VOLUNTEER})"
        f" OR side = 'participant' AND x.participant_id IN ({OWN_PARTICIPANT})))",
    ),
    ("wish_reads", "match", f"FOR SELECT USING ({OWN_WISH})"),
    ("wish_updates", "match", f"FOR UPDATE USING ({OWN_WISH}) WITH CHECK ({OWN_WISH})"),
    ("wish", "pause", f"USING ({OWN_WISH}) WITH CHECK ({OWN_WISH})"),
    ("wish", "ending", f"USING ({OWN_WISH}) WITH CHECK ({OWN_WISH})"),
    (
        "resident_worries",
        "concern",
        f"FOR INSERT WITH CHECK ({PURPOSE} = 'worry' AND raised_by_id IS NULL AND match_id IS NULL"
        " AND source = 'resident'"
        " AND service_id IN (SELECT s.id FROM befriending_service s WHERE s.is_on_duty))",
    ),
    # Under the policy of befriending_concern: its service's leads.
    (
        "leads",
        "concernstep",
        "USING (concern_id IN (SELECT c.id FROM befriending_concern c))"
        f" WITH CHECK (made_by_id = {USER}"
        " AND concern_id IN (SELECT c.id FROM befriending_concern c))",
    ),
    ("erasing_job", "concernstep", f"USING ({ERASING_JOB}) WITH CHECK ({ERASING_JOB})"),
]


def _build() -> list[str]:
    statements = []
    for table in (*POLICIES, "concernstep"):
        name = f"befriending_{table}"
        statements += [
            f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY",
        ]
    for table, (staff, others) in POLICIES.items():
        name = f"befriending_{table}"
        statements += [
            f"CREATE POLICY staff ON {name} USING ({staff}) WITH CHECK ({staff})",
            f"CREATE POLICY own ON {name} FOR SELECT USING ({others})",
            f"CREATE POLICY reading_job ON {name} FOR SELECT USING ({READING_JOB})",
            f"CREATE POLICY writing_job ON {name} USING ({WRITING_JOB}) WITH CHECK ({WRITING_JOB})",
        ]
    return statements + [
        f"CREATE POLICY {policy} ON befriending_{table} {deed}"
        for policy, table, deed in OWN_DEEDS
    ]


def _drop() -> list[str]:
    return (
        [f"DROP POLICY {policy} ON befriending_{table}" for policy, table, _deed in OWN_DEEDS]
        + [
            f"DROP POLICY {policy} ON befriending_{table}"
            for table in POLICIES
            for policy in ("staff", "own", "reading_job", "writing_job")
        ]
        + [
            f"ALTER TABLE befriending_{table} {verb} ROW LEVEL SECURITY"
            for table in (*POLICIES, "concernstep")
            for verb in ("NO FORCE", "DISABLE")
        ]
    )


def give_references(apps, schema_editor):
    """Concerns of before get a reference, and their text the shape that can hold a contact."""
    with acting(purpose=Purpose.MIGRATE):
        for concern in apps.get_model("befriending", "Concern").objects.filter(reference=None):
            signs = "".join(secrets.choice(SIGNS) for _n in range(8))
            concern.reference = f"{signs[:4]}-{signs[4:]}"
            told = {"text": decrypt(concern.ciphertext), "contact": ""}
            concern.ciphertext = encrypt(json.dumps(told))
            concern.save(update_fields=["reference", "ciphertext"])


class Migration(migrations.Migration):
    dependencies = [
        ("befriending", "0003_practice"),
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(sql=";\n".join(_build()), reverse_sql=";\n".join(_drop())),
        migrations.RunPython(give_references, migrations.RunPython.noop),
    ]
