"""Who is calling: the token read, its state judged, the app's proof checked - in the order Graph checks them."""

from __future__ import annotations

import hmac
import re

from fbnb.sandbox.facts import Moment
from fbnb.sandbox.judge import app_deleted, app_stopped, barred
from fbnb.sandbox.messages import Asked, Refusal
from fbnb.sandbox.records import TokenRecord
from fbnb.sandbox.seed import App
from fbnb.sandbox.world import World
from fbnb.tokens import TokenKind

WRONG_SIGNATURE = "Invalid OAuth access token signature."
DEBUG_ONLY = "Invalid OAuth access token - Debug only access token"
_PROOF_SECONDS = 300


def caller(world: World, asked: Asked, missing: Refusal | None = None) -> TokenRecord:
    """The live token the call was made with.

    Raises Refusal: none was sent (`missing`, by default 104), it is unreadable or dead, or its proof is wrong.
    """
    if asked.caller:
        return asked.caller
    if not asked.access_token:
        raise missing or Refusal(104, "An access token is required to request this resource.")
    token = read(world, asked.access_token)
    if token.debug_only:
        raise Refusal(190, DEBUG_ONLY)
    if end := barred(world, token):
        raise end.refusal
    _check_proof(world, asked, token)
    return token


def user(world: World, asked: Asked) -> TokenRecord:
    """The live token of a person or a system user that the call was made with. Raises Refusal 102 for another kind."""
    token = caller(world, asked)
    if token.kind not in {TokenKind.USER, TokenKind.SYSTEM_USER}:
        raise Refusal(102, "A user access token is required to request this resource.")
    return token


def themselves(world: World, asked: Asked, id: str, edge: str) -> TokenRecord:
    """The caller, who asks for an edge of their own, as `me` or by id. Raises Refusal 100 for a Page, 210 for someone else."""
    token = current(world, asked) if id == "me" else user(world, asked)
    if token.page:
        raise Refusal(100, f"(#100) Tried accessing nonexisting field ({edge}) on node type (Page)")
    if id not in {"me", world.scoped_id(token.person, token.app)}:
        raise Refusal(210, "User not visible")
    return token


def app_itself(world: World, asked: Asked, app: str) -> TokenRecord:
    """The app's own live token, for what only it may do. Raises Refusal 100 for another kind, 100/33 for another app."""
    token = caller(world, asked)
    if token.app != app:
        raise unsupported(app, asked.method.lower())
    if token.kind is not TokenKind.APP:
        raise Refusal(100, world.defaults.app_token_needed)
    return token


def current(world: World, asked: Asked) -> TokenRecord:
    """The live token that `me` stands for. Raises Refusal 2500 without one, or with an app's or a client's."""
    refusal = Refusal(2500, "An active access token must be used to query information about the current user.")
    token = caller(world, asked, missing=refusal)
    if not token.person:
        raise refusal
    return token


def read(world: World, text: str) -> TokenRecord:
    """The token a string stands for, dead or alive. Raises Refusal 190 with the words for each way of being unreadable."""
    if text in world.tokens:
        return world.tokens[text]
    if re.fullmatch(r"\d+\|.+", text):
        return _app_token(world, text)
    if text.startswith("EAA"):
        raise Refusal(190, "The access token could not be decrypted")
    raise Refusal(190, "Invalid OAuth access token - Cannot parse access token")


def _app_token(world: World, text: str) -> TokenRecord:
    app_id, _, secret = text.partition("|")
    if app_id not in world.apps:
        raise Refusal(190, "Error validating application. Cannot get application info due to a system error.")
    ways = (
        (world.secret, TokenKind.APP),
        (lambda app: opaque(world, app), TokenKind.APP),
        (lambda app: world.apps[app].client_token, TokenKind.CLIENT),
    )
    for right, kind in ways:
        if hmac.compare_digest(secret.encode(), right(app_id).encode()):
            return TokenRecord(text, kind, app_id, Moment(world.seed.start, 0), None, "composed, or client_credentials")
    raise Refusal(190, WRONG_SIGNATURE)


def opaque(world: World, app: str) -> str:
    """What stands behind the | in an app token that Graph made: it follows from the secret, and so ends with it."""
    return world.digest(f"app token/{app}/{world.secret(app)}", 27)


def _check_proof(world: World, asked: Asked, token: TokenRecord) -> None:
    app = token.app
    given, time = asked.get("appsecret_proof"), asked.get("appsecret_time")
    if not given:
        if world.proof_required(app) and token.kind is not TokenKind.CLIENT:  # an installed client has no secret to prove
            raise _proof_refusal("API calls from the server require an appsecret_proof argument")
        return
    signed = f"{asked.access_token}|{time}" if time else asked.access_token
    right = hmac.digest(world.secret(app).encode(), signed.encode(), "sha256").hex()
    stale = time and not (re.fullmatch(r"[0-9]{1,12}", time) and abs(world.now().timestamp() - int(time)) <= _PROOF_SECONDS)
    if stale or not hmac.compare_digest(given.encode(), right.encode()):
        raise _proof_refusal("Invalid appsecret_proof provided in the API argument")


def _proof_refusal(message: str) -> Refusal:
    return Refusal(100, message, type="GraphMethodException")


def app_with_secret(world: World, asked: Asked, *, secretless: bool = False) -> App:
    """The app that `client_id` names, its `client_secret` checked unless `secretless` and none was sent.

    Raises Refusal 101 (no or unknown app), 190 (deleted app), 1 (wrong secret), 200 (Graph serves the app no more).
    """
    if not asked.get("client_id"):
        raise Refusal(101, "Missing client_id parameter.")
    app = world.apps.get(asked.get("client_id"))
    if app is None:
        raise Refusal(101, "Error validating application. Invalid application ID.")
    if gone := app_deleted(world, app.id):
        raise gone.refusal
    given = asked.get("client_secret")
    if (given or not secretless) and not hmac.compare_digest(given.encode(), world.secret(app.id).encode()):
        raise Refusal(1, "Error validating client secret.", challenge="invalid_client")
    if stop := app_stopped(world, app.id):
        raise stop.refusal
    return app


def unsupported(id: str, method: str = "get") -> Refusal:
    """There is no such object, or the caller may not know that there is."""
    return Refusal(
        100,
        f"Unsupported {method} request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, or"
        " does not support this operation. Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api",
        33,
        type="GraphMethodException",
    )
