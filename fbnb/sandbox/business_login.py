"""Twin of flows/business_login: a configuration in place of scopes, all of it granted or nothing, a token for the business."""

from __future__ import annotations

from typing import Any

from fbnb.catalogue import roles
from fbnb.sandbox.callers import app_with_secret, unsupported
from fbnb.sandbox.consent import Choice
from fbnb.sandbox.facts import Grant, RoleChanged
from fbnb.sandbox.judge import death
from fbnb.sandbox.login import cancelled, consented, redirect
from fbnb.sandbox.login import dialog as login_dialog
from fbnb.sandbox.messages import Answer, Asked
from fbnb.sandbox.oauth import bearer, new_code, spend
from fbnb.sandbox.pages import message
from fbnb.sandbox.records import SystemUser
from fbnb.sandbox.seed import App, Business, LoginConfiguration
from fbnb.sandbox.system_user import administered, issue, new_system_user, proven
from fbnb.sandbox.world import World
from fbnb.tokens import TokenKind


def dialog(world: World, asked: Asked) -> Answer:
    """`/dialog/oauth` with `config_id`: its permissions, and none of the person's own choosing."""
    app = world.apps.get(asked.get("client_id"))
    config = _configuration(app, asked.get("config_id")) if app else None
    if app and config is None:
        return message("Invalid Configuration", "There is no login configuration with this config_id.")
    if config and config.token == "system_user" and (problem := _unfit(asked)):
        return message("Invalid Request", problem)
    scopes = f"{asked.get('scope')} {' '.join(config.scopes) if config else ''}".strip()
    return login_dialog(world, asked.but(params={**asked.params, "scope": scopes}), _consented)


def _configuration(app: App, id: str) -> LoginConfiguration | None:
    return next((config for config in app.configurations if config.id == id), None)


def _unfit(asked: Asked) -> str:
    if asked.get("scope"):
        return "A configuration for a system user takes no scope."
    if asked.get("response_type") != "code" or asked.get("override_default_response_type") != "true":
        return "A configuration for a system user needs response_type=code and override_default_response_type=true."
    return ""


def _consented(world: World, asked: Asked, app: App, choice: Choice, scopes: frozenset[str]) -> Answer:
    config = _configuration(app, asked.get("config_id"))
    if choice.decline & scopes:
        return cancelled(asked)  # all of the configuration, or nothing
    if config is None or config.token == "user":
        return consented(world, asked, app, choice, scopes)
    business = _client_business(world, choice.person, app)
    if business is None:
        return message("No business", "The person administers no business that could be connected.")
    machine = _integration(world, business.id, app)
    world.note((machine.id, app.id), Grant(frozenset(config.scopes)))
    _hand_over(world, choice, machine)
    return redirect(asked, code=new_code(world, asked, app, machine.id, made_by="business_login", config=config.id))


def _client_business(world: World, person: str, app: App) -> Business | None:
    """A business the person administers, rather one that is not the app's own."""
    theirs = [business for business in world.seed.businesses if world.people[person].name in business.admins]
    return next((business for business in theirs if app.id not in business.apps), theirs[0] if theirs else None)


def _integration(world: World, business: str, app: App) -> SystemUser:
    found = [machine for machine in world.system_users.values() if (machine.business, machine.app) == (business, app.id)]
    return found[0] if found else new_system_user(world, f"{app.name} integration", "DEFAULT", business, app.id)


def _hand_over(world: World, choice: Choice, machine: SystemUser) -> None:
    """The system user may do on the ticked Pages what the person may do there."""
    for page in world.pages:
        role = world.role(choice.person, page)
        ticked = choice.pages is None or page in choice.pages
        world.note((machine.id, page), RoleChanged(role if ticked and roles().get(role) else ""))


def exchange_business_code(world: World, asked: Asked) -> dict[str, Any]:
    """`/oauth/access_token` with its code: a system user's token. redirect_uri may be left out, but not be another."""
    app = app_with_secret(world, asked)
    code = spend(world, asked, app, asked.get("redirect_uri") or None)
    config = _configuration(app, code.config)
    assert config is not None  # the dialog knew it
    call = "oauth/access_token, business login code"
    token = issue(world, code.person, app.id, frozenset(config.scopes), call, expiring=config.expires_in_60_days)
    return bearer(world, token)


def fetch_business_token(world: World, asked: Asked, business: str) -> dict[str, Any]:
    """`POST /{business}/system_user_access_tokens`: the connected business's token again, or a new one of the same scopes."""
    proven(world, asked)
    token = administered(world, asked, business)
    theirs = [
        held
        for held in world.tokens.values()
        if held.kind is TokenKind.SYSTEM_USER
        and held.app == token.app
        and (world.system_users[held.person].business, world.system_users[held.person].app) == (business, token.app)
        and death(world, held) is None
    ]
    if not theirs:
        raise unsupported(business, "post")
    if asked.get("fetch_only") == "true":
        return {"access_token": theirs[-1].value}
    expiring, last = asked.get("set_token_expires_in_60_days") == "true", theirs[-1]
    call, scopes = "POST /{business}/system_user_access_tokens", last.scopes or frozenset()
    return {"access_token": issue(world, last.person, token.app, scopes, call, expiring=expiring).value}
