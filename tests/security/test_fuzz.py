"""Bent requests made of the API's own description. ASVS 2.2.1, 4.1, 16.5.

Each operation gets some cases in every run; HYPOTHESIS_PROFILE=thorough makes 700 of each. Every run
prints how many requests it made, and what they were answered.
"""

import json
from collections import Counter
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.conf import settings
from django.test import Client

from connections.reports import reading
from kinder.accounts.devices import COOKIE
from tests.security.headers import check_headers
from tests.security.rows import DEVICE, NOBODY, THINGS, World
from tests.security.test_every_address import ROWS

pytestmark = pytest.mark.django_db(databases=["default", "reports"])

THOROUGH = hypothesis.settings.get_profile("thorough").max_examples
CASES = 12
# A description and where its addresses begin.
SCHEMAS = {"/api/v1/schema/": "", "/ogc/api": "/ogc"}


@pytest.fixture(autouse=True)
def read_in_the_open_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "READER", "default")


def cases_of_each() -> int:
    is_thorough = hypothesis.settings().max_examples >= THOROUGH
    return 700 if is_thorough else CASES


@pytest.mark.parametrize("who", [NOBODY, DEVICE])
@pytest.mark.parametrize("path", SCHEMAS)
def test_no_bent_request_breaks_the_api(
    path: str, who: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """16.5.3: whatever a program sends, it gets an answer of ours, and never a 500."""
    world = World(who)
    for name in ("place", "moment", "reported area"):
        world.make(name, is_own=True)
    described = Client().get(path, headers={"Accept": "application/json"})
    assert described.status_code == 200
    schema = schemathesis.openapi.from_dict(json.loads(described.content))
    counts: Counter[int] = Counter()
    operations: list[Any] = [found.ok() for found in schema.get_all_operations()]  # type: ignore[union-attr]
    assert operations
    for operation in operations:
        ask = make_asker(operation, world, counts, SCHEMAS[path])
        ask()
    assert counts.total() >= len(operations)
    with capsys.disabled():
        print(f"\n{path} as {who}: {counts.total()} requests, {dict(sorted(counts.items()))}")


def make_asker(operation: Any, world: World, counts: Counter[int], root: str) -> Any:
    @hypothesis.settings(
        max_examples=cases_of_each(),
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        response = send(case, world, root)
        counts[response.status_code] += 1
        at = f"{case.method} {case.formatted_path} {case.query!r} {case.body!r}"
        assert response.status_code < 500, at
        check_headers(response.headers, case.formatted_path)

    return ask


def send(case: Any, world: World, root: str) -> Any:
    client = world.client()
    kwargs = case.as_transport_kwargs(base_url=f"http://testserver{root}")
    headers = {
        name: value
        for name, value in dict(kwargs.get("headers") or {}).items()
        if value.isascii() and value.isprintable() and name.lower() not in {"cookie", "host"}
    }
    headers |= {"Origin": "http://testserver"}
    body = kwargs.get("data") or b""
    if kwargs.get("json") is not None:
        body = json.dumps(kwargs["json"]).encode()
    if isinstance(body, str):
        body = body.encode(errors="replace")
    content_type = headers.pop("Content-Type", None) or "application/json"
    query = kwargs.get("params")
    path = kwargs["url"].removeprefix("http://testserver")
    if isinstance(query, str):
        path, query = f"{path}?{query}", None
    return client.generic(
        case.method,
        path,
        body if isinstance(body, bytes) else json.dumps(body, default=str).encode(),
        content_type=content_type,
        query_params=query,
        headers=headers,
    )


def test_the_things_that_are_fuzzed_are_there() -> None:
    assert {"place", "moment", "reported area"} <= set(THINGS)
    assert {row.given for row in ROWS.values() if row.given} <= set(THINGS)
    assert COOKIE == settings.DEVICE_COOKIE_NAME
