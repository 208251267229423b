"""The look keeps its promises: contrast, weight, no inline code, words that can be translated."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
DIST = ROOT / "static" / "dist"
TOKENS = (ROOT / "static" / "src" / "css" / "parts" / "tokens.css").read_text()
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
# A file to keep: it carries its style with it, and no page of the site shows it.
DOWNLOADS = {"reports/report.html"}
PAGES = [path for path in TEMPLATES if str(path.relative_to(ROOT / "templates")) not in DOWNLOADS]
MAPS = ("map.js", "draw.js", "pick.js")
SHEETS = sorted((ROOT / "static" / "src" / "css").rglob("*.css"))
KB = 1000

# text, ground, least ratio: 4.5 for words (WCAG 1.4.3), 3 for lines of controls (1.4.11).
PAIRS = [
    ("ink", "paper", 7),
    ("ink", "card", 7),
    ("ink", "sunk", 7),
    ("ink-2", "paper", 4.5),
    ("ink-2", "card", 4.5),
    ("ink-2", "sunk", 4.5),
    ("pine", "paper", 4.5),
    ("pine", "card", 4.5),
    ("pine", "sunk", 4.5),
    ("pine", "pine-soft", 4.5),
    ("pine-deep", "pine-soft", 4.5),
    ("on-pine", "pine", 4.5),
    ("on-pine", "pine-deep", 4.5),
    ("heather", "card", 4.5),
    ("heather", "heather-soft", 4.5),
    ("rose", "paper", 4.5),
    ("rose", "card", 4.5),
    ("rose", "rose-soft", 4.5),
    ("ink", "pine-soft", 7),
    ("ink", "heather-soft", 7),
    ("ink", "rose-soft", 7),
    ("ink", "amber-soft", 7),
    ("ink-2", "amber-soft", 4.5),
    ("on-amber", "amber", 7),
    ("on-amber", "amber-deep", 4.5),
    ("control", "paper", 3),
    ("control", "card", 3),
    ("control", "sunk", 3),
]


def read_tokens(selector: str) -> dict[str, str]:
    block = TOKENS[TOKENS.index(selector) :]
    return dict(re.findall(r"--([\w-]+): (#[0-9A-F]{6});", block[: block.index("}")]))


LIGHT = read_tokens(":root {")
DARK = LIGHT | read_tokens(':root[data-theme="dark"] {')
DARK_BY_DEVICE = LIGHT | read_tokens(':root:not([data-theme="light"]) {')


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_formula_is_that_of_wcag() -> None:
    assert contrast("#FFFFFF", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize(("text", "ground", "least"), PAIRS)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_contrast(theme: dict[str, str], text: str, ground: str, least: float) -> None:
    assert contrast(theme[text], theme[ground]) >= least


def test_contrast_that_the_design_states() -> None:
    stated = {
        ("ink", "paper"): 12.8,
        ("ink-2", "paper"): 6.2,
        ("pine", "paper"): 7.7,
        ("on-pine", "pine"): 8.2,
        ("control", "paper"): 3.8,
        ("on-amber", "amber"): 7.5,
    }
    for (text, ground), ratio in stated.items():
        assert contrast(LIGHT[text], LIGHT[ground]) >= ratio - 0.05, (text, ground)


def test_dark_is_the_same_by_device_and_by_choice() -> None:
    assert DARK == DARK_BY_DEVICE
    assert DARK != LIGHT


def test_neighbouring_steps_of_the_map_can_be_told_apart_without_colour() -> None:
    ramp = [luminance(LIGHT[f"ramp-{step}"]) for step in range(1, 7)]
    assert ramp == sorted(ramp, reverse=True)
    for dark, light in zip(ramp[1:], ramp, strict=False):
        assert (light + 0.05) / (dark + 0.05) >= 1.2


def weigh(name: str) -> int:
    """The size of a built file as it travels: compressed, but for fonts, which are already."""
    data = (DIST / name).read_bytes()
    return len(data) if name.endswith(".woff2") else len(gzip.compress(data, 9))


def test_weights() -> None:
    font = weigh("fonts/atkinson-hyperlegible-next-latin-wght-normal.woff2")
    assert weigh("css/site.css") <= 12 * KB
    # What is left of the 60 kB of a first load belongs to the page and its script of 5 kB.
    assert weigh("css/site.css") + font <= 45 * KB
    for script in MAPS:
        assert weigh(f"js/{script}") + weigh("css/map.css") <= 180 * KB, script
    assert weigh("js/map-open.js") <= 2 * KB
    assert weigh("css/worker.css") + weigh("js/worker.js") <= 5 * KB


def test_every_page_script_of_residents_is_small() -> None:
    scripts = list((DIST / "js").glob("*.js"))
    assert {"worker.js", *MAPS} < {script.name for script in scripts}
    for script in scripts:
        # Maps are opened by a tap, and have their own bound above.
        if script.name not in {*MAPS, "worker.js"}:
            assert weigh(f"js/{script.name}") <= 10 * KB, script.name


def test_no_font_or_other_peoples_code_is_committed() -> None:
    committed = [path for path in (ROOT / "static" / "src").rglob("*") if path.is_file()]
    assert {path.suffix for path in committed} <= {".css", ".js", ".json", ".svg", ".png"}


def test_styles_use_no_colour_outside_the_tokens() -> None:
    allowed = {"#333", "#666", "#999"}  # print
    assert len(SHEETS) > 10
    for sheet in SHEETS:
        if sheet.name == "tokens.css":
            continue
        found = set(re.findall(r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)", sheet.read_text()))
        assert found <= allowed, sheet.name


def test_styles_run_in_both_directions() -> None:
    physical = re.compile(r"[\s;{](?:margin|padding|border)-(?:left|right)|\b(?:left|right)\s*:")
    assert len(SHEETS) > 10
    for sheet in SHEETS:
        assert not physical.search(sheet.read_text()), sheet.name


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_template_has_no_inline_code(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<style\b", text)
    assert not re.search(r"""\sstyle\s*=\s*["']""", text)
    assert not re.search(r"""\son[a-z]+\s*=\s*["']""", text)
    for script in re.findall(r"<script\b[^>]*>", text):
        # Data for search engines and for a script of ours is no code.
        assert "src=" in script or re.search(r'type="application/(ld\+)?json"', script), script
    assert "|safe" not in text
    assert "autoescape off" not in text


