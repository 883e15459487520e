"""Requests in words: who said what to whom, as arrows to draw or to write."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fbnb.client import DIALOG_HOST, GRAPH_HOST
from fbnb.errors import numbered
from fbnb.plots.picture import first
from fbnb.wire import Exchange

LANES = ("You", "Person", DIALOG_HOST, GRAPH_HOST)
MOST = 40  # exchanges: what is longer nobody reads
_BROUGHT = {"code": "a code", "access_token": "a token", "id_token": "an id_token"}


@dataclass(frozen=True, slots=True)
class Arrow:
    """From one lane to another. back: an answer. refused: and not the one that was asked for, which its words say too."""

    start: str
    end: str
    words: str
    back: bool = False
    refused: bool = False


def arrows(exchanges: Iterable[Exchange]) -> tuple[list[Arrow], list[str]]:
    """The arrows of the first MOST exchanges, and what to say instead of others."""
    shown, more = first(exchanges, MOST, "request")
    return [arrow for exchange in shown for arrow in _arrows(exchange)], more or ["nothing yet"] * (not shown)


def _arrows(exchange: Exchange) -> list[Arrow]:
    if exchange.path.endswith("dialog/oauth"):
        return [
            Arrow("You", "Person", "send to the login dialog"),
            Arrow("Person", DIALOG_HOST, "answers the dialog"),
            _outcome(exchange),
        ]
    refused = exchange.status != 200 or bool(_told(exchange).get("error"))
    return [
        Arrow("You", exchange.host, f"{exchange.method} {exchange.path}{_grant(exchange)}"),
        Arrow(exchange.host, "You", _answer(exchange), back=True, refused=refused),
    ]


def _outcome(exchange: Exchange) -> Arrow:
    """What the dialog did: redirect, or leave the person with an error page, of which you hear nothing."""
    if exchange.status != 302:
        page = "nothing came back" if exchange.status is None else "shows an error page"
        return Arrow(DIALOG_HOST, "Person", page, back=True, refused=True)
    told = exchange.headers.get("location", "")
    brought = [what for name, what in _BROUGHT.items() if f"{name}=" in told and "error_code=" not in told]
    answer = f"redirect with {' and '.join(brought) or 'an error'}"
    return Arrow(DIALOG_HOST, "You", answer, back=True, refused=not brought)


def _grant(exchange: Exchange) -> str:
    named = [exchange.params.get("grant_type"), *(name for name in ("code", "ids", "batch") if name in exchange.params)]
    return next((f", {name}" for name in named if name), "")


def _told(exchange: Exchange) -> dict[str, object]:
    return exchange.answer if isinstance(exchange.answer, dict) else {}


def _answer(exchange: Exchange) -> str:
    if exchange.status is None:
        return "nothing came back"
    if error := _told(exchange).get("error"):
        return f"{exchange.status}: refused, {_number(error)}"
    return f"{exchange.status}: {_content(exchange) if exchange.status == 200 else 'refused'}"


def _content(exchange: Exchange) -> str:
    if isinstance(exchange.answer, list):
        return f"{len(exchange.answer)} answers"
    told = _told(exchange)
    data = told.get("data", told)
    if isinstance(data, list):
        more = ", and more" if isinstance(paging := told.get("paging"), dict) and "next" in paging else ""
        return f"{len(data)} row{'' if len(data) == 1 else 's'}{more}"
    names = list(map(str, data)) if isinstance(data, dict) else []
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3]) or 'no fields'}{more}"


def _number(error: object) -> str:
    return numbered(error.get("code"), error.get("error_subcode")) if isinstance(error, dict) else str(error)
