"""Real processes for tests that stop, kill or break them: a Redis, a Celery worker, Beat.

They use the test's own database and a Redis of their own, so that no other test hears the noise.
Everything started here ends with its block.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import redis
from django.conf import settings
from django.db import connections


def wait_until(happens: Callable[[], bool], *, seconds: float = 20, what: str) -> None:
    """Return once it happens; fail, saying `what` did not, after `seconds`."""
    limit = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < limit, f"not within {seconds} s: {what}"
        time.sleep(0.05)


class RedisServer:
    """A Redis of one test's own on a socket in `folder`, that may be stopped, hung or emptied."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "redis.sock"
        self.url = f"unix://{self.socket}?db=0"
        self.client = redis.Redis.from_url(self.url, socket_timeout=1)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.socket, "--save", "",
             "--appendonly", "no", "--dir", self.socket.parent, "--logfile", "redis.log"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        wait_until(self.answers, what="Redis answers")

    def answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except (redis.RedisError, OSError):
            return False

    def kill(self) -> None:
        """End it at once; what it held is gone."""
        self._signal(signal.SIGKILL)
        if self._process:
            self._process.wait()
        self._process = None
        self.socket.unlink(missing_ok=True)

    def hang(self) -> None:
        """Stop it answering without closing a connection."""
        self._signal(signal.SIGSTOP)

    def wake(self) -> None:
        self._signal(signal.SIGCONT)

    def close(self) -> None:
        self.client.close()
        if self._process:
            self.kill()

    def _signal(self, number: int) -> None:
        assert self._process, "it was not started"
        self._process.send_signal(number)


@contextmanager
def running_redis() -> Iterator[RedisServer]:
    """Run a private Redis."""
    # A short path: a socket's address holds 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="kinder-redis-"))
    server = RedisServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.close()
        shutil.rmtree(folder)


def environment(*, redis_url: str) -> dict[str, str]:
    """Return the environment in which another process works on this test's database.

    The test must commit (`transaction=True`), else the process sees nothing of it.
    """
    name = connections["default"].settings_dict["NAME"]
    return os.environ | {
        "DATABASE_URL": _on_database(settings.DATABASE_URL, name),
        "REPORTS_DATABASE_URL": _on_database(settings.REPORTS_DATABASE_URL, name),
        "REDIS_URL": redis_url,
    }


def _on_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


class Program:
    """One started program; its output is kept for the message of a test that fails."""

    def __init__(self, *command: str | Path, env: dict[str, str], log: Path) -> None:
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                cwd=settings.BASE_DIR,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def times_said(self, words: str) -> int:
        """Count `words` in its output; fail when it has ended by itself."""
        text = self._log.read_text(errors="replace")
        assert self._process.poll() is None, f"it ended by itself:\n{text[-3000:]}"
        return text.count(words)

    def said(self, words: str) -> bool:
        return self.times_said(words) > 0

    def kill(self) -> None:
        """End it and all its children at once, as a failing machine would."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def end(self) -> None:
        """Ask it to end, then make sure."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.kill()


@contextmanager
def running_worker(
    folder: Path, *, redis_url: str, concurrency: int = 1, name: str = "worker"
) -> Iterator[Program]:
    """Run a Celery worker on this test's database; it is ready when the block begins."""
    worker = Program(
        sys.executable, "-m", "celery", "-A", "kinder", "worker", "--concurrency", str(concurrency),
        "--loglevel", "INFO", "--without-mingle", "--without-gossip", "--hostname", f"{name}@test",
        env=environment(redis_url=redis_url), log=folder / f"{name}.log",
    )  # fmt: skip
    try:
        wait_until(lambda: worker.said("ready."), seconds=60, what=f"{name} is ready")
        yield worker
    finally:
        worker.end()


@contextmanager
def running_beat(folder: Path, *, redis_url: str) -> Iterator[Program]:
    """Run Beat, which sends the periodic tasks."""
    beat = Program(
        sys.executable, "-m", "celery", "-A", "kinder", "beat", "--loglevel", "INFO", "--pidfile=",
        "--schedule", folder / "beat-schedule",
        env=environment(redis_url=redis_url), log=folder / "beat.log",
    )  # fmt: skip
    try:
        wait_until(lambda: beat.said("beat: Starting"), seconds=60, what="Beat starts")
        yield beat
    finally:
        beat.end()
