"""Twin of flows/login: the dialog and what a person does in it, the exchange of its code, and what was granted."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from fbnb.catalogue import permissions
from fbnb.sandbox.callers import app_with_secret
from fbnb.sandbox.facts import AccountTroubled, AppUsed, Grant
from fbnb.sandbox.judge import app_deleted, app_stopped
from fbnb.sandbox.messages import Answer, Asked
from fbnb.sandbox.oauth import bearer, long_expiry, new_code, scopes_of, short_expiry, spend
from fbnb.sandbox.oidc import id_token
from fbnb.sandbox.records import TokenRecord
from fbnb.sandbox.seed import App
from fbnb.sandbox.world import World
from fbnb.tokens import TokenKind

_ALWAYS_GRANTED = frozenset({"public_profile"})


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person does in the dialog.

    person: an id. decline: permissions unticked. pages: ids ticked, None for all or, where they were ticked before, no
    change. cancel: closes the dialog instead.
    """

    person: str
    decline: frozenset[str] = frozenset()
    pages: frozenset[str] | None = None
    cancel: bool = False


Consented = Callable[[World, Asked, App, Choice, frozenset[str]], Answer]


def dialog(world: World, asked: Asked, then: Consented | None = None) -> Answer:
    """`POST /dialog/oauth`: the dialog's parameters, and the person's choice as `_person _decline _pages _cancel`.

    302 to the redirect_uri with a code or with what went wrong; a page of its own where it may not redirect. then: what
    follows a consent, by default a grant and what `response_type` asks for.
    """
    app = world.apps.get(asked.get("client_id"))
    if app is None or app_deleted(world, app.id):
        return page_of_its_own("Invalid App ID", "The provided app ID does not look like a valid app ID.")
    if not allowed(world, app, asked.get("redirect_uri")):
        return page_of_its_own(
            "URL Blocked",
            "This redirect failed because the redirect URI is not whitelisted in the app's Client OAuth Settings. Make sure"
            " Client and Web OAuth Login are on and add all your app domains as Valid OAuth Redirect URIs.",
        )
    scopes = scopes_of(asked)
    if unknown := sorted(scopes - set(permissions())):
        words = f"Invalid Scopes: {', '.join(unknown)}. This message is only shown to developers."
        return page_of_its_own("Invalid Scopes", words)
    if "id_token" in _response_types(asked) and "openid" not in scopes:
        return page_of_its_own("Invalid Request", "An id_token is given for the scope openid only.")
    if app_stopped(world, app.id):
        return redirect(asked, error_code="1349220", error_message=_UNAVAILABLE)
    choice = _choice(world, asked)
    if choice.person not in world.people:
        return page_of_its_own("Nobody is logged in", "There is no such person in this world.")
    if world.mode(app.id) == "development" and not world.app_role(choice.person, app):
        return redirect(asked, error_code="1349126", error_message=_NOT_SET_UP)
    if choice.cancel:
        return cancelled(asked)
    follow_instructions(world, choice.person)
    return (then or consented)(world, asked, app, choice, scopes)


def follow_instructions(world: World, person: str) -> None:
    """Facebook lets a person whom it questions answer its pages only after they did what it asks."""
    troubled = world.latest(AccountTroubled, (person, ""))
    if troubled and troubled.why:
        world.note((person, ""), AccountTroubled(None))


def cancelled(asked: Asked) -> Answer:
    """The redirect of a person who said no."""
    return redirect(
        asked, error="access_denied", error_code="200", error_description="Permissions error", error_reason="user_denied"
    )


_UNAVAILABLE = "Feature Unavailable: Facebook Login is currently unavailable for this app"
_NOT_SET_UP = (
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


def agree(world: World, app: str, choice: Choice, scopes: frozenset[str], auth_type: str = "") -> Grant:
    """What the person grants from here on, noted, and that they were there."""
    key = choice.person, app
    grant = decide(world.grant(*key), scopes, choice, auth_type)
    world.note(key, grant)
    world.note(key, AppUsed())
    return grant


def decide(before: Grant, scopes: frozenset[str], choice: Choice, auth_type: str) -> Grant:
    """The grant that follows: what was granted stays; what was declined is asked again only with `rerequest`."""
    asked_again = before.declined if "rerequest" in auth_type else frozenset()
    asks = (scopes | _ALWAYS_GRANTED) - before.granted - (before.declined - asked_again)
    declined_now = (asks & choice.decline) - _ALWAYS_GRANTED
    granted = before.granted | (asks - declined_now)
    pages = before.pages if choice.pages is None and before.granted else choice.pages
    declined = (before.declined | declined_now) - granted
    return Grant(granted, declined, pages, auth_type, before.expired - granted - declined)


def _response_types(asked: Asked) -> set[str]:
    return set(re.split(r"[,\s]+", asked.get("response_type") or "code"))


def _choice(world: World, asked: Asked) -> Choice:
    pages = asked.params.get("_pages")
    return Choice(
        person=asked.get("_person") or world.seed.people[0].id,
        decline=frozenset(filter(None, asked.get("_decline").split(","))),
        pages=None if pages is None else frozenset(filter(None, pages.split(","))),
        cancel=asked.get("_cancel") == "true",
    )


def allowed(world: World, app: App, redirect_uri: str) -> bool:
    """Whether the app may be redirected there: one of its own addresses, or localhost while it is in development."""
    try:
        parts = urlsplit(redirect_uri)
    except ValueError:
        return False
    if world.mode(app.id) == "development" and parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1"}:
        return True
    return _without_state(redirect_uri) in {_without_state(uri) for uri in app.redirect_uris}


def _without_state(uri: str) -> str:
    # Strict mode compares the whole URI, the value of `state` excepted.
    return re.sub(r"([?&]state=)[^&]*", r"\1", uri)


def redirect(asked: Asked, *, in_fragment: bool = False, **told: str) -> Answer:
    """302 to the request's redirect_uri, its state repeated."""
    if asked.get("state"):
        told["state"] = asked.get("state")
    parts = urlsplit(asked.get("redirect_uri"))
    if in_fragment:
        return Answer(302, "", {"location": urlunsplit(parts._replace(fragment=urlencode(told)))})
    query = "&".join(filter(None, [parts.query, urlencode(told)]))
    # Facebook appends #_=_ where the address has no fragment of its own.
    return Answer(302, "", {"location": urlunsplit(parts._replace(query=query, fragment=parts.fragment or "_=_"))})


def page_of_its_own(title: str, words: str) -> Answer:
    """What the dialog shows where it may not redirect."""
    html = f"<!doctype html><html lang=en><title>{title}</title><h1>{title}</h1><p>{escape(words, quote=False)}</p></html>"
    return Answer(200, html, {"content-type": "text/html; charset=utf-8"})


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
