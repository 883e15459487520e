"""Tokens that came from one login, as lives along the calendar."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter

from fbnb.plots.marks import Mark, drawn
from fbnb.plots.picture import (
    GRID,
    LEFT,
    LINE,
    QUIET,
    RIGHT,
    SIZE,
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
from fbnb.plots.tree import COLOUR, MOST, name, standing
from fbnb.sandbox.families import Kin
from fbnb.tokens import NEVER

_RIGHT, _TOP, _BAR = RIGHT - 10, 50, 15  # right of the edge is room for an arrow
_MOST_EVENTS = 40
_STEPS = [timedelta(hours=h) for h in (1, 2, 6, 12)] + [timedelta(days=d) for d in (1, 3, 7, 14, 30, 61, 122, 365)]


@dataclass(frozen=True, slots=True)
class _Scale:
    """Instants to pixels."""

    start: datetime
    end: datetime

    def x(self, instant: datetime) -> int:
        held = min(max(instant, self.start), self.end)
        return LEFT + round((_RIGHT - LEFT) * ((held - self.start) / (self.end - self.start)))

    def beyond(self, instant: datetime) -> str:
        """` (before)` or ` (after)` for what is not on it."""
        return " (before)" if instant < self.start else " (after)" if instant > self.end else ""

    def ticks(self) -> Iterator[tuple[int, str]]:
        whole = self.end - self.start
        step = next((step for step in _STEPS if whole / step <= 3), whole / 3)
        shown = "%H:%M" if step < timedelta(days=1) else "%d %b" if whole < timedelta(days=300) else "%b %Y"
        return ((self.x(self.start + n * step), f"{self.start + n * step:{shown}}") for n in range(int(whole / step) + 1))


def lifetimes(
    family: Iterable[Kin],
    happened: Iterable[tuple[datetime, str]] = (),
    *,
    until: datetime,
    title: str = "How long each token lives",
) -> Picture:
    """A bar for each token from its making to its end, a thin one below for its data access, and events as numbered lines.

    until: the right edge; a token that then still lives runs off it. What happened before the first token was made, or after
    that edge, is told and not drawn. Of a thousand tokens it draws the first 100, of as many events the first 40, and says how
    many more there are.
    """
    (kin, more), (events, later) = first(family, MOST, "token"), first(sorted(happened, key=itemgetter(0)), _MOST_EVENTS, "event")
    more = more or ["no token"] * (not kin)
    start = min((one.issued for one in kin), default=events[0][0] if events else until)
    scale = _Scale(start, max(until, start + timedelta(hours=1)))
    numbered = [f"{n}: {at:%Y-%m-%d}, {words}{scale.beyond(at)}" for n, (at, words) in enumerate(events, 1)] + later
    text = f"{title}: " + "; ".join([*map(_life, kin), *more, *numbered]) + "."
    marks = [Mark(n, n, scale.x(at), scale.x(at)) for n, (at, _) in enumerate(events, 1) if not scale.beyond(at)]
    parts, bottom = _chart(kin, marks, scale) if kin else ([], 2)
    legend, height = written([*more, *_keys(kin), *numbered], bottom + 6)
    return picture(title, text, height, [*parts, *legend])


def _chart(kin: Sequence[Kin], marks: Sequence[Mark], scale: _Scale) -> tuple[list[str], int]:
    """The calendar with its marks and a bar for each token, and where that ends."""
    names = [fit(f"{name(one)}: {one.state}", RIGHT - LEFT, most=3) for one in kin]
    *tops, bottom = stack((LINE * len(lines) + 32 for lines in names), _TOP)
    parts = [part for x, words in scale.ticks() for part in _tick(x, words, bottom)]
    parts += drawn(marks, bottom)
    parts += [part for one, lines, y in zip(kin, names, tops, strict=True) for part in _bar(one, lines, y, scale)]
    return parts, bottom


def _life(kin: Kin) -> str:
    until = f", data access until {kin.data_access_until:%Y-%m-%d %H:%M}" if kin.data_access_until else ""
    return f"{name(kin)}, made {kin.issued:%Y-%m-%d %H:%M}, {standing(kin)}{until}"


def _tick(x: int, words: str, bottom: int) -> Iterator[str]:
    yield f'<line x1="{x}" y1="26" x2="{x}" y2="{bottom}" stroke="{GRID}"/>'
    yield label([words], inside(x, span(words)), 20, fill=QUIET, middle=True)


def _bar(kin: Kin, lines: list[str], top: int, scale: _Scale) -> Iterator[str]:
    start, colour, y = scale.x(kin.issued), COLOUR[kin.state], top + LINE * len(lines) + 4
    planned = kin.expires_at if isinstance(kin.expires_at, datetime) else scale.end
    end = scale.x(kin.since or planned)
    yield label(lines, LEFT, top + SIZE)
    if kin.since and scale.x(planned) > end:  # what it would have lived
        yield f'<line x1="{end}" y1="{y + 8}" x2="{scale.x(planned)}" y2="{y + 8}" stroke="{colour}" stroke-dasharray="2 4"/>'
    yield f'<rect x="{start}" y="{y}" width="{max(end - start, 3)}" height="{_BAR}" fill="{colour}"/>'
    if kin.since:
        yield f'<path d="M{end + 2} {y + 2} l9 11 m0 -11 l-9 11" stroke="{colour}" stroke-width="2"/>'
    elif kin.expires_at is NEVER or planned >= scale.end:
        yield f'<path d="M{_RIGHT} {y} l8 7 l-8 8 Z" fill="{colour}"/>'
    if kin.data_access_until:
        width = max(scale.x(kin.data_access_until) - start, 3)
        yield f'<rect x="{start}" y="{y + 18}" width="{width}" height="4" fill="{QUIET}"/>'


def _keys(kin: Sequence[Kin]) -> Iterator[str]:
    if kin:
        states = dict.fromkeys(one.state for one in kin)
        yield f"Bars: {', '.join(states)}. A cross: it ended there. An arrow: it lives on. Dots: what it would have lived."
        yield "Thin line: until when the app may read the person's own data."
