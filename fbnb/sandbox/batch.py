"""Many calls in one: `batch`, and `ids=`. Each call inside is one of its own, answered as if it had come alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from fbnb.sandbox.encodings import from_json
from fbnb.sandbox.expansion import CREDENTIALS
from fbnb.sandbox.messages import Answer, Asked, Refusal, ask
from fbnb.sandbox.world import World

MOST = 50
One = Callable[[Asked], Answer]
_REFERENCE = re.compile(r"\{result=(\w+):\$((?:\.\w+|\.\*|\[\d+\]|\[\*\])*)\}")


def several(asked: Asked, one: One) -> dict[str, Any] | Answer:
    """`GET /?ids=a,b` or `/{edge}?ids=a,b`: the answers by id. One that is refused refuses them all."""
    ids = [id for id in asked.get("ids").split(",") if id]
    if len(ids) > MOST:
        raise Refusal(100, f"(#100) Too many IDs. Maximum: {MOST}. Provided: {len(ids)}.")
    params = {name: value for name, value in asked.params.items() if name != "ids"}
    told = dict[str, Any]()
    for id in ids:
        answer = one(asked.but(path=f"{id}/{asked.path}".rstrip("/"), params=params))
        if answer.status != 200 or not answer.arrives or isinstance(answer.body, str):
            return answer
        told[id] = answer.body
    return told


def batch(world: World, asked: Asked, one: One) -> list[dict[str, Any] | None]:
    """`POST /` with `batch`: an answer for each call, in their order; a refusal stays inside its own.

    Raises Refusal: no token beside the batch, more than 50 calls, or not a JSON array of objects.
    """
    if not asked.access_token:
        raise Refusal(104, "An access token is required to request this resource.")
    calls = _calls(asked)
    if len(calls) > MOST:
        raise Refusal(1, world.defaults.batch_too_big)
    answers, named, needed = list[Answer | None](), dict[str, Answer | None](), set[str]()
    for call in calls:
        needs = _needs(call)
        needed |= needs
        # Null is what a call is answered with that needs another which failed, and so is not made; or that took too long.
        answers.append(None if _failed(needs, named) else _answer(asked, call, named, one))
        named[_said(call, "name")] = answers[-1]
    return [_item(asked, call, told, needed) for call, told in zip(calls, answers, strict=True)]


def _calls(asked: Asked) -> list[dict[str, Any]]:
    calls = from_json(asked.get("batch"))
    if not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls):
        raise Refusal(100, "(#100) param batch must be an array.")
    return calls


def _said(call: Mapping[str, Any], name: str) -> str:
    """A field of a call as text; "" where there is none, or another kind of value."""
    value = call.get(name)
    return str(value) if isinstance(value, str | int | float) else ""


def _needs(call: Mapping[str, Any]) -> set[str]:
    text = f"{_said(call, 'relative_url')} {_said(call, 'body')}"
    named = {_said(call, "depends_on")} if "depends_on" in call else set[str]()
    return named | {found.group(1) for found in _REFERENCE.finditer(text)} if "{result=" in text else named


def _failed(needs: set[str], before: Mapping[str, Answer | None]) -> bool:
    return any((needed := before.get(name)) is None or needed.status != 200 for name in needs)


def _answer(asked: Asked, call: Mapping[str, Any], before: Mapping[str, Answer | None], one: One) -> Answer | None:
    path, _, query = _filled(_said(call, "relative_url"), before).partition("?")
    params = _params(query) | _params(_filled(_said(call, "body"), before))
    if "access_token" not in params:
        params |= {"access_token": _said(call, "access_token")} if "access_token" in call else _credentials(asked)
    method = (_said(call, "method") or "GET").upper()
    inner = ask(method, asked.host, path, params, secure=asked.secure, origin=asked.origin)
    told = one(inner if inner.version else inner.but(version=asked.version))
    return told if told.arrives else None


def _credentials(asked: Asked) -> dict[str, str]:
    return {name: asked.params[name] for name in CREDENTIALS if name in asked.params} | {"access_token": asked.access_token}


def _params(text: str) -> dict[str, str]:
    return dict(parse_qsl(text, keep_blank_values=True)) if text else {}


def _filled(text: str, before: Mapping[str, Answer | None]) -> str:
    def value(found: re.Match[str]) -> str:
        needed = before.get(found.group(1))
        return ",".join(_picked(needed.body if needed else None, re.findall(r"[\w*]+", found.group(2))))

    return _REFERENCE.sub(value, text) if "{result=" in text else text


def _picked(value: Any, steps: list[str]) -> list[str]:
    """What a JSONPath of names, numbers and * leads to, as texts."""
    if not steps:
        return [] if value is None else [str(value)]
    step, rest = steps[0], steps[1:]
    if step == "*":
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return [text for item in inner for text in _picked(item, rest)]
    if isinstance(value, list):
        return _picked(value[int(step)], rest) if re.fullmatch(r"[0-9]{1,4}", step) and int(step) < len(value) else []
    return _picked(value.get(step), rest) if isinstance(value, dict) else []


def _item(asked: Asked, call: Mapping[str, Any], told: Answer | None, needed: set[str]) -> dict[str, Any] | None:
    # What another call used is left out when all went well, unless the call says otherwise.
    if told is None or (told.status == 200 and _said(call, "name") in needed and call.get("omit_response_on_success", True)):
        return None
    item = {"code": told.status, "body": told.body if isinstance(told.body, str) else json.dumps(told.body)}
    if asked.get("include_headers") == "false":
        return item
    headers = {"content-type": "text/javascript; charset=UTF-8"} if told.status == 200 else {}
    return item | {"headers": [{"name": key, "value": value} for key, value in ({**told.headers, **headers}).items()]}
