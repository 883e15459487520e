"""Twin of flows/login: the dialog and what a person does in it, the exchange of its code, and what was granted."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from string import punctuation
from typing import Any
from urllib.parse import SplitResult, quote, urlencode, urlsplit, urlunsplit

from fbnb.catalogue import permissions
from fbnb.sandbox.callers import app_with_secret
from fbnb.sandbox.consent import Choice, Offer, agree, barred_in_development, chosen, follow_instructions, offer
from fbnb.sandbox.judge import app_deleted, app_stopped
from fbnb.sandbox.loopback import is_loopback
from fbnb.sandbox.messages import Answer, Asked
from fbnb.sandbox.oauth import bearer, long_expiry, new_code, scopes_of, short_expiry, spend
from fbnb.sandbox.oidc import id_token
from fbnb.sandbox.pages import ask_for_consent, message
from fbnb.sandbox.records import TokenRecord
from fbnb.sandbox.seed import App
from fbnb.sandbox.world import World
from fbnb.tokens import TokenKind

Consented = Callable[[World, Asked, App, Choice, frozenset[str]], Answer]


def dialog(world: World, asked: Asked, then: Consented | None = None) -> Answer:
    """`GET /dialog/oauth`: the page that asks. `POST`: the dialog's parameters, and what the person chose there.

    302 to the redirect_uri with a code or with what went wrong; a page of its own where it may not redirect. then: what
    follows a consent, by default a grant and what `response_type` asks for.
    """
    if asked.method == "GET":
        put = question(world, asked)
        return put if isinstance(put, Answer) else ask_for_consent(world, asked, put, urlsplit(asked.get("redirect_uri")).netloc)
    fit = _fit(world, asked)
    if isinstance(fit, Answer):
        return fit
    app, choice, scopes = fit
    if choice.cancel:
        return cancelled(asked)
    follow_instructions(world, choice.person)
    return (then or consented)(world, asked, app, choice, scopes)


def question(world: World, asked: Asked) -> Offer | Answer:
    """What the dialog puts before the person, or what it answers in place of that; nothing is noted."""
    fit = _fit(world, asked)
    if isinstance(fit, Answer):
        return fit
    app, choice, scopes = fit
    return offer(world, app, choice.person, scopes, asked.get("auth_type"), fixed=bool(asked.get("config_id")))


def _fit(world: World, asked: Asked) -> tuple[App, Choice, frozenset[str]] | Answer:
    """The app, what the person chose and the scopes, where the dialog can be answered; else what it shows or where it leads."""
    app = world.apps.get(asked.get("client_id"))
    if app is None or app_deleted(world, app.id):
        return message("Invalid App ID", "The provided app ID does not look like a valid app ID.")
    choice, scopes = chosen(world, asked, app), scopes_of(asked)
    return _unfit(world, asked, app, scopes) or _barred(world, asked, app, choice.person) or (app, choice, scopes)


def _unfit(world: World, asked: Asked, app: App, scopes: frozenset[str]) -> Answer | None:
    """Why the dialog shows an error in place of its question, and does not redirect."""
    if not allowed(world, app, asked.get("redirect_uri")):
        return message(
            "URL Blocked",
            "This redirect failed because the redirect URI is not whitelisted in the app's Client OAuth Settings. Make sure"
            " Client and Web OAuth Login are on and add all your app domains as Valid OAuth Redirect URIs.",
        )
    if unknown := sorted(scopes - set(permissions())):
        words = f"Invalid Scopes: {', '.join(unknown)}. This message is only shown to developers."
        return message("Invalid Scopes", words)
    if "id_token" in _response_types(asked) and "openid" not in scopes:
        return message("Invalid Request", "An id_token is given for the scope openid only.")
    return None


def _barred(world: World, asked: Asked, app: App, person: str) -> Answer | None:
    """Why this person cannot answer the dialog of this app."""
    if app_stopped(world, app.id):
        return redirect(asked, error_code="1349220", error_message=UNAVAILABLE)
    if person not in world.people:
        return message(*NOBODY.split(": ", 1))
    if barred_in_development(world, app, person):
        return redirect(asked, error_code="1349126", error_message=NOT_SET_UP)
    return None


def cancelled(asked: Asked) -> Answer:
    """The redirect of a person who said no."""
    return redirect(
        asked, error="access_denied", error_code="200", error_description="Permissions error", error_reason="user_denied"
    )


NOBODY = "Nobody is logged in: There is no such person in this world."
UNAVAILABLE = "Feature Unavailable: Facebook Login is currently unavailable for this app"
NOT_SET_UP = (
    "App Not Setup: This app is still in development mode, and you don't have access to it. Switch to a registered test user or"
    " ask an app admin for permissions."
)


def consented(world: World, asked: Asked, app: App, choice: Choice, scopes: frozenset[str]) -> Answer:
    """The grant noted, and the redirect with what `response_type` asks for."""
    grant = agree(world, app.id, choice, scopes, asked.get("auth_type"))
    types, told, openid = _response_types(asked), dict[str, str](), "openid" in grant.granted
    if "token" in types:
        token = bearer(
            world, _issue(world, app.id, choice.person, asked.get("auth_type"), long=False, call="dialog/oauth, token")
        )
        access_ends = world.now() + timedelta(days=world.defaults.data_access_days)
        told |= {"access_token": token["access_token"], "data_access_expiration_time": f"{int(access_ends.timestamp())}"}
        told["expires_in"] = str(token["expires_in"])
    if "id_token" in types and openid:
        told["id_token"] = id_token(world, app.id, choice.person, asked.get("nonce"), told.get("access_token", ""))
    if "code" in types:
        told["code"] = new_code(world, asked, app, choice.person, nonce=asked.get("nonce") if openid else None)
    if "granted_scopes" in types or asked.get("return_scopes") == "true":
        told |= {"granted_scopes": ",".join(sorted(grant.granted)), "denied_scopes": ",".join(sorted(grant.declined))}
    return redirect(asked, in_fragment=bool(types & {"token", "id_token"}), **told)


def _response_types(asked: Asked) -> set[str]:
    return set(re.split(r"[,\s]+", asked.get("response_type") or "code"))


def allowed(world: World, app: App, redirect_uri: str) -> bool:
    """Whether the app may be redirected there: one of its own addresses, or localhost while it is in development."""
    if _is_here(redirect_uri) and world.mode(app.id) == "development":
        return True
    return _without_state(redirect_uri) in {_without_state(uri) for uri in app.redirect_uris}


def _is_here(uri: str) -> bool:
    """Whether the address leads to this machine, however it is read: to a browser, a backslash ends the host's name."""
    try:
        parts = urlsplit(uri)
        plain = parts.port != 0 and "\\" not in uri and "@" not in parts.netloc
    except ValueError:  # brackets that do not close, or no such port
        return False
    return plain and parts.scheme in {"http", "https"} and is_loopback(parts.hostname or "")


