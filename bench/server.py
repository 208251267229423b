"""A real web server for benchmarks, and a client that asks it over loopback or keeps to a pace."""

import asyncio
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Server:
    """A running granian."""

    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """Return the processor time that the server and its workers have used so far."""
        total = 0.0
        for pid in (self.pid, *_children(self.pid)):
            stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += (int(stat[11]) + int(stat[12])) / TICKS
        return total


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child), *_children(int(child))]
    return found


def count_workers() -> int:
    """Return how many processes of the web bin/run starts on this machine."""
    return min(max(len(os.sched_getaffinity(0)), 2), 8)


@contextmanager
def run_server(
    *, threads: int = 4, settings: str = "kinder.settings", **environment: str
) -> Iterator[Server]:
    """Run granian as bin/run does, on a free port of loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [
            Path(sys.executable).with_name("granian"),
            *("--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
            *("--workers", str(count_workers()), "--blocking-threads", str(threads)),
            *("--backpressure", "64", "--no-access-log", "--log-level", "error"),
            "kinder.wsgi:application",
        ],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": settings} | environment,
    )
    try:
        limit = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if time.monotonic() > limit or process.poll() is not None:
                    raise SystemExit("The server did not start.") from None
                time.sleep(0.1)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait(20)


@dataclass
class Run:
    """What a client saw."""

    seconds: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return len(self.waits) / self.seconds

    def percentile(self, share: float) -> float:
        """Return the wait in seconds that `share` of requests stayed within."""
        return sorted(self.waits)[min(len(self.waits) - 1, int(share * len(self.waits)))]


def make_request(method: str, path: str, body: bytes, **headers: str) -> bytes:
    """Return the bytes of an HTTP/1.1 request that keeps its connection."""
    lines = [
        f"{method} {path} HTTP/1.1",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def ask_closed(
    port: int, make: Callable[[], bytes], *, seconds: float, connections: int = 8
) -> Run:
    """Ask as fast as `connections` connections get their answers."""
    run = Run()

    async def ask() -> None:
        line = await _open(port)
        end = began + seconds
        while (sent := time.perf_counter()) < end:
            await line.ask(make(), run)
            run.waits.append(time.perf_counter() - sent)
        line.transport.close()

    async def ask_all() -> None:
        await asyncio.gather(*(ask() for _ in range(connections)))

    began = time.perf_counter()
    asyncio.run(ask_all())
    run.seconds = time.perf_counter() - began
    return run


def ask_open(
    port: int, make: Callable[[], bytes], *, rate: float, seconds: float, connections: int = 32
) -> Run:
    """Ask at `rate` whatever comes back; a wait begins when the request was due, not when sent."""
    run = Run()

    async def ask(queue: asyncio.Queue[float | None]) -> None:
        line = await _open(port)
        while (due := await queue.get()) is not None:
            await line.ask(make(), run)
            run.waits.append(time.perf_counter() - due)
        line.transport.close()

    async def ask_all() -> None:
        queue: asyncio.Queue[float | None] = asyncio.Queue()
        askers = [asyncio.create_task(ask(queue)) for _ in range(connections)]
        for n in range(int(rate * seconds)):
            due = began + n / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            queue.put_nowait(due)
        for _ in askers:
            queue.put_nowait(None)
        await asyncio.gather(*askers)

    began = time.perf_counter()
    asyncio.run(ask_all())
    run.seconds = time.perf_counter() - began
    return run


class _Line(asyncio.Protocol):
    """A connection that asks one thing at a time. Asyncio's streams would cost the client as much
    processor time as the answer costs the server, on the same machine."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self.answered: asyncio.Future[int] | None = None
        # What came of an answer's head, and how much of its body is still to come.
        self.head, self.missing, self.status = b"", -1, 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def connection_lost(self, _error: Exception | None) -> None:
        if self.answered is not None and not self.answered.done():
            self.answered.set_exception(SystemExit("The server hung up."))

    def data_received(self, data: bytes) -> None:
        assert self.answered is not None, "it answers what nobody asked"
        if self.missing < 0:
            self.head += data
            end = self.head.find(b"\r\n\r\n")
            if end < 0:
                return
            self.status = int(self.head[9:12])
            length = _CONTENT_LENGTH.search(self.head, 0, end + 2)
            if length is None and self.status != 304:
                text = self.head[:end].decode()
                self.answered.set_exception(SystemExit(f"An answer without a length: {text}"))
                return
            self.missing = (int(length[1]) if length else 0) - (len(self.head) - end - 4)
        else:
            self.missing -= len(data)
        if self.missing == 0:
            self.head, self.missing = b"", -1
            self.answered.set_result(self.status)

    async def ask(self, request: bytes, run: Run) -> None:
        self.answered = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        status = await self.answered
        run.statuses[status] = run.statuses.get(status, 0) + 1


async def _open(port: int) -> _Line:
    loop = asyncio.get_running_loop()
    _transport, line = await loop.create_connection(_Line, "127.0.0.1", port)
    return line
