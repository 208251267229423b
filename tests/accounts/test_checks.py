"""What is wrong at the start is said with how to mend it."""

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from kinder import checks


def ids(*found: object) -> set[str]:
    return {str(getattr(message, "id", "")) for message in found}


def test_keys_must_be_fernet_keys(settings: Settings) -> None:
    assert checks.check_encryption_keys() == []
    settings.ENCRYPTION_KEYS = [*settings.ENCRYPTION_KEYS, "short"]
    (found,) = checks.check_encryption_keys()
    assert found.id == "kinder.E002"
    assert "Key 2" in found.msg
    assert "generate_key" in str(found.hint)
    assert "short" not in found.msg + str(found.hint), "a key is never printed"
    settings.ENCRYPTION_KEYS = []
    assert ids(*checks.check_encryption_keys()) == {"kinder.E001"}


def test_a_demo_is_not_served_to_the_world(settings: Settings) -> None:
    assert "kinder.E003" not in ids(*run_checks(include_deployment_checks=True))
    settings.IS_DEMO = True
    assert "kinder.E003" in ids(*run_checks(include_deployment_checks=True))
    assert "kinder.E003" not in ids(*run_checks())


def test_redis_that_is_away_only_warns(settings: Settings) -> None:
    assert checks.check_redis() == []
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    (found,) = checks.check_redis()
    assert found.id == "kinder.W001"
    assert not found.is_serious()


@pytest.mark.django_db
def test_the_database_must_have_its_extensions_and_roles(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.check_database(databases=["default"]) == []
    assert checks.check_database(databases=["reports"]) == []
    monkeypatch.setattr(checks, "EXTENSIONS", frozenset({"postgis", "nothing_like_it"}))
    monkeypatch.setattr(checks, "ROLES", frozenset({"nobody_like_it"}))
    found = checks.check_database(databases=["default"])
    assert ids(*found) == {"kinder.E005", "kinder.E006"}
    assert all("bin/roles.sql" in str(message.hint) for message in found)
