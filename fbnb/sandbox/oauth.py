"""What the flows share: the scopes asked for, codes made and spent, when tokens end, and the answer that hands one out."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from fbnb.sandbox.callers import DEBUG_ONLY, read
from fbnb.sandbox.judge import death
from fbnb.sandbox.messages import Asked, Refusal
from fbnb.sandbox.records import CodeRecord, TokenRecord
from fbnb.sandbox.seed import App
from fbnb.sandbox.world import World
from fbnb.tokens import TokenKind


def scopes_of(asked: Asked) -> frozenset[str]:
    """The scopes asked for, separated by commas or spaces, or a JSON array."""
    return frozenset(scope for scope in re.split(r'[][,"\s]+', asked.get("scope")) if scope)


def new_code(world: World, asked: Asked, app: App, person: str, **facts: Any) -> str:
    """A code on the books, made for the request's redirect_uri."""
    code = f"AQ_SANDBOX_CODE_{world.next_digest('code', 40)}"
    world.codes[code] = CodeRecord(
        app=app.id,
        person=person,
        redirect_uri=asked.get("redirect_uri"),
        issued=world.moment(),
        auth_type=asked.get("auth_type"),
        code_challenge=asked.get("code_challenge"),
        challenge_method=asked.get("code_challenge_method") or "plain",
        **facts,
    )
    return code


def spend(world: World, asked: Asked, app: App, redirect_uri: str | None) -> CodeRecord:
    """The code of the request, used from now on. redirect_uri: what to compare the code's own with; None to compare nothing.

    Raises Refusal: missing, malformed, used, expired, of another redirect_uri or verifier.
    """
    code = world.codes.get(asked.get("code"))
    if not asked.get("code"):
        raise _code_refusal("Missing authorization code", code=1)
    if redirect_uri == "":
        raise Refusal(191, "Missing redirect_uri parameter.")
    if code is None or code.app != app.id:
        raise _code_refusal("Invalid verification code format.")
    _check_code(world, asked, code, redirect_uri)
    world.codes[asked.get("code")] = replace(code, used=world.moment())
    return code


def _check_code(world: World, asked: Asked, code: CodeRecord, redirect_uri: str | None) -> None:
    if code.used:
        raise _code_refusal("This authorization code has been used.", 36009)
    seconds = world.defaults.client_code_seconds if code.made_by == "client_code" else world.defaults.code_seconds
    if world.now() >= code.issued.at + timedelta(seconds=seconds):
        raise _code_refusal("This authorization code has expired.", 36007)
    if redirect_uri not in {None, code.redirect_uri}:
        raise _code_refusal(_OTHER_REDIRECT, 36008)
    if code.code_challenge and not _verifies(code, asked.get("code_verifier")):
        raise _code_refusal(world.defaults.invalid_code_verifier)


_OTHER_REDIRECT = (
    "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth"
    " dialog request"
)


def _code_refusal(message: str, subcode: int | None = None, *, code: int = 100) -> Refusal:
    return Refusal(code, message, subcode, challenge="invalid_code")


def _verifies(code: CodeRecord, verifier: str) -> bool:
    digest = hashlib.sha256(verifier.encode()).digest()
    made = base64.urlsafe_b64encode(digest).decode().rstrip("=") if code.challenge_method == "S256" else verifier
    return hmac.compare_digest(made.encode(), code.code_challenge.encode())


def short_expiry(world: World) -> datetime:
    """When a short-lived user token issued now will end."""
    # Captures of short-lived tokens all end on the hour.
    return world.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=world.defaults.short_hours)


def long_expiry(world: World) -> datetime:
    """When a long-lived user token issued now will end."""
    return world.now().replace(microsecond=0) + timedelta(days=world.defaults.long_days)


def long_lived(world: World, app: str, person: str, call: str, *, parent: str = "", auth_type: str = "") -> TokenRecord:
    """A user token of about 60 days on the books."""
    return world.issue(
        TokenKind.USER,
        app,
        person=person,
        parent=parent,
        expires_at=long_expiry(world),
        long_lived=True,
        auth_type=auth_type,
        call=call,
    )


def exchanged(world: World, asked: Asked, app: App) -> TokenRecord:
    """The token that is to be exchanged. Raises Refusal: missing, unreadable, another app's, dead, or good for debugging only."""
    token = read(world, asked.required("fb_exchange_token"))
    if token.app != app.id:
        raise Refusal(190, world.defaults.foreign_token)
    if end := death(world, token):
        raise end.refusal
    if token.debug_only:
        raise Refusal(190, DEBUG_ONLY)
    return token


def bearer(world: World, token: TokenRecord) -> dict[str, Any]:
    """The answer that hands out a token; no `expires_in` for one without an end."""
    told: dict[str, Any] = {"access_token": token.value, "token_type": "bearer"}
    if isinstance(token.expires_at, datetime):
        told["expires_in"] = int((token.expires_at - world.now()).total_seconds())
    return told
