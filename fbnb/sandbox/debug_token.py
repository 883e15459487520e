"""Twin of flows/debug_token: everything about a token, said to whoever may ask."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fbnb.catalogue import permissions
from fbnb.sandbox.callers import caller, read
from fbnb.sandbox.judge import Death, data_access_end, death, ends, scopes
from fbnb.sandbox.messages import Asked, Refusal
from fbnb.sandbox.records import TokenRecord
from fbnb.sandbox.world import World
from fbnb.tokens import Expiry, TokenKind

_UNFIT = "(#100) You must provide an app access token, or a user access token that is an owner or developer of the app"


def debug_token(world: World, asked: Asked) -> dict[str, Any]:
    """`GET /debug_token`: 200 for dead and unreadable tokens too; refused only to a caller who may not ask."""
    asker = caller(world, asked, missing=Refusal(100, _UNFIT))
    if not _may_ask(world, asker, asked.get("input_token")):
        raise Refusal(100, _UNFIT)
    asked.required("input_token")
    try:
        token = read(world, asked.get("input_token"))
    except Refusal as unreadable:
        return {"data": {"error": {"code": 190, "message": unreadable.message}, "is_valid": False, "scopes": []}}
    if token.app != asker.app:
        raise Refusal(100, "(#100) The App_id in the input_token did not match the Viewing App")
    return {"data": _told(world, token)}


def _may_ask(world: World, asker: TokenRecord, about: str) -> bool:
    record = world.tokens.get(about)
    if asker.kind is TokenKind.APP or asker.value == about or (record and record.debug_only and record.parent == asker.value):
        return True
    return asker.kind is TokenKind.USER and world.app_role(asker.person, world.apps[asker.app]) in {"admin", "developer"}


def _told(world: World, token: TokenRecord) -> dict[str, Any]:
    told: dict[str, Any] = {"app_id": token.app, "type": str(token.kind), "application": world.apps[token.app].name}
    if not token.person:
        return told | {"is_valid": True, "scopes": []}
    end = death(world, token)
    told |= {
        "data_access_expires_at": 0 if token.scopes is not None else int(data_access_end(world, token).timestamp()),
        "expires_at": _epoch(ends(world, token)),
        "is_valid": end is None,
    }
    if end:
        told["error"] = _fault(end)
    if token.long_lived:
        told["issued_at"] = int(token.issued.at.timestamp())
    if token.auth_type:
        told["metadata"] = {"auth_type": token.auth_type}
    if token.page:
        told["profile_id"] = token.page
    return told | _scopes(world, token, end) | {"user_id": world.scoped_id(token.person, token.app)}


def _epoch(end: Expiry) -> int:
    return int(end.timestamp()) if isinstance(end, datetime) else 0


def _fault(end: Death) -> dict[str, Any]:
    fault = {"code": end.refusal.code, "message": end.refusal.message}
    return fault if end.refusal.subcode is None else fault | {"subcode": end.refusal.subcode}


def _scopes(world: World, token: TokenRecord, end: Death | None) -> dict[str, Any]:
    if end and not end.keeps_scopes:
        return {"scopes": []}
    names = scopes(world, token)
    pages = world.allowed(token).pages
    granular = [_limited(name, pages) for name in names if permissions()[name].for_pages]
    return {"scopes": list(names)} | ({"granular_scopes": granular} if granular else {})


def _limited(name: str, pages: frozenset[str] | None) -> dict[str, Any]:
    return {"scope": name} if pages is None else {"scope": name, "target_ids": sorted(pages)}
