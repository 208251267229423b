"""Accounts: signing in, one's own account, people, organisations, audit."""

from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.utils import timezone

from kinder.accounts.audit import subject_of
from kinder.accounts.fingerprints import fingerprint
from kinder.accounts.models import ConsentRecord, Invitation, Membership, Role
from tests.factories.accounts import make_user
from tests.security.rows import (
    ADMINISTRATOR,
    ALL,
    NO_ONE,
    SIGNED_IN,
    WITH_FACTOR,
    Given,
    Row,
    Side,
    own,
    thing,
)


@thing("organisation")
def _organisation(side: Side) -> Given:
    return {"pk": side.organisation.pk}


@thing("membership")
def _membership(side: Side) -> Given:
    role = Membership.objects.create(
        user=make_user(), organisation=side.organisation, role=Role.MEMBER
    )
    return {"pk": role.pk}


@thing("person")
def _person(_side: Side) -> Given:
    return {"pk": make_user().pk}


@thing("passkey")
def _passkey(_side: Side) -> Given:
    """A number that is nobody's passkey: somebody else's looks the same."""
    return {"pk": 999_999}


@thing("consent")
def _consent(side: Side) -> Given:
    consent = ConsentRecord.objects.create(
        subject=subject_of(side.person),
        purpose="anything else",
        wording_version="1",
        language="en-gb",
    )
    return {"pk": consent.pk}


@thing("session")
def _session(side: Side) -> Given:
    session = UserSession.objects.create(
        user=side.visitor, session_key=side.mark[:40], ip="192.0.2.1", user_agent="a browser"
    )
    return {"pk": session.pk}


def _invite(side: Side, token: str) -> Invitation:
    return Invitation.objects.create(
        organisation=side.organisation,
        role=Role.MEMBER,
        email=f"{token[:30].lower()}@example.org",
        token_hmac=fingerprint("invitation", token.encode()),
        invited_by=make_user(is_administrator=True),
        expires_at=timezone.now() + timedelta(days=1),
    )


@thing("invitation")
def _invitation(side: Side) -> Given:
    return {"pk": _invite(side, f"i{side.mark}").pk}


@thing("letter")
def _letter(side: Side) -> Given:
    _invite(side, f"l{side.mark}")
    return {"token": f"l{side.mark}"}


LOOKING_AFTER = f"coordinator {ADMINISTRATOR}"
OWN = f"own:coordinator {ADMINISTRATOR}"
PERSONS = f"device {SIGNED_IN}"

# fmt: off
ROWS = [
    Row("account_login", get=ALL, post=ALL),
    Row("account_logout", get=ALL, post=ALL),
    Row("account_inactive", get=ALL),
    Row("account_signup", get=ALL, post=ALL),
    Row("account_reauthenticate", get=SIGNED_IN, post=SIGNED_IN),
    Row("account_email", get=SIGNED_IN, post=SIGNED_IN),
    Row("account_email_verification_sent", get=ALL, post=ALL),
    Row("account_change_password", get=SIGNED_IN, post=SIGNED_IN),
    Row("account_set_password", get=SIGNED_IN, post=SIGNED_IN),
    Row("account_reset_password", get=ALL, post=ALL),
    Row("account_confirm_login_code", get=ALL, post=ALL),
    Row("account_confirm_password_reset_code", get=ALL, post=ALL),
    Row("account_complete_password_reset", get=ALL, post=ALL),
    Row("account_password_reset_completed", get=ALL),
    Row("account_request_login_code", get=ALL, post=ALL),
    Row("mfa_index", get=SIGNED_IN),
    Row("mfa_authenticate", get=ALL, post=ALL),
    Row("mfa_reauthenticate", get=SIGNED_IN, post=SIGNED_IN),
    Row("mfa_activate_totp", get=SIGNED_IN, post=SIGNED_IN),
    Row("mfa_deactivate_totp", get=WITH_FACTOR, post=WITH_FACTOR),
    Row("mfa_view_recovery_codes", get=WITH_FACTOR),
    Row("mfa_generate_recovery_codes", get=SIGNED_IN, post=SIGNED_IN),
    Row("mfa_download_recovery_codes", get=WITH_FACTOR),
    Row("mfa_list_webauthn", get=SIGNED_IN),
    Row("mfa_add_webauthn", get=SIGNED_IN, post=SIGNED_IN),
    Row("mfa_reauthenticate_webauthn", get=SIGNED_IN, post=SIGNED_IN),
    Row("mfa_remove_webauthn", get=NO_ONE, post=NO_ONE, given="passkey"),
    Row("mfa_edit_webauthn", get=NO_ONE, post=NO_ONE, given="passkey"),
    Row("mfa_login_webauthn", get=ALL, post=ALL),
    Row("usersessions_list", get=SIGNED_IN, post=SIGNED_IN),
    Row("accounts:first_run", get=NO_ONE, post=NO_ONE),
    Row("accounts:account", get=SIGNED_IN),
    Row("accounts:prove", get=SIGNED_IN, post=SIGNED_IN),
    Row("accounts:data_protection", get=ALL),
    Row("accounts:my_data", get=ALL),
    Row("accounts:download", post=PERSONS),
    Row("accounts:erase", get=PERSONS, post=PERSONS),
    Row("accounts:erased", get=ALL),
    Row("accounts:withdraw_consent", post=own(PERSONS), given="consent"),
    Row("accounts:profile", get=SIGNED_IN, post=SIGNED_IN),
    Row("accounts:end_session", post=own(SIGNED_IN), given="session"),
    Row("accounts:organisations", get=LOOKING_AFTER, post=ADMINISTRATOR),
    Row("accounts:organisation", get=OWN, post=OWN, given="organisation"),
    Row("accounts:people", get=LOOKING_AFTER, post=ADMINISTRATOR),
    Row("accounts:person", get=ADMINISTRATOR, given="person"),
    Row("accounts:help_person", post=ADMINISTRATOR, given="person"),
    Row("accounts:erase_person", get=ADMINISTRATOR, post=ADMINISTRATOR, given="person"),
    Row("accounts:end_role", post=OWN, given="membership"),
    Row("accounts:administrator", post=ADMINISTRATOR, given="person"),
    Row("accounts:invitations", get=LOOKING_AFTER, post=LOOKING_AFTER),
    Row("accounts:change_invitation", post=OWN, given="invitation"),
    Row("accounts:accept", get=ALL, post=ALL, given="letter"),
    Row("accounts:audit", get=ADMINISTRATOR),
    Row("accounts:export_audit", post=ADMINISTRATOR),
    Row("accounts:retention", get=ADMINISTRATOR),
]
# fmt: on
