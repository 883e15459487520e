"""Tokens that came from one login, as a tree coloured by state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from fbnb.plots.picture import (
    BLUE,
    BOLD,
    BROWN,
    INK,
    LINE,
    QUIET,
    RED,
    WIDTH,
    Picture,
    first,
    fit,
    label,
    picture,
    stack,
    written,
)
from fbnb.sandbox.families import Kin
from fbnb.tokens import expiry_in_words

MOST = 100  # tokens
COLOUR = {"live": BLUE, "expired": BROWN, "dead": RED, "barred": QUIET}
_INDENT, _DEEPEST = 22, 5  # a token refreshed daily has a parent for each day; further right there is no room
_EDGE = 10


def family_tree(family: Iterable[Kin], title: str = "Which token came from which") -> Picture:
    """A box for each token, below and right of the one it was made with; its colour and its last line say how it stands.

    Of a thousand it draws the first 100, and says how many more there are.
    """
    kin, more = first(family, MOST, "token")
    more = more or ["no token"] * (not kin)
    told = (f"{'under it ' * bool(one.depth)}{name(one)}, {standing(one)}" for one in kin)
    text = f"{title}: " + "; ".join([*told, *more]) + "."
    wrapped = [_lines(one) for one in kin]
    tops = stack((LINE * sum(map(len, lines)) + 22 for lines in wrapped), _EDGE)
    boxes = [part for row in range(len(kin)) for part in _box(kin, row, wrapped[row], tops)]
    said, end = written(more, tops[-1])
    return picture(title, text, end + 2, [*boxes, *said])


def name(kin: Kin) -> str:
    """Kind, whom it acts as, and as much of it as may be shown."""
    return f"{kin.kind} {kin.whose}, {kin.hint}"


def standing(kin: Kin) -> str:
    """`live` and until when, or how it ended, when, and with Graph's numbers."""
    if kin.since is None:
        return f"live, {expiry_in_words(kin.expires_at)}"
    return f"{kin.state} since {kin.since:%Y-%m-%d %H:%M}: {kin.why.partition(' ')[0]}"


def _left(kin: Kin) -> int:
    return _EDGE + _INDENT * min(kin.depth, _DEEPEST)


def _lines(kin: Kin) -> tuple[list[str], list[str]]:
    room = WIDTH - _EDGE - _left(kin) - 24
    return fit(name(kin), room / BOLD, most=3), fit(standing(kin), room)


def _parent_row(kin: Sequence[Kin], row: int) -> int | None:
    return next((above for above in range(row - 1, -1, -1) if kin[above].depth < kin[row].depth), None)


def _box(kin: Sequence[Kin], row: int, lines: tuple[list[str], list[str]], tops: list[int]) -> Iterator[str]:
    x, y, colour, parent = _left(kin[row]), tops[row], COLOUR[kin[row].state], _parent_row(kin, row)
    width, height = WIDTH - _EDGE - x, tops[row + 1] - y - 10
    if parent is not None:
        beside = _left(kin[parent]) == x  # as deep as there is room: the line leaves its parent on the left
        begin = f"M{x} {tops[parent + 1] - 20} H{x - 12}" if beside else f"M{x - 12} {tops[parent + 1] - 10}"
        yield f'<path d="{begin} V{y + 23} H{x}" fill="none" stroke="{QUIET}"/>'
    yield f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="5" fill="#ffffff" stroke="{colour}" stroke-width="2"/>'
    yield f'<rect x="{x}" y="{y}" width="8" height="{height}" rx="3" fill="{colour}"/>'
    yield label(lines[0], x + 16, y + 19, fill=INK, bold=True)
    yield label(lines[1], x + 16, y + 19 + LINE * len(lines[0]), fill=colour)
