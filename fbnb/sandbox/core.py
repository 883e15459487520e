"""One request in, one answer out: the version found, the route found, the twin asked, the refusal worded.

Every adapter (in process today, over HTTP later) calls `answer` and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fbnb.sandbox.batch import batch, several
from fbnb.sandbox.messages import GRAPH_HOST, Answer, Asked, Refusal
from fbnb.sandbox.routes import find
from fbnb.sandbox.versions import served, usable
from fbnb.sandbox.world import World


def answer(world: World, asked: Asked) -> Answer:
    """The answer to a request; a refusal is an answer too. A batch, and `ids=`, are answered call by call."""
    with world.lock:
        if asked.host == GRAPH_HOST and asked.method == "POST" and not asked.path and asked.get("batch"):
            return _or_refused(world, asked, lambda: batch(world, asked, lambda call: _single(world, call)))
        return _single(world, asked)


def _single(world: World, asked: Asked) -> Answer:
    if asked.host == GRAPH_HOST and asked.method == "GET" and asked.get("ids") and "/" not in asked.path:
        return _or_refused(world, asked, lambda: several(asked, lambda call: _one(world, call)))
    return _one(world, asked)


def _one(world: World, asked: Asked) -> Answer:
    world.serial("calls")
    if asked.access_token and not asked.secure:
        return _or_refused(world, asked, _plain_http)
    return _or_refused(world, asked, lambda: find(world, asked)(world, _served(world, asked)))


def _plain_http() -> Answer:
    raise Refusal(1, "You must use https:// when passing an access token")


def _served(world: World, asked: Asked) -> Asked:
    version = served(world, asked.version, asked.path)
    return replace(asked, version=version if asked.version else "", served=version)


def _or_refused(world: World, asked: Asked, twin: Callable[[], Any]) -> Answer:
    """What the twin answers, with Graph's headers."""
    trace_id, version = "A" + world.next_digest("trace", 22), usable(world.now())[-1]
    try:
        version = served(world, asked.version, asked.path)
        told = twin()
    except Refusal as refusal:
        return _refused(refusal, version, trace_id)
    return told if isinstance(told, Answer) else Answer(200, told, _headers(version, trace_id, told))


def _refused(refusal: Refusal, version: str, trace_id: str) -> Answer:
    body = refusal.body(trace_id)
    return Answer(refusal.status, body, _headers(version, trace_id, body) | {"www-authenticate": refusal.www_authenticate()})


def _headers(version: str, trace_id: str, body: Any) -> dict[str, str]:
    return {
        "content-type": "application/json; charset=UTF-8",
        "facebook-api-version": version,
        "x-fb-trace-id": trace_id,
        "x-fb-rev": "1000000000",
        "x-fb-debug": f"sandbox/{trace_id}",
        "etag": f'"{len(json.dumps(body)):x}-{trace_id[1:9]}"',
        "expires": "Sat, 01 Jan 2000 00:00:00 GMT",
        "cache-control": "private, no-cache, no-store, must-revalidate",
        "pragma": "no-cache",
        "access-control-allow-origin": "*",
        "vary": "Origin, Accept-Encoding",
    }
