"""Limits, with Redis and without it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings as conf
from django.core.cache import cache
from django.test import Client, RequestFactory

from connections.interactions.asking import mail
from kinder import cache as kinder_cache
from kinder.accounts import limits, proving
from kinder.accounts.devices import COOKIE, make_key
from kinder.accounts.limits import Limit, TooManyError, find_network, spend
from kinder.accounts.models import TryCount
from tests.factories.accounts import make_user
from tests.processes import environment
from tests.together import run_together

THREE = Limit("three", most=3, seconds=600)


@pytest.fixture
def without_redis(settings: Any) -> Iterator[None]:
    """Redis is not where it was."""
    kinder_cache.breaker.reset()
    limits._here.clear()
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    yield
    kinder_cache.breaker.reset()
    limits._here.clear()


def spend_until_refused(who: str) -> int:
    spent = 0
    with pytest.raises(TooManyError) as refused:
        while True:
            spend((THREE, who))
            spent += 1
    assert 0 < refused.value.retry_after <= 600
    return spent


def test_a_limit_holds_for_one_and_leaves_others_alone() -> None:
    assert spend_until_refused("a") == 3
    assert spend_until_refused("b") == 3


def test_a_batch_counts_each_of_its_moments() -> None:
    with pytest.raises(TooManyError):
        spend((THREE, "c"), amount=4)


def test_counters_expire_by_themselves() -> None:
    spend((THREE, "d"))
    client = redis.Redis.from_url(conf.REDIS_URL)
    [key] = client.scan_iter("kinder:limit:three:*:d")
    assert 0 < client.ttl(key) <= 600
    client.close()


def test_without_redis_each_process_counts_for_itself(without_redis: None) -> None:
    assert spend_until_refused("e") == 3
    assert kinder_cache.breaker.is_resting


def test_without_redis_memory_stays_bounded(without_redis: None, monkeypatch: Any) -> None:
    monkeypatch.setattr(limits, "_HERE_AT_MOST", 10)
    for n in range(100):
        spend((THREE, str(n)))
    assert len(limits._here) <= 11


def test_a_cache_without_redis_misses_and_never_fails(monkeypatch: Any) -> None:
    kinder_cache.breaker.rest()
    cache.set("a", 1)
    assert cache.get("a", "otherwise") == "otherwise"
    assert cache.get_many(["a"]) == {}
    assert cache.add("a", 1) is True
    assert cache.has_key("a") is False
    assert cache.get_or_set("a", lambda: 7) == 7
    cache.delete("a")
    cache.delete_many(["a"])
    kinder_cache.breaker.reset()
    assert cache.get("a") is None


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2::7", "2001:db8:1::/48"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_a_network_is_no_address(rf: RequestFactory, address: str, network: str) -> None:
    assert find_network(rf.get("/", REMOTE_ADDR=address)) == network


@pytest.mark.parametrize(
    ("proxies", "forwarded", "network"),
    [
        (0, "198.51.100.1", "192.0.2.0/24"),
        (1, "198.51.100.1", "198.51.100.0/24"),
        # Whatever the client itself put in front is not believed.
        (1, "203.0.113.9, 198.51.100.1", "198.51.100.0/24"),
        (2, "203.0.113.9, 198.51.100.1", "203.0.113.0/24"),
        (2, "198.51.100.1", "192.0.2.0/24"),
        (1, "", ""),
    ],
)
def test_only_our_own_proxies_are_believed(
    rf: RequestFactory, settings: Any, proxies: int, forwarded: str, network: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = rf.get("/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=forwarded)
    assert find_network(request) == network


# ------------------------------------------------------------------ forms


@pytest.fixture
def few_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, most in (("DEVICE", 2), ("ACCOUNT", 3), ("NETWORK", 6)):
        limit = Limit(f"forms-{name.lower()}", most=most, seconds=600)
        monkeypatch.setattr(limits, f"FORMS_OF_{name}", limit)


def send_until_429(client: Client, **headers: str) -> int:
    for count in range(20):
        response = client.post("/settings/look/", {"theme": "dark"}, **headers)  # type: ignore[arg-type]
        if response.status_code == 429:
            assert int(response["Retry-After"]) > 0
            assert "What you typed is still there" in response.content.decode()
            assert response["Content-Security-Policy"]
            return count
    raise AssertionError("forms are not counted")


@pytest.mark.django_db
def test_forms_are_counted_by_network_account_and_device(few_forms: None) -> None:
    """2.4.1: forms of anybody end, of one device first, of one network last."""
    device = Client(REMOTE_ADDR="203.0.113.1")
    device.cookies[COOKIE] = make_key()
    assert send_until_429(device) == 2
    account = Client(REMOTE_ADDR="198.51.100.1")
    account.force_login(make_user())
    assert send_until_429(account) == 3
    network = Client(REMOTE_ADDR="192.0.2.7")
    assert send_until_429(network) == 6
    assert Client(REMOTE_ADDR="192.0.2.99").post("/settings/look/").status_code == 429
    assert network.get("/settings/look/").status_code == 200, "looking is not counted"


@pytest.mark.django_db
def test_forms_end_without_redis_too(few_forms: None, without_redis: None) -> None:
    """2.4.1: a Redis that is gone opens no gate and closes none."""
    assert send_until_429(Client(REMOTE_ADDR="192.0.2.7")) == 6


@pytest.mark.django_db
def test_a_program_gets_the_reason_as_json(few_forms: None) -> None:
    client = Client(REMOTE_ADDR="192.0.2.7")
    send_until_429(client)
    answer = client.post("/settings/look/", headers={"Accept": "application/json"})
    assert (answer.status_code, "a lot at once" in answer.json()["detail"]) == (429, True)


def guess_elsewhere(email: str, password: str, times: int) -> bool:
    """Sign in from another process, which has no Redis; return whether it was let in."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.accounts.guessing", email, password, str(times)],
        cwd=conf.BASE_DIR,
        env=environment(redis_url="unix:///nowhere/redis.sock"),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[-1] == "in"


