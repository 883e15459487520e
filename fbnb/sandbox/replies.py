"""What a twin says, made an answer of Graph's: a refusal is one too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from fbnb.sandbox.messages import Answer, Asked, Refusal
from fbnb.sandbox.versions import served, usable
from fbnb.sandbox.world import World


def reply(world: World, asked: Asked, twin: Callable[[str], Any]) -> Answer:
    """What the twin answers, told the version that runs the call, or the refusal that it raises, with Graph's usual headers."""
    trace_id, version = "A" + world.next_digest("trace", 22), ""
    try:
        version = served(world, asked.version, asked.path)
        told = twin(version)
    except Refusal as refusal:
        return _refusal(refusal, version or usable(world.now())[-1], trace_id)
    return told if isinstance(told, Answer) else Answer(200, told, _headers(version, trace_id))


def refused(world: World, asked: Asked, refusal: Refusal) -> Answer:
    """The refusal as an answer, whatever a twin would say."""

    def twin(version: str) -> NoReturn:
        raise refusal

    return reply(world, asked, twin)


def _refusal(refusal: Refusal, version: str, trace_id: str) -> Answer:
    body = refusal.body(trace_id)
    return Answer(refusal.status, body, _headers(version, trace_id) | {"www-authenticate": refusal.www_authenticate()})


def _headers(version: str, trace_id: str) -> dict[str, str]:
    return {
        "content-type": "application/json; charset=UTF-8",
        "facebook-api-version": version,
        "x-fb-trace-id": trace_id,
        "x-fb-rev": "1000000000",
        "x-fb-debug": f"sandbox/{trace_id}",
        "etag": f'"{trace_id[1:]}"',  # no two answers are the same to it, as a call counts
        "expires": "Sat, 01 Jan 2000 00:00:00 GMT",
        "cache-control": "private, no-cache, no-store, must-revalidate",
        "pragma": "no-cache",
        "access-control-allow-origin": "*",
        "vary": "Origin, Accept-Encoding",
    }
