"""A Redis to break and a web server to ask meanwhile."""

import http.client
import json
import socket
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.utils import timezone

from kinder.accounts.devices import COOKIE, make_key
from places.models import Area
from tests.processes import Program, RedisServer, environment, running_redis, wait_until


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


class Web:
    """A web server of its own, and one phone that asks it."""

    def __init__(self, program: Program, port: int) -> None:
        self.program = program
        self.port = port
        self.key = make_key()

    def log(self, area: Area) -> int:
        """Log a moment as a browser does; return the answer's status."""
        body = {
            "direction": "gave",
            "kind": "hello",
            "area": area.code,
            "occurred_on": timezone.localdate().isoformat(),
        }
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(
                "PUT",
                f"/api/v1/interactions/{uuid.uuid4()}/",
                json.dumps(body),
                {
                    "Content-Type": "application/json",
                    "Origin": f"http://127.0.0.1:{self.port}",
                    "Cookie": f"{COOKIE}={self.key}",
                },
            )
            response = connection.getresponse()
            response.read()
            return response.status
        finally:
            connection.close()


@contextmanager
def running_web(folder: Path, *, redis_url: str, workers: int = 1) -> Iterator[Web]:
    """Run the web server on this test's database, as bin/run does; it answers when this begins."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = Program(
        Path(sys.executable).with_name("granian"),
        *("--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", str(workers), "--blocking-threads", "4", "--backpressure", "64"),
        *("--no-access-log", "kinder.wsgi:application"),
        env=environment(redis_url=redis_url),
        log=folder / "web.log",
    )

    def answers() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return False
        return True

    try:
        wait_until(answers, seconds=60, what="the web answers")
        yield Web(program, port)
    finally:
        program.end()
