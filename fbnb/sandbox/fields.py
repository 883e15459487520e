"""`fields=` and paging, as every node and list of Graph understands them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from fbnb.sandbox.expansion import fields_of
from fbnb.sandbox.messages import GRAPH_HOST, Asked, Refusal
from fbnb.sandbox.world import World


def wanted(asked: Asked, known: Sequence[str], default: Sequence[str], node: str) -> list[str]:
    """The fields to answer: those asked for, else the defaults; `id` always. Raises Refusal 100 for one that is not known."""
    named = fields_of(asked) or list(default)
    for name in named:
        if name not in known:
            raise Refusal(100, f"(#100) Tried accessing nonexisting field ({name}) on node type ({node})")
    return list(dict.fromkeys([*named, "id"]))


def node(fields: Sequence[str], value: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """The named fields of a node; one without a value is left out, as Graph leaves out what the caller may not see."""
    told = {name: value[name]() for name in fields if name in value}
    return {name: told[name] for name in told if told[name] is not None}


def paged(world: World, asked: Asked, ids: Sequence[str], row: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """One page of a list: `data`, and `paging` with cursors and with next and previous where there is more."""
    start, end = _window(world, asked, ids)
    answer: dict[str, Any] = {"data": [row(item) for item in ids[start:end]]}
    if ids[start:end]:
        before, after = _cursor(ids[start]), _cursor(ids[end - 1])
        answer["paging"] = {"cursors": {"before": before, "after": after}}
        if end < len(ids):
            answer["paging"]["next"] = _link(asked, after=after)
        if start > 0:
            answer["paging"]["previous"] = _link(asked, before=before)
    if asked.get("summary") in {"true", "1", "total_count"}:
        answer["summary"] = {"total_count": len(ids)}
    return answer


def _window(world: World, asked: Asked, ids: Sequence[str]) -> tuple[int, int]:
    size = _size(world, asked)
    if asked.get("before"):
        end = _position(asked.get("before"), ids)
        return max(0, end - size), end
    start = _position(asked.get("after"), ids) + 1 if asked.get("after") else 0
    return start, min(len(ids), start + size)


def _size(world: World, asked: Asked) -> int:
    limit = asked.get("limit") or str(world.defaults.page_size)
    if not re.fullmatch(r"0*[1-9][0-9]{0,8}", limit):
        raise Refusal(100, "(#100) Param limit must be a positive integer")
    return min(int(limit), world.defaults.page_size_limit)


def _cursor(item: str) -> str:
    # Graph's cursors are base64 with the padding spelt ZD.
    return base64.urlsafe_b64encode(item.encode()).decode().replace("=", "ZD")


def _position(cursor: str, ids: Sequence[str]) -> int:
    try:
        return ids.index(base64.urlsafe_b64decode(cursor.replace("ZD", "=")).decode())
    except (ValueError, binascii.Error):
        raise Refusal(100, "(#100) The After Cursor specified exceeds the max limit supported by this endpoint") from None


def _link(asked: Asked, **cursor: str) -> str:
    params = {name: value for name, value in asked.params.items() if name not in {"after", "before"}}
    if asked.access_token:
        params["access_token"] = asked.access_token
    version = f"{asked.version}/" if asked.version else ""
    return f"{asked.address(GRAPH_HOST, version + asked.path)}?{urlencode(params | cursor)}"
