"""The audit is read, searched and taken away by administrators alone, and changed by nobody."""

import csv
import io

import pytest
from django.db import DatabaseError, connection, transaction

from kinder.accounts.audit import PAGE, record
from kinder.accounts.models import AuditEvent, Role
from tests.accounts.proofs import sign_in
from tests.factories.accounts import make_member, make_organisation, make_user

pytestmark = pytest.mark.django_db


def test_pages_follow_one_another_without_a_gap() -> None:
    administrator, organisation = make_user(is_administrator=True), make_organisation()
    for number in range(2 * PAGE + 3):
        record("count", organisation, by=administrator, organisation=organisation, number=number)
    client, path, seen = sign_in(administrator), "/audit/?verb=count", []
    while path:
        response = client.get(path)
        seen += [entry.event.facts["number"] for entry in response.context["entries"]]
        path = response.context["next_url"]
        # Somebody else goes on acting meanwhile.
        record("count_on", organisation, by=administrator)
    assert seen == list(reversed(range(2 * PAGE + 3)))


def test_a_page_asks_the_database_as_often_however_long_it_is(
    django_assert_max_num_queries: object,
) -> None:
    administrator = make_user(is_administrator=True)
    for _number in range(PAGE):
        record("count", make_organisation(), by=make_user(has_second_factor=False))
    client = sign_in(administrator)
    with django_assert_max_num_queries(9):  # type: ignore[operator]
        assert client.get("/audit/").status_code == 200


def test_what_fits_is_taken_away_after_showing_who_one_is() -> None:
    administrator, organisation = make_user(is_administrator=True), make_organisation("=1+1")
    record("see", organisation, by=administrator, organisation=organisation)
    record("hear", organisation, by=administrator, organisation=organisation)
    stale = sign_in(administrator, is_proven=False)
    assert "/reauthenticate/" in stale.post("/audit/export/")["Location"]
    client = sign_in(administrator)
    page = client.get("/audit/?verb=see").content.decode()
    assert '<input type="hidden" name="verb" value="see">' in page
    response = client.post("/audit/export/", {"verb": "see"})
    assert response["Content-Type"].startswith("text/csv")
    [row] = csv.DictReader(io.StringIO(response.content.decode()))
    assert (row["deed"], row["who"], row["organisation"]) == ("see", str(administrator), "'=1+1")
    event = AuditEvent.objects.get(verb="export_audit")
    assert event.facts == {"rows": 1, "fields": ["verb"]}
    assert client.post("/audit/export/", {"since_on": "yesterday"}).status_code == 422


@pytest.mark.parametrize("role", list(Role))
def test_nobody_else_reads_it(role: Role) -> None:
    client = sign_in(make_member(role))
    assert client.get("/audit/").status_code == 403
    assert client.post("/audit/export/").status_code == 403


def test_the_database_refuses_to_change_delete_or_empty_it() -> None:
    record("see", make_organisation(), by=None)
    for statement in (
        "UPDATE accounts_auditevent SET verb = 'x'",
        "DELETE FROM accounts_auditevent",
        "TRUNCATE accounts_auditevent",
        "TRUNCATE accounts_organisation, accounts_auditevent CASCADE",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert AuditEvent.objects.get().verb == "see"