@pytest.mark.django_db
@pytest.mark.parametrize("is_redis_there", [True, False])
def test_guessing_a_password_ends_with_and_without_redis(
    is_redis_there: bool, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """6.3.1: without Redis tries are counted in the database: signing in is never unlimited."""
    if not is_redis_there:
        request.getfixturevalue("without_redis")
        # As FailSafeRedisCache sees it: nothing answers for as long as the breaker is open.
        monkeypatch.setattr(kinder_cache, "REST_SECONDS", 600.0)
        kinder_cache.breaker.rest()
    user = make_user(password="a kettle on the stove", has_second_factor=False)
    client = Client()
    for _try in range(8):
        client.post("/accounts/login/", {"login": user.email, "password": "wrong wrong wrong"})
    right = {"login": user.email, "password": "a kettle on the stove"}
    client.post("/accounts/login/", right)
    assert "_auth_user_id" not in client.session
    assert TryCount.objects.exists() is not is_redis_there
    for row in TryCount.objects.all():
        assert re.fullmatch(r"[0-9a-f]{64}", row.key), "a mark, and no network and no address"


@pytest.mark.django_db(transaction=True)
def test_without_redis_tries_are_counted_for_all_processes_together(settings: Any) -> None:
    """6.3.1: five wrong passwords are five, however many processes they are spread over."""
    # As the other processes read it.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    user = make_user(password="a kettle on the stove", has_second_factor=False)
    for _process in range(2):
        assert not guess_elsewhere(user.email, "wrong wrong wrong", 3)
    assert not guess_elsewhere(user.email, "a kettle on the stove", 1)
    other = make_user(password="a kettle on the stove", has_second_factor=False)
    assert guess_elsewhere(other.email, "a kettle on the stove", 1), "nobody else is held up"


@pytest.mark.django_db(transaction=True)
def test_guesses_at_once_are_all_counted_without_redis(without_redis: None) -> None:
    """6.3.1, 15.4.2: what guards a secret counts in the database, one after the other."""
    guarded = Limit("guarded", most=3, seconds=600, guards_secret=True)

    def guess() -> str:
        try:
            spend((guarded, "somebody"))
        except TooManyError:
            return "refused"
        return "let through"

    told = run_together(*[guess] * 8)
    assert sorted(told) == ["let through"] * 3 + ["refused"] * 5
    assert limits._here == {}


@pytest.mark.django_db
def test_what_guards_a_secret_is_marked_so() -> None:
    """Codes and proofs hold for all processes; a flood of moments is counted by each."""
    guarded = (
        limits.CODES_OF_DEVICE,
        limits.CODES_OF_NETWORK,
        proving.CODES_OF_ACCOUNT,
        proving.TRIES_OF_ACCOUNT,
        mail.CODES_OF_ADDRESS,
    )
    assert all(limit.guards_secret for limit in guarded)
    assert not limits.LOGS_OF_DEVICE.guards_secret
