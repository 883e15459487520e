"""The ways a request can go wrong between the caller and Graph, and what then is left of its answer."""

from __future__ import annotations

import math
from collections.abc import Callable

from fbnb.sandbox.messages import Answer
from fbnb.sandbox.wording import wait_headers

WAYS = ("timeout", "reset", "html", "truncated", "slow", "lost")
STATUSES = (500, 502, 503, 504)
_PAGE = (
    "<!DOCTYPE html><html lang=en><head><title>Error</title></head><body><h1>Sorry, something went wrong.</h1>"
    "<p>We're working on getting this fixed as soon as we can.</p></body></html>"
)


def gone_wrong(way: str, work: Callable[[], Answer], status: int, seconds: float, retry_after: float | None) -> Answer:
    """The answer after one of the WAYS. work: makes it, and does what was asked; where it is not called, nothing is done."""
    match way:
        case "timeout":
            return Answer(0, "", seconds=math.inf)
        case "reset":
            return Answer(0, "", reset=True)
        case "html":
            return Answer(status, _PAGE, {"content-type": "text/html; charset=utf-8", **wait_headers(0, "", retry_after)})
        case "truncated":
            return _cut(work())
        case "slow":
            told = work()
            return told.but(seconds=told.seconds + seconds)
        case _:
            return work().but(reset=True)


def _cut(told: Answer) -> Answer:
    text = told.content.decode()
    return told.but(body=text[: max(1, len(text) // 2)])
