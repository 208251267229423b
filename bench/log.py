"""Logging a moment, one by one and in batches, beside a plain DRF create on the same server.

Product and baseline are asked in turns within one run. The product counts rates in Redis, writes
each moment once and marks it to be counted; the baseline validates and inserts, no more.
"""

# ruff: noqa: E402 (Django is set up before its models are imported)

import json
import os
import random
import sys
import uuid
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from statistics import median

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.plain.settings"

import django

django.setup()

from django.db import connection
from django.utils import timezone

from bench.country import fill_country
from bench.plain.models import PlainMoment
from bench.server import Run, Server, ask_closed, ask_open, make_request, run_server
from connections.interactions.models import DirtyMark
from kinder.accounts.devices import find_device, make_key
from kinder.accounts.fingerprints import fingerprint
from kinder.accounts.models import Contributor, Device
from places.models import Place

PLACES, PEOPLE, MOMENTS = 100_000, 60_000, 1_000_000
DEVICES = 4_000
ROUNDS, SECONDS, CONNECTIONS = 3, 5.0, 8
BATCH = 50
RATIO_BAR, CPU_BAR, WAIT_BAR_MS, BATCH_BAR = 1.8, 0.6, 30.0, 10_000


def find_address(n: int) -> str:
    """Return the address of the nth device: each is at home in a network of its own."""
    return f"10.{n % 256}.{n // 256}.7"


class Asker:
    """Makes requests as many devices in many networks would."""

    def __init__(self, port: int, keys: list[str], people: list[uuid.UUID]) -> None:
        self.origin = f"http://127.0.0.1:{port}"
        self.keys, self.people = keys, people
        self.places = list(Place.objects.order_by("?").values_list("code", "pk", "area_id")[:5_000])
        self.turn = count()
        self.chance = random.Random(42)

    def make_moment(self) -> dict[str, object]:
        return {
            "direction": self.chance.choice(("gave", "received", "noticed")),
            "kind": "hello",
            "occurred_on": (
                timezone.localdate() - timedelta(days=self.chance.randrange(3))
            ).isoformat(),
            "is_different": "yes",
        }

    def headers(self) -> dict[str, str]:
        n = next(self.turn) % len(self.keys)
        key = self.keys[n]
        return {
            "Host": self.origin.removeprefix("http://"),
            "Origin": self.origin,
            "Cookie": f"kinder_device={key}",
            "X_Forwarded_For": find_address(n),
        }

    def log(self) -> bytes:
        moment = self.make_moment() | {"place": self.chance.choice(self.places)[0]}
        return make_request(
            "PUT",
            f"/api/v1/interactions/{uuid.uuid4()}/",
            json.dumps(moment).encode(),
            **self.headers(),
        )

    def log_batch(self) -> bytes:
        moments = [
            self.make_moment()
            | {"id": str(uuid.uuid4()), "place": self.chance.choice(self.places)[0]}
            for _ in range(BATCH)
        ]
        return make_request(
            "POST",
            "/api/v1/interactions/batch/",
            json.dumps({"interactions": moments}).encode(),
            **self.headers(),
        )

    def create_plainly(self) -> bytes:
        _code, place, area = self.chance.choice(self.places)
        moment = self.make_moment() | {
            "place": place,
            "area": area,
            "contributor": str(self.chance.choice(self.people)),
        }
        return make_request("POST", "/plain/", json.dumps(moment).encode(), **self.headers())


def prepare() -> tuple[list[str], list[uuid.UUID]]:
    """Fill the database; return the keys of known devices and their people."""
    fill_country(places=PLACES, people=PEOPLE, moments=MOMENTS)
    if PlainMoment._meta.db_table not in connection.introspection.table_names():
        with connection.schema_editor() as editor:
            editor.create_model(PlainMoment)
    with connection.cursor() as cursor:
        if not PlainMoment.objects.exists():
            # Baseline and product insert into tables that are equally large.
            columns = ", ".join(field.column for field in PlainMoment._meta.local_fields)
            cursor.execute(
                f"INSERT INTO plain_plainmoment ({columns})"
                f" SELECT {columns} FROM interactions_interaction"
            )
            cursor.execute("VACUUM (ANALYZE) plain_plainmoment")
        cursor.execute("TRUNCATE interactions_dirtymark")
    people = list(Contributor.objects.values_list("pk", flat=True)[:DEVICES])
    keys = [make_key() for _ in people]
    Device.objects.bulk_create(
        Device(contributor_id=person, key_hmac=fingerprint("device", key.encode()))
        for person, key in zip(people, keys, strict=True)
    )
    for n, key in enumerate(keys):
        # Which network a device is seen in is noted once a quarter, not with each moment.
        find_device(key, network=f"{find_address(n).rpartition('.')[0]}.0/24")
    return keys, people


