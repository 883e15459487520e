"""Who said what to whom: the requests that were made, as a sequence diagram."""

from __future__ import annotations

from collections.abc import Iterable

from fbnb.plots.arrows import LANES, Arrow, arrows
from fbnb.plots.picture import INK, LEFT, LINE, QUIET, RED, RIGHT, Picture, fit, inside, label, picture, span, stack, written
from fbnb.wire import Exchange

_X = dict(zip(LANES, (19, 67, 171, 322), strict=True))
_TOP = 38


def sequence_diagram(exchanges: Iterable[Exchange], title: str = "What went over the wire") -> Picture:
    """The requests, top to bottom, between you, the person's browser, the dialog and Graph; refusals in red, and in words.

    Of a thousand it draws the first 40, and says how many more there are.
    """
    drawn, more = arrows(exchanges)
    text = f"{title}: " + "; ".join([*(f"{a.start} to {a.end}: {a.words}" for a in drawn), *more]) + "."
    wrapped = [fit(arrow.words, RIGHT - LEFT) for arrow in drawn]
    *tops, end = stack((LINE * len(lines) + 24 for lines in wrapped), _TOP)
    parts = [*(_lane(name, end + 8) for name in LANES), *map(_drawn, drawn, wrapped, tops)]
    said, end = written(more, end + 12)
    return picture(title, text, end + 4, [*parts, *said])


def _lane(name: str, bottom: int) -> str:
    x = _X[name]
    line = f'<line x1="{x}" y1="34" x2="{x}" y2="{bottom}" stroke="{QUIET}" stroke-dasharray="3 4"/>'
    return line + label([name], x, 24, middle=True)


def _drawn(arrow: Arrow, lines: list[str], top: int) -> str:
    start, end, y = _X[arrow.start], _X[arrow.end], top + LINE * len(lines) + 8
    colour = RED if arrow.refused else INK
    tip = end - 8 if end > start else end + 8
    dash = ' stroke-dasharray="6 3"' if arrow.back else ""
    return (
        f'<line x1="{start}" y1="{y}" x2="{tip}" y2="{y}" stroke="{colour}" stroke-width="1.5"{dash}/>'
        f'<path d="M{end} {y} L{tip} {y - 5} L{tip} {y + 5} Z" fill="{colour}"/>'
        + label(lines, inside((start + end) / 2, max(map(span, lines))), top + LINE, fill=colour, middle=True)
    )
