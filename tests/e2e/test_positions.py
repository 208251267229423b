"""What listens to every request in these tests hears a position that is sent."""

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from tests.e2e.conftest import POSITION, find_positions

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True, databases=["default", "reports"]),
]


@pytest.mark.parametrize(
    "script",
    [
        "fetch('/about/?lat=55.8&lon=-4.2')",
        f"fetch('/about/?q={POSITION['latitude']}')",
        f"fetch('/log/', {{method: 'POST', body: '{{\"here\": [{POSITION['longitude']}, 1]}}'}})",
        f"fetch('/about/', {{headers: {{'X-Here': '{POSITION['latitude']}'}}}})",
        "fetch('/log/', {method: 'POST', body: new URLSearchParams({latitude: '56'})})",
    ],
)
def test_a_position_that_is_sent_is_heard(
    browser: Browser, live_server: LiveServer, script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []

    def hear(request: object) -> None:
        found = find_positions(request)  # type: ignore[arg-type]
        if found:
            heard.append(found)

    monkeypatch.undo()  # the fixture would fail this test as it should
    context = browser.new_context(base_url=live_server.url)
    context.on("request", hear)
    page = context.new_page()
    page.goto("/about/")
    assert heard == []
    page.evaluate(f"{script}.then(() => null)")
    context.close()
    assert len(heard) == 1