def measure(server: Server, asker: Asker) -> dict[str, list[tuple[Run, float]]]:
    """Ask for each in turn; return the runs with the server's processor time."""
    makers = {"plain": asker.create_plainly, "log": asker.log, "batch": asker.log_batch}
    for make in makers.values():
        ask_closed(server.port, make, seconds=1.0, connections=CONNECTIONS)
    runs: dict[str, list[tuple[Run, float]]] = {name: [] for name in makers}
    for _ in range(ROUNDS):
        for name, make in makers.items():
            before = server.cpu_seconds()
            run = ask_closed(server.port, make, seconds=SECONDS, connections=CONNECTIONS)
            runs[name].append((run, server.cpu_seconds() - before))
    return runs


@dataclass(frozen=True)
class Line:
    """One row of quality.md, measured; `is_ok` where the bar is met."""

    name: str
    figure: float
    unit: str
    bar: str
    is_ok: bool
    baseline: float | None = None

    def tell(self) -> None:
        line = {"name": self.name, "figure": round(self.figure, 3), "unit": self.unit}
        if self.baseline is not None:
            line |= {"baseline": round(self.baseline, 3)}
            line |= {"ratio": round(self.figure / self.baseline, 3)}
        else:
            line |= {"baseline": None, "ratio": None}
        print(json.dumps(line | {"bar": self.bar, "ok": self.is_ok}, ensure_ascii=False))


def check_written(runs: dict[str, list[tuple[Run, float]]], half: Run) -> None:
    """Stop where the server refused or lost anything: a rate of refusals measures nothing."""
    allowed = {"plain": {201}, "log": {201}, "batch": {200}}
    for name, of in runs.items():
        for run, _cpu in of:
            if not run.statuses.keys() <= allowed[name]:
                raise SystemExit(f"Not everything was written ({name}): {run.statuses}")
    if set(half.statuses) != {201}:
        raise SystemExit(f"Not everything was written at half load: {half.statuses}")
    wanted = sum(len(run.waits) for run, _ in runs["log"]) + len(half.waits)
    wanted += BATCH * sum(len(run.waits) for run, _ in runs["batch"])
    if DirtyMark.objects.count() < wanted / BATCH:
        raise SystemExit("The database holds fewer marks than were acknowledged.")


def main() -> int:
    keys, people = prepare()
    with run_server(settings="bench.plain.settings", KINDER_TRUSTED_PROXIES="1") as server:
        asker = Asker(server.port, keys, people)
        runs = measure(server, asker)
        rates = {name: median(run.rate for run, _cpu in of) for name, of in runs.items()}
        cpu = {
            name: median(1000 * seconds / len(run.waits) for run, seconds in of)
            for name, of in runs.items()
        }
        half = ask_open(server.port, asker.log, rate=rates["log"] / 2, seconds=SECONDS * 2)
    check_written(runs, half)
    wait = 1000 * half.percentile(0.99)
    rows = BATCH * rates["batch"]
    lines = [
        Line(
            "log one",
            rates["log"],
            "moments/s",
            f"ratio ≥ {RATIO_BAR}",
            rates["log"] / rates["plain"] >= RATIO_BAR,
            rates["plain"],
        ),
        Line(
            "log one, processor time of the web",
            cpu["log"],
            "ms",
            f"ratio ≤ {CPU_BAR}",
            cpu["log"] / cpu["plain"] <= CPU_BAR,
            cpu["plain"],
        ),
        Line("log one, p99 at half load", wait, "ms", f"≤ {WAIT_BAR_MS}", wait <= WAIT_BAR_MS),
        Line("batch of 50", rows, "moments/s", f"≥ {BATCH_BAR}", rows >= BATCH_BAR),
    ]
    for line in lines:
        line.tell()
    return 0 if all(line.is_ok for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