def words_outside_tags(text: str) -> Iterator[str]:
    text = re.sub(r"{% comment %}.*?{% endcomment %}", " ", text, flags=re.DOTALL)
    text = re.sub(r"{% block \w+_class %}.*?{% endblock %}", " ", text)
    text = re.sub(r"{% blocktranslate.*?{% endblocktranslate %}", " ", text, flags=re.DOTALL)
    text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", " ", text, flags=re.DOTALL)
    # Data for a script is no text, unless it says so by its name.
    text = re.sub(r'\bdata-(?!text)[\w-]+="[^"]*"', " ", text)
    for attribute in re.findall(r"""\b(?:aria-label|alt|title|placeholder)="([^"]*)\"""", text):
        yield from re.findall(r"[A-Za-z]{2,}", attribute)
    text = re.sub(r"<(script|kbd|code)\b.*?</\1>", " ", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->|<[^>]*>|&\w+;", " ", text, flags=re.DOTALL)
    yield from re.findall(r"[A-Za-z]{2,}", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_words_of_a_template_can_be_translated(path: Path) -> None:
    # A language stands under its own name; a standard under its letters.
    names = {"Kinder", "DOCTYPE", "CSV", "PDF", "JSON", "HTML", "QR", "SHA", "km", "min", "English"}
    assert set(words_outside_tags(path.read_text())) <= names
