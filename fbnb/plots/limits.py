"""How full each limit is: bars against the 100 percent at which Graph refuses."""

from __future__ import annotations

from collections.abc import Iterator

from fbnb.plots.picture import (
    BLUE,
    BOLD,
    INK,
    LEFT,
    LINE,
    OUTLINE,
    QUIET,
    RED,
    RIGHT,
    Picture,
    first,
    fit,
    inside,
    label,
    picture,
    span,
    stack,
    written,
)
from fbnb.usage import Load, Usage

_MOST = 40  # limits
_FULL = 306  # where 100 percent stands; right of it is room for who is beyond
_BAR = 14


def usage_chart(usage: Usage, title: str = "How full each limit is") -> Picture:
    """A bar for each measure of each limit, the fullest limit first, with its figure and the minutes to wait in words.

    What is beyond 125 percent ends in an arrow. Of a thousand limits it draws the first 40, and says how many more there are.
    """
    nearest_first = sorted(usage.loads, key=lambda load: (-load.minutes, -load.percent))
    loads, more = first(nearest_first, _MOST, "limit")
    more = more or ["Graph has told of no limit yet"] * (not loads)
    text = f"{title}: " + "; ".join([*map(_told, loads), *more]) + "."
    heads = [fit(_head(load), (RIGHT - LEFT) / BOLD, most=3) for load in loads]
    heights = (LINE * len(lines) + sum(_rows(load)) + 24 for load, lines in zip(loads, heads, strict=True))
    *tops, end = stack(heights, 30 if loads else 4)
    parts = [part for load, lines, y in zip(loads, heads, tops, strict=True) for part in _limit(load, lines, y)]
    parts += [label(["100 %: the limit"], inside(_FULL, span("100 %: the limit")), 20, fill=QUIET, middle=True)] * bool(loads)
    said, end = written(more, end)
    return picture(title, text, end + 2, [*parts, *said])


def _head(load: Load) -> str:
    of, tier = f" {load.of}" * bool(load.of), f", {load.tier}" * bool(load.tier)
    return f"{load.limit}{of}{tier}: {_wait(load)}"


def _wait(load: Load) -> str:
    if load.minutes:
        return f"wait {load.minutes} minute{'s' * (load.minutes != 1)}"
    return "minutes to wait not told" if _reached(load.percent) else "no wait"


def _reached(percent: float | None) -> bool:
    return percent is not None and percent >= 100


def _figures(load: Load) -> list[tuple[str, float | None]]:
    return [("calls", load.calls), ("cpu time", load.cpu_time), ("total time", load.total_time)]


def _figure(measure: str, percent: float | None) -> str:
    if percent is None:
        return f"{measure}: not told"
    return f"{measure}: {percent:.7g} %{', the limit is reached' * _reached(percent)}"


def _rows(load: Load) -> list[int]:
    """How tall each measure is: with a bar, or without."""
    return [24 if percent is None else 42 for _, percent in _figures(load)]


def _told(load: Load) -> str:
    return f"{_head(load)}; {', '.join(_figure(*figure) for figure in _figures(load))}"


def _limit(load: Load, lines: list[str], top: int) -> Iterator[str]:
    yield label(lines, LEFT, top + 16, fill=RED if load.minutes or _reached(load.percent) else INK, bold=True)
    for (measure, percent), y in zip(_figures(load), stack(_rows(load), top + LINE * len(lines) + 8), strict=False):
        yield label([_figure(measure, percent)], LEFT + 8, y + 14, fill=RED if _reached(percent) else INK)
        if percent is not None:
            yield from _bar(percent, y + 20)


def _bar(percent: float, y: int) -> Iterator[str]:
    left, most = LEFT + 8, RIGHT - 8
    colour, width = RED if _reached(percent) else BLUE, min(round((_FULL - left) * percent / 100), most - left)
    yield f'<rect x="{left}" y="{y}" width="{_FULL - left}" height="{_BAR}" fill="#ffffff" stroke="{OUTLINE}"/>'
    yield f'<rect x="{left}" y="{y}" width="{width}" height="{_BAR}" fill="{colour}"/>'
    if left + width == most:
        yield f'<path d="M{most} {y} l8 7 l-8 7 Z" fill="{colour}"/>'
    yield f'<path d="M{_FULL} {y - 4} V{y + _BAR + 4}" stroke="{INK}" stroke-width="2" stroke-dasharray="4 2"/>'
