"""Who said what to whom: the requests that were made, as a sequence diagram."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape

from fbnb.errors import numbered
from fbnb.plots.picture import INK, QUIET, REFUSED, Picture, picture
from fbnb.wire import Exchange

_LANES = ("You", "Person", "www.facebook.com", "graph.facebook.com")
_X = dict(zip(_LANES, (70, 230, 400, 610), strict=True))
_BROUGHT = {"code": "a code", "access_token": "a token", "id_token": "an id_token"}
_TOP, _ROW = 70, 46


@dataclass(frozen=True, slots=True)
class _Arrow:
    start: str
    end: str
    words: str
    back: bool = False
    refused: bool = False


def sequence_diagram(exchanges: Iterable[Exchange], title: str = "What went over the wire") -> Picture:
    """The requests, top to bottom, between you, the person's browser, the dialog and Graph; refusals in red, and in words."""
    arrows = [arrow for exchange in exchanges for arrow in _arrows(exchange)]
    height = _TOP + _ROW * max(len(arrows), 1) + 10
    text = f"{title}: " + ("; ".join(f"{a.start} to {a.end}: {a.words}" for a in arrows) or "nothing yet") + "."
    drawn = [_drawn(arrow, _TOP + _ROW * n + 24) for n, arrow in enumerate(arrows)]
    return picture(title, text, height, [*(_lane(name, height) for name in _LANES), *drawn])


def _arrows(exchange: Exchange) -> list[_Arrow]:
    if exchange.path.endswith("dialog/oauth"):
        told = exchange.headers.get("location", "")
        brought = [what for name, what in _BROUGHT.items() if f"{name}=" in told and "error_code=" not in told]
        answer = f"redirect with {' and '.join(brought) or 'an error'}"
        return [
            _Arrow("You", "Person", "send to the login dialog"),
            _Arrow("Person", "www.facebook.com", "answers the dialog"),
            _Arrow("www.facebook.com", "You", answer, back=True, refused="error" in answer),
        ]
    refused = exchange.status != 200
    return [
        _Arrow("You", exchange.host, f"{exchange.method} {exchange.path}{_grant(exchange)}"),
        _Arrow(exchange.host, "You", _answer(exchange), back=True, refused=refused),
    ]


def _grant(exchange: Exchange) -> str:
    named = [exchange.params.get("grant_type"), *(name for name in ("code", "ids", "batch") if name in exchange.params)]
    return next((f", {name}" for name in named if name), "")


def _answer(exchange: Exchange) -> str:
    if exchange.status is None:
        return "nothing came back"
    if isinstance(exchange.answer, list):
        return f"{exchange.status}: {len(exchange.answer)} answers"
    told = exchange.answer if isinstance(exchange.answer, dict) else {}
    if error := told.get("error"):
        return f"{exchange.status}: refused, {_number(error)}"
    data = told.get("data", told)
    if isinstance(data, list):
        more = ", and more" if isinstance(paging := told.get("paging"), dict) and "next" in paging else ""
        return f"{exchange.status}: {len(data)} row{'' if len(data) == 1 else 's'}{more}"
    names = list(map(str, data)) if isinstance(data, dict) else []
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{exchange.status}: {', '.join(names[:3]) or 'no fields'}{more}"


def _number(error: object) -> str:
    return numbered(error.get("code"), error.get("error_subcode")) if isinstance(error, dict) else str(error)


def _lane(name: str, height: int) -> str:
    x = _X[name]
    return (
        f'<text x="{x}" y="28" text-anchor="middle" font-weight="600" fill="{INK}">{name}</text>'
        f'<line x1="{x}" y1="40" x2="{x}" y2="{height - 10}" stroke="{QUIET}" stroke-dasharray="3 4"/>'
    )


def _drawn(arrow: _Arrow, y: int) -> str:
    start, end = _X[arrow.start], _X[arrow.end]
    colour = REFUSED if arrow.refused else INK
    tip = end - 8 if end > start else end + 8
    dash = ' stroke-dasharray="6 3"' if arrow.back else ""
    return (
        f'<line x1="{start}" y1="{y}" x2="{tip}" y2="{y}" stroke="{colour}" stroke-width="1.5"{dash}/>'
        f'<path d="M{end} {y} L{tip} {y - 5} L{tip} {y + 5} Z" fill="{colour}"/>'
        f'<text x="{(start + end) // 2}" y="{y - 7}" text-anchor="middle" fill="{colour}" stroke="#ffffff" stroke-width="4"'
        f' paint-order="stroke">{escape(arrow.words)}</text>'
    )