def _without_state(uri: str) -> str:
    # Strict mode compares the whole URI, the value of `state` excepted.
    return re.sub(r"([?&]state=)[^&]*", r"\1", uri)


def redirect(asked: Asked, *, in_fragment: bool = False, **told: str) -> Answer:
    """302 to the request's redirect_uri, its state repeated."""
    if asked.get("state"):
        told["state"] = asked.get("state")
    parts = urlsplit(asked.get("redirect_uri"))
    if in_fragment:
        return _led(parts._replace(fragment=urlencode(told)))
    query = "&".join(filter(None, [parts.query, urlencode(told)]))
    # Facebook appends #_=_ where the address has no fragment of its own.
    return _led(parts._replace(query=query, fragment=parts.fragment or "_=_"))


def _led(to: SplitResult) -> Answer:
    # A header takes neither a blank at its end nor anything beyond ASCII.
    return Answer(302, "", {"location": quote(urlunsplit(to), safe=punctuation)})


def exchange_code(world: World, asked: Asked) -> dict[str, Any]:
    """`/oauth/access_token` with a code: a user token. Raises Refusal: every row of the contract's 1.3."""
    code = world.codes.get(asked.get("code"))
    app = app_with_secret(world, asked, secretless=bool(code and code.code_challenge and asked.get("code_verifier")))
    code = spend(world, asked, app, asked.get("redirect_uri"))
    long = world.defaults.code_exchange == "long"
    token = _issue(world, app.id, code.person, code.auth_type, long=long, call="oauth/access_token, code")
    told = bearer(world, token)
    return told if code.nonce is None else told | {"id_token": id_token(world, app.id, code.person, code.nonce, token.value)}


def _issue(world: World, app: str, person: str, auth_type: str, *, long: bool, call: str) -> TokenRecord:
    expires = long_expiry(world) if long else short_expiry(world)
    return world.issue(TokenKind.USER, app, person=person, expires_at=expires, long_lived=long, auth_type=auth_type, call=call)
