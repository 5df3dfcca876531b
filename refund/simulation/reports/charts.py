"""Charts as pictures that stand in a page: lines of text with classes, no script and no style."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH = 720
HEIGHT = 250
LEFT, RIGHT, TOP, BOTTOM = 76, 12, 12, 30
ROW = 30
LABEL = 240
"""How much of the width the labels of rows have."""

TICKS = 5
DAYS_LABELLED = 9

Write = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Series:
    """Values by day under one name; `kind` is bars, line or area, `tone` a number from 1."""

    name: str
    values: Sequence[float]
    kind: str = "line"
    tone: int = 1


@dataclass(frozen=True, slots=True)
class Bars:
    """A row of horizontal bars: a label, and for each series a value, None for none."""

    label: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Whisker:
    """A mean with its interval in a row of its own; `tone` is the class of its colour."""

    label: str
    mean: float
    low: float
    high: float
    tone: str = "1"
    said: str = ""


def by_day(days: Sequence[str], series: Sequence[Series], write: Write, label: str) -> Markup:
    """Values by day: bars side by side, lines and areas over one another.

    Args:
        days: in ISO 8601.
        series: each with a value a day.
        write: a value as people read it.
        label: what the picture shows, for who cannot see it.
    """
    most = max((value for one in series for value in one.values), default=0)
    ticks = nice_ticks(0, most)
    top = ticks[-1]
    inner = WIDTH - LEFT - RIGHT
    pitch = inner / max(1, len(days))

    def x(place: float) -> float:
        return LEFT + pitch * place

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value / top if top else 0))

    parts = [_grid(y(one), write(one)) for one in ticks]
    every = max(1, math.ceil(len(days) / DAYS_LABELLED))
    parts += [
        f'<text class="ch-tick" x="{x(n + 0.5):.1f}" y="{HEIGHT - 10}"'
        f' text-anchor="middle">{escape(day[5:])}</text>'
        for n, day in enumerate(days)
        if n % every == 0
    ]
    bars = [one for one in series if one.kind == "bars"]
    for one in series:
        if one.kind == "bars":
            width = pitch * 0.8 / len(bars)
            shift = pitch * 0.1 + width * bars.index(one)
            parts += [
                f'<rect class="ch-fill ch-{one.tone}" x="{x(n) + shift:.2f}" y="{y(value):.2f}"'
                f' width="{width:.2f}" height="{y(0) - y(value):.2f}">'
                f"<title>{escape(f'{days[n]}: {one.name} {write(value)}')}</title></rect>"
                for n, value in enumerate(one.values)
                if value > 0
            ]
        else:
            parts.append(_curve(one, [(x(n + 0.5), y(v)) for n, v in enumerate(one.values)], y(0)))
    return _picture(HEIGHT, label, parts)


def across(rows: Sequence[Bars], write: Write, label: str) -> Markup:
    """Horizontal bars, one for each series in every row, each with its value written at its end."""
    most = max((v for one in rows for v in one.values if v is not None), default=0) or 1
    room = WIDTH - LABEL - 110
    parts: list[str] = []
    for n, one in enumerate(rows):
        top = n * ROW
        parts.append(
            f'<text class="ch-label" x="{LABEL - 10}" y="{top + ROW / 2 + 4:.1f}"'
            f' text-anchor="end">{escape(_short(one.label))}</text>'
        )
        height = (ROW - 8) / max(1, len(one.values))
        for place, value in enumerate(one.values):
            if value is None:
                continue
            y = top + 4 + place * height
            width = room * value / most
            parts.append(
                f'<rect class="ch-fill ch-{place + 1}" x="{LABEL}" y="{y:.1f}"'
                f' width="{max(width, 1):.1f}" height="{height - 1:.1f}"/>'
                f'<text class="ch-tick" x="{LABEL + max(width, 1) + 6:.1f}"'
                f' y="{y + height / 2 + 4:.1f}">{escape(write(value))}</text>'
            )
    return _picture(max(ROW, len(rows) * ROW), label, parts)


def whiskers(
    rows: Sequence[Whisker], write: Write, label: str, *, zero: bool, limit: float = math.inf
) -> Markup:
    """Means with their intervals, one a row, over one scale.

    Args:
        rows: from top to bottom.
        write: a tick as people read it.
        label: what the picture shows.
        zero: whether the scale has to have 0, with a line of its own.
        limit: no farther from 0 does the scale reach; what does goes to its end without a stop.
    """
    low = max(min((one.low for one in rows), default=0.0), -limit)
    high = min(max((one.high for one in rows), default=0.0), limit)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    ticks = nice_ticks(low, high)
    first, last = ticks[0], ticks[-1]
    room = WIDTH - LABEL - RIGHT - 24
    height = len(rows) * ROW

    def x(value: float) -> float:
        share = (min(max(value, first), last) - first) / (last - first) if last > first else 0.5
        return LABEL + 12 + room * share

    parts = []
    for one in ticks:
        is_zero = zero and one == 0
        kind = "ch-zero" if is_zero else "ch-grid"
        parts.append(
            f'<line class="{kind}" x1="{x(one):.1f}" x2="{x(one):.1f}" y1="0" y2="{height}"/>'
            f'<text class="ch-tick" x="{x(one):.1f}" y="{height + 18}"'
            f' text-anchor="middle">{escape(write(one))}</text>'
        )
    for n, row in enumerate(rows):
        y = n * ROW + ROW / 2
        parts.append(
            f'<text class="ch-label" x="{LABEL - 10}" y="{y + 4:.1f}"'
            f' text-anchor="end">{escape(_short(row.label))}</text>'
            f'<g class="ch-{row.tone}"><title>{escape(row.said or row.label)}</title>'
            f'<line class="ch-stroke" x1="{x(row.low):.1f}" x2="{x(row.high):.1f}"'
            f' y1="{y:.1f}" y2="{y:.1f}"/>'
            + "".join(_stop(x(end), y) for end in (row.low, row.high) if first <= end <= last)
            + f"{_mark(row.tone, x(row.mean), y)}</g>"
        )
    return _picture(height + 28, label, parts)


def nice_ticks(low: float, high: float) -> list[float]:
    """Round numbers from at or below the lowest value to at or above the highest."""
    if high <= low:
        high = low + 1
    raw = (high - low) / TICKS
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * one for one in (1, 2, 5, 10) if power * one >= raw * 0.9999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [one * step for one in range(first, last + 1)]


def _stop(x: float, y: float) -> str:
    return f'<line class="ch-stroke" x1="{x:.1f}" x2="{x:.1f}" y1="{y - 5:.1f}" y2="{y + 5:.1f}"/>'


def _mark(tone: str, x: float, y: float) -> str:
    """A mark whose shape says what its colour does: a dot for a change, a ring for noise."""
    kind = "ch-ring" if tone in ("noise", "unsure") else "ch-fill"
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'


def _curve(one: Series, points: Sequence[tuple[float, float]], ground: float) -> str:
    if not points:
        return ""
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    area = ""
    if one.kind == "area":
        ends = f"{points[0][0]:.1f},{ground:.1f} {line} {points[-1][0]:.1f},{ground:.1f}"
        area = f'<polygon class="ch-area ch-{one.tone}" points="{ends}"/>'
    return f'{area}<polyline class="ch-line ch-{one.tone}" points="{line}"/>'


def _grid(y: float, text: str) -> str:
    return (
        f'<line class="ch-grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="ch-tick" x="{LEFT - 8}" y="{y + 4:.1f}"'
        f' text-anchor="end">{escape(text)}</text>'
    )


def _short(label: str) -> str:
    """A label as long as there is room; wide letters count twice."""
    room, kept = 34, ""
    for letter in label:
        room -= 2 if ord(letter) > 0x2E7F else 1
        if room < 0:
            return kept.rstrip() + "…"
        kept += letter
    return kept


def _picture(height: float, label: str, parts: Sequence[str]) -> Markup:
    head = (
        f'<svg class="ch" viewBox="0 0 {WIDTH} {height:.0f}" role="img"'
        f' aria-label="{escape(label)}">'
    )
    return Markup(head + "".join(parts) + "</svg>")  # noqa: S704 - drawn by us; words are escaped
