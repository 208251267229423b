"""Charts as small SVG, drawn from released numbers alone.

One drawing serves page, file and PDF: colours stand as attributes for paper, and classes let the
page's style sheet change them for the dark or for forced colours. Each chart has its table beside
it, so the drawing carries a name and nothing else for a screen reader. Written here and not by a
chart library: those bring scripts and inline styles, which the page's policy forbids, or ten times
the bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

from django.utils.safestring import SafeString, mark_safe

from connections.indicators.definitions import show_number

INK, INK_2, GRID, PINE, AMBER = "#23302E", "#51605C", "#E0D6C5", "#17594A", "#F2B84B"
RAMP = ("#F3E9CF", "#D9D3A0", "#9FC096", "#5B9C86", "#2B7470", "#134B55")
FONT = "Atkinson Hyperlegible Next, sans-serif"


@dataclass(frozen=True, slots=True)
class Point:
    """A released figure in a chart; no `value` where none is shown, and then `mark` stands there.

    `is_break`: made by another method than the point before, so nothing joins the two.
    """

    label: str
    value: float | None
    low: float | None
    high: float | None
    mark: str = ""
    is_break: bool = False


def _tag(name: str, text: str | None = None, /, **attributes: object) -> str:
    # A trailing underscore frees Python's own words; inner ones are hyphens.
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_short(value))}"'
        for key, value in attributes.items()
    )
    return f"<{name}{written}/>" if text is None else f"<{name}{written}>{escape(text)}</{name}>"


def _finish(drawn: Sequence[str]) -> SafeString:
    return mark_safe("".join([*drawn, "</svg>"]))  # noqa: S308 - texts were escaped one by one


def _short(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def _open(width: float, height: float, name: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" '
        f'aria-label="{escape(name)}" viewBox="0 0 {_short(float(width))} {_short(float(height))}" '
        f'width="{_short(float(width))}" height="{_short(float(height))}" direction="ltr">'
    )


def _words(x: float, y: float, text: str, *, anchor: str = "middle", class_: str = "") -> str:
    return _tag(
        "text",
        text,
        x=x,
        y=y,
        text_anchor=anchor,
        font_size=14,
        font_family=FONT,
        fill=INK_2,
        class_=class_ or "chart-words",
    )


def make_ticks(lowest: float, highest: float, about: int = 4) -> list[float]:
    """Return round numbers that hold `lowest` … `highest`, about `about` of them."""
    span = highest - lowest or abs(highest) or 1.0
    rough = span / about
    scale = 10.0 ** floor(log10(rough))
    step = next(f * scale for f in (1, 2, 2.5, 5, 10) if f * scale >= rough * 0.999)
    first, last = floor(lowest / step + 1e-9), ceil(highest / step - 1e-9)
    return [round(index * step, 10) for index in range(first, max(last, first + 1) + 1)]


def _reach(points: Sequence[Point]) -> tuple[float, float]:
    """The axis begins at nought, so that a small change never looks large."""
    ends = [
        end for point in points for end in (point.value, point.low, point.high) if end is not None
    ]
    return min(0.0, *ends, 0.0), max(*ends, 0.0)


def _place(value: float, ticks: Sequence[float], start: float, end: float) -> float:
    return start + (value - ticks[0]) / (ticks[-1] - ticks[0]) * (end - start)


def draw_trend(points: Sequence[Point], name: str) -> SafeString:
    """Return quarters from left to right: dots with their intervals, joined where both are shown.

    Empty where fewer than two are shown: there is no trend to see.
    """
    if sum(point.value is not None for point in points) < 2:
        return SafeString("")
    width, height, left, right, top, bottom = 520.0, 200.0, 52.0, 16.0, 12.0, 30.0
    ticks = make_ticks(*_reach(points))
    inner = (width - left - right) / len(points)
    drawn = [_open(width, height, name)]
    for tick in ticks:
        y = _place(tick, ticks, height - bottom, top)
        drawn.append(
            _tag(
                "path",
                d=f"M{left} {y:.1f}H{width - right}",
                stroke=GRID,
                stroke_width=1,
                class_="chart-grid",
            )
        )
        drawn.append(_words(left - 8, y + 4.5, show_number(tick), anchor="end"))
    every = ceil(len(points) / 6)
    before: tuple[float, float] | None = None
    dots: list[str] = []
    for index, point in enumerate(points):
        x = left + inner * (index + 0.5)
        # Counted from the newest, which always has its name.
        if (len(points) - 1 - index) % every == 0:
            drawn.append(_words(x, height - 9, point.label))
        if point.is_break:
            drawn.append(
                _tag(
                    "path",
                    d=f"M{x - inner / 2:.1f} {top}V{height - bottom}",
                    stroke=INK_2,
                    stroke_width=1,
                    stroke_dasharray="3 4",
                    class_="chart-break",
                )
            )
            before = None
        if point.value is None:
            drawn.append(_words(x, height - bottom - 6, point.mark, class_="chart-mark"))
            before = None
            continue
        y = _place(point.value, ticks, height - bottom, top)
        if before is not None:
            drawn.append(
                _tag(
                    "path",
                    d=f"M{before[0]:.1f} {before[1]:.1f}L{x:.1f} {y:.1f}",
                    stroke=PINE,
                    stroke_width=2,
                    class_="chart-line",
                )
            )
        dots.append(_draw_dot(x, y, point, ticks, height - bottom, top, is_upright=True))
        before = (x, y)
    return _finish([*drawn, *dots])


def _draw_dot(
    x: float,
    y: float,
    point: Point,
    ticks: Sequence[float],
    start: float,
    end: float,
    *,
    is_upright: bool,
) -> str:
    dot = _tag("circle", cx=x, cy=y, r=4.5, fill=PINE, class_="chart-dot")
    if point.low is None or point.high is None:
        return dot
    low, high = (_place(bound, ticks, start, end) for bound in (point.low, point.high))
    if is_upright:
        path = f"M{x:.1f} {low:.1f}V{high:.1f}M{x - 4:.1f} {low:.1f}h8M{x - 4:.1f} {high:.1f}h8"
    else:
        path = f"M{low:.1f} {y:.1f}H{high:.1f}M{low:.1f} {y - 4:.1f}v8M{high:.1f} {y - 4:.1f}v8"
    return (
        _tag("path", d=path, stroke=PINE, stroke_width=1.5, fill="none", class_="chart-range") + dot
    )


def draw_ranges(points: Sequence[Point], name: str) -> SafeString:
    """Return areas one under the other, in the order given: dots with intervals on one scale.

    Empty where nothing is shown.
    """
    if all(point.value is None for point in points):
        return SafeString("")
    row, left, right, top, bottom, width = 30.0, 190.0, 20.0, 8.0, 28.0, 520.0
    height = top + row * len(points) + bottom
    ticks = make_ticks(*_reach(points))
    drawn = [_open(width, height, name)]
    for tick in ticks:
        x = _place(tick, ticks, left, width - right)
        drawn.append(
            _tag(
                "path",
                d=f"M{x:.1f} {top}V{height - bottom}",
                stroke=GRID,
                stroke_width=1,
                class_="chart-grid",
            )
        )
        drawn.append(_words(x, height - 9, show_number(tick)))
    for index, point in enumerate(points):
        y = top + row * (index + 0.5)
        drawn.append(_words(left - 12, y + 4.5, _fit(point.label), anchor="end"))
        if point.value is None:
            drawn.append(_words(left + 8, y + 4.5, point.mark, anchor="start", class_="chart-mark"))
            continue
        x = _place(point.value, ticks, left, width - right)
        drawn.append(_draw_dot(x, y, point, ticks, left, width - right, is_upright=False))
    return _finish(drawn)


def _fit(label: str, most: int = 25) -> str:
    return label if len(label) <= most else f"{label[: most - 1]}…"


@dataclass(frozen=True, slots=True)
class Outlines:
    """The borders of some areas as SVG paths by area id, and the box that holds them all."""

    paths: Mapping[int, str]
    box: tuple[float, float, float, float]

    @property
    def view_box(self) -> str:
        x, y, width, height = self.box
        pad = max(width, height) * 0.02
        return " ".join(
            _short(number) for number in (x - pad, y - pad, width + 2 * pad, height + 2 * pad)
        )


HATCH = (
    '<pattern id="hatch" width="{0}" height="{0}" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect width="{0}" height="{0}" fill="#FFFFFF" '
    'class="chart-hatch-paper"/><rect width="{1}" height="{0}" fill="#867C6C" '
    'class="chart-hatch-line"/></pattern>'
)


def draw_shapes(outlines: Outlines) -> SafeString:
    """Return the borders once, unseen, for the maps of a page to draw from."""
    size = max(outlines.box[2:]) / 60
    shapes = "".join(_tag("path", id=f"a{pk}", d=d) for pk, d in outlines.paths.items())
    hatch = HATCH.format(_short(size), _short(size / 4))
    return _finish([f'<svg class="chart-shapes" aria-hidden="true"><defs>{hatch}{shapes}</defs>'])


def draw_map(
    outlines: Outlines, classes: Mapping[int, int], name: str, *, is_alone: bool = False
) -> SafeString:
    """Return a small map: each area in the colour of its class, hatched where nothing is shown.

    `is_alone` draws the borders themselves, for a file of its own; else they come from
    `draw_shapes` on the same page.
    """
    _x, _y, width, height = outlines.box
    line = max(width, height) / 400
    size = max(width, height) / 60
    shown = 320 / max(width, height)
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart chart-map" role="img" '
        f'aria-label="{escape(name)}" viewBox="{outlines.view_box}" '
        f'width="{width * shown:.0f}" height="{height * shown:.0f}">'
    ]
    if is_alone:
        drawn.append(f"<defs>{HATCH.format(_short(size), _short(size / 4))}</defs>")
    for pk, path in outlines.paths.items():
        step = classes.get(pk, 0)
        look = {
            "fill": RAMP[step - 1] if step else "url(#hatch)",
            "stroke": INK_2,
            "stroke_width": _short(line),
            "class_": f"area-{step}",
        }
        drawn.append(
            _tag("path", d=path, **look) if is_alone else _tag("use", href=f"#a{pk}", **look)
        )
    return _finish(drawn)
