"""Tokens that came from one login: as a tree coloured by state, and as lives along the calendar."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from xml.sax.saxutils import escape

from fbnb.plots.picture import INK, QUIET, WIDTH, Picture, picture
from fbnb.sandbox.families import Kin
from fbnb.tokens import NEVER, expiry_in_words

# Colours that the colour-blind can tell apart, each with its word beside it.
_COLOUR = {"live": "#0072b2", "expired": "#8a5a00", "dead": "#a40e26", "barred": "#6e7781"}
_LEFT, _RIGHT = 216, 680
_DEEPEST = 8  # a token refreshed daily has a parent for each day; further right there is no room
_STEPS = [timedelta(hours=h) for h in (1, 6)] + [timedelta(days=d) for d in (1, 7, 14, 30, 61, 122, 365)]


def family_tree(family: Iterable[Kin], title: str = "Which token came from which") -> Picture:
    """A box for each token, below and right of the one it was made with; its colour and its last line say how it stands."""
    kin = list(family)
    text = f"{title}: " + "; ".join(f"{'under it ' * bool(one.depth)}{_name(one)}, {_standing(one)}" for one in kin) + "."
    rows = [part for row, one in enumerate(kin) for part in _box(one, row, _parent_row(kin, row))]
    return picture(title, text, 58 * len(kin) + 12, rows)


def _name(kin: Kin) -> str:
    return f"{kin.kind} {kin.whose}, {kin.hint}"


def _standing(kin: Kin) -> str:
    if kin.since is None:
        return f"live, {expiry_in_words(kin.expires_at)}"
    return f"{kin.state} since {kin.since:%Y-%m-%d %H:%M}: {kin.why.partition(' ')[0]}"


def _parent_row(kin: Sequence[Kin], row: int) -> int | None:
    return next((above for above in range(row - 1, -1, -1) if kin[above].depth < kin[row].depth), None)


def _box(kin: Kin, row: int, parent: int | None) -> Iterator[str]:
    x, y, colour = 14 + 34 * min(kin.depth, _DEEPEST), 10 + 58 * row, _COLOUR[kin.state]
    if parent is not None:
        yield f'<path d="M{x - 18} {10 + 58 * parent + 48} V{y + 24} H{x}" fill="none" stroke="{QUIET}"/>'
    yield f'<rect x="{x}" y="{y}" width="{WIDTH - 14 - x}" height="48" rx="5" fill="#ffffff" stroke="{colour}" stroke-width="2"/>'
    yield f'<rect x="{x}" y="{y}" width="8" height="48" rx="3" fill="{colour}"/>'
    yield f'<text x="{x + 18}" y="{y + 20}" fill="{INK}" font-weight="600">{escape(_name(kin))}</text>'
    yield f'<text x="{x + 18}" y="{y + 38}" fill="{colour}">{escape(_standing(kin))}</text>'


@dataclass(frozen=True, slots=True)
class _Scale:
    """Instants to pixels."""

    start: datetime
    end: datetime

    def x(self, instant: datetime) -> int:
        inside = min(max(instant, self.start), self.end)
        return _LEFT + round((_RIGHT - _LEFT) * ((inside - self.start) / (self.end - self.start)))

    def ticks(self) -> Iterator[tuple[int, str]]:
        span = self.end - self.start
        step = next((step for step in _STEPS if span / step <= 8), _STEPS[-1])
        shown = "%H:%M" if step < timedelta(days=1) else "%d %b" if span < timedelta(days=300) else "%b %Y"
        return ((self.x(self.start + n * step), f"{self.start + n * step:{shown}}") for n in range(int(span / step) + 1))


def lifetimes(
    family: Iterable[Kin],
    happened: Iterable[tuple[datetime, str]] = (),
    *,
    until: datetime,
    title: str = "How long each token lives",
) -> Picture:
    """A bar for each token from its making to its end, a thin one below for its data access, and events as numbered lines.

    until: the right edge; a token that then still lives runs off it.
    """
    kin, events = list(family), list(happened)
    start = min((one.issued for one in kin), default=until)
    scale, bottom = _Scale(start, max(until, start + timedelta(hours=1))), 44 + 34 * len(kin)
    numbered = [f"{n}: {at:%Y-%m-%d}, {words}" for n, (at, words) in enumerate(events, 1)]
    text = f"{title}: " + "; ".join([*(f"{_name(one)}, {_life(one)}" for one in kin), *numbered]) + "."
    parts = [part for x, words in scale.ticks() for part in _tick(x, words, bottom)]
    parts += [part for row, one in enumerate(kin) for part in _bar(one, 44 + 34 * row, scale)]
    parts += _marks([scale.x(at) for at, _ in events], bottom)
    legend = [*_keys(kin), *numbered]
    parts += [f'<text x="14" y="{bottom + 24 + 18 * n}" fill="{INK}">{escape(line)}</text>' for n, line in enumerate(legend)]
    return picture(title, text, bottom + 18 * len(legend) + 24, parts)


def _life(kin: Kin) -> str:
    made = f"made {kin.issued:%Y-%m-%d %H:%M}"
    return f"{made}, {_standing(kin)}"


def _tick(x: int, words: str, bottom: int) -> Iterator[str]:
    yield f'<line x1="{x}" y1="30" x2="{x}" y2="{bottom}" stroke="#d1d9e0"/>'
    yield f'<text x="{x}" y="22" text-anchor="middle" font-size="11" fill="{QUIET}">{words}</text>'


def _bar(kin: Kin, y: int, scale: _Scale) -> Iterator[str]:
    start, colour = scale.x(kin.issued), _COLOUR[kin.state]
    planned = kin.expires_at if isinstance(kin.expires_at, datetime) else scale.end
    end = scale.x(kin.since or planned)
    yield f'<text x="14" y="{y + 12}" fill="{INK}">{escape(f"{kin.kind} {kin.whose:.15} {kin.hint[-5:]}")}</text>'
    if kin.since and scale.x(planned) > end:  # what it would have lived
        yield f'<line x1="{end}" y1="{y + 8}" x2="{scale.x(planned)}" y2="{y + 8}" stroke="{colour}" stroke-dasharray="2 4"/>'
    yield f'<rect x="{start}" y="{y}" width="{max(end - start, 3)}" height="15" fill="{colour}"/>'
    if kin.since:
        yield f'<path d="M{end + 2} {y + 2} l9 11 m0 -11 l-9 11" stroke="{colour}" stroke-width="2"/>'
    elif kin.expires_at is NEVER or planned >= scale.end:
        yield f'<path d="M{_RIGHT} {y} l8 7 l-8 8 Z" fill="{colour}"/>'
    if kin.data_access_until:
        width = max(scale.x(kin.data_access_until) - start, 3)
        yield f'<rect x="{start}" y="{y + 18}" width="{width}" height="3" fill="{QUIET}"/>'


def _marks(xs: Iterable[int], bottom: int) -> Iterator[str]:
    """A line for each event, and one label for those that stand too close for two: `2-4`."""
    labels = list[tuple[int, int, int]]()
    for number, x in enumerate(xs, 1):
        yield f'<line x1="{x}" y1="30" x2="{x}" y2="{bottom}" stroke="{INK}" stroke-dasharray="5 3"/>'
        near, first, _ = labels.pop() if labels and x - labels[-1][0] < 24 else (x, number, number)
        labels.append((near, first, number))
    for x, first, last in labels:
        words = f"{first}" if first == last else f"{first}-{last}"
        width = 8 + 7 * len(words)
        yield f'<rect x="{x - width // 2}" y="26" width="{width}" height="16" rx="8" fill="{INK}"/>'
        yield f'<text x="{x}" y="38" text-anchor="middle" font-size="11" fill="#ffffff">{words}</text>'


def _keys(kin: Iterable[Kin]) -> Iterator[str]:
    states = dict.fromkeys(one.state for one in kin)
    yield f"Bars: {', '.join(states)}. A cross: it ended there. An arrow: it lives on. Dots: what it would have lived."
    yield "Thin line: until when the app may read the person's own data."
