"""Twin of flows/test_users: people that an app makes up for itself."""

from __future__ import annotations

from typing import Any

from fbnb.catalogue import permissions
from fbnb.sandbox.callers import app_itself, caller, read, unsupported
from fbnb.sandbox.facts import NOTHING_GRANTED, Ending, Grant, SessionEnded
from fbnb.sandbox.fields import paged
from fbnb.sandbox.judge import death
from fbnb.sandbox.messages import Asked, Refusal
from fbnb.sandbox.oauth import scopes_of, short_expiry
from fbnb.sandbox.revoke import remove_app
from fbnb.sandbox.seed import Person
from fbnb.sandbox.world import World
from fbnb.tokens import TokenKind

_NAMES = ("Alma Reed", "Otto Pike", "Ida Marsh", "Hugo Lane", "Nora Stone", "Emil Ford")
_CALL = "POST /{app}/accounts/test-users"


def create_test_user(world: World, asked: Asked, app: str) -> dict[str, Any]:
    """`POST /{app}/accounts/test-users`; with `uid` and `owner_access_token`, another app's test user joins this one."""
    app_itself(world, asked, app)
    if len(_users(world, app)) >= world.defaults.test_user_limit:
        raise Refusal(2900, "Too many test accounts")
    scopes = scopes_of(Asked(asked.method, asked.host, "", {"scope": asked.get("permissions")}))
    if unknown := sorted(scopes - set(permissions())):
        raise Refusal(100, f"(#100) Invalid Scopes: {', '.join(unknown)}")
    if asked.get("uid"):
        return _associate(world, asked, app, scopes)
    number = world.serial("test user")
    id, name = str(8_000_000_000_000 + number), asked.get("name").strip() or _NAMES[(number - 1) % len(_NAMES)]
    email = f"{name.split()[0].lower()}_{world.digest(f'mail/{id}', 10)}@tfbnw.net"
    world.people[id] = Person(id=id, name=name, app_scoped_ids={app: id}, email=email, test_user_of=(app,))
    _install(world, asked, id, app, scopes)
    password = str(int(world.digest(f"password/{id}", 8), 16)).zfill(10)
    return _told(world, id, app) | {"email": email, "password": password}


def _install(world: World, asked: Asked, id: str, app: str, scopes: frozenset[str]) -> None:
    if asked.get("installed") != "false":
        world.note((id, app), Grant(scopes | {"public_profile"}))
        world.issue(TokenKind.USER, app, person=id, expires_at=short_expiry(world), call=_CALL)


def _told(world: World, id: str, app: str) -> dict[str, Any]:
    told = {"id": id, "login_url": f"https://developers.facebook.com/checkpoint/test-user-login/{id}/"}
    made = [token for token in world.tokens.values() if (token.person, token.app, token.call) == (id, app, _CALL)]
    good = [token.value for token in made if death(world, token) is None]
    return told | ({"access_token": good[-1]} if good else {})


def _users(world: World, app: str) -> list[str]:
    return [person.id for person in world.people.values() if app in person.test_user_of]


def _associate(world: World, asked: Asked, app: str, scopes: frozenset[str]) -> dict[str, Any]:
    owner = read(world, asked.get("owner_access_token"))
    if owner.kind is not TokenKind.APP or asked.get("uid") not in _users(world, owner.app):
        raise unsupported(asked.get("uid"), "post")
    person = world.people[asked.get("uid")]
    apps = tuple(dict.fromkeys([*person.test_user_of, app]))
    world.people[person.id] = person.changed(test_user_of=apps, app_scoped_ids={**person.app_scoped_ids, app: person.id})
    _install(world, asked, person.id, app, scopes)
    return _told(world, person.id, app)


def list_test_users(world: World, asked: Asked, app: str) -> dict[str, Any]:
    """`GET /{app}/accounts/test-users`: ids, login addresses, and tokens that are still good; no passwords."""
    app_itself(world, asked, app)
    return paged(world, asked, _users(world, app), lambda id: _told(world, id, app))


def change_test_user(world: World, asked: Asked, id: str) -> dict[str, Any]:
    """`POST /{test_user}` with `name` or `password`. Anything else that is posted to a node is refused."""
    person = _own(world, asked, id)
    if asked.get("name").strip():
        world.people[id] = person.changed(name=asked.get("name").strip())
    if asked.get("password"):
        world.note((id, ""), SessionEnded(Ending.PASSWORD_CHANGED))
    return {"success": True}


def delete_test_user(world: World, asked: Asked, id: str) -> dict[str, Any]:
    """`DELETE /{test_user}`: refused with 2903 while more than one app has them."""
    person = _own(world, asked, id)
    if len(person.test_user_of) > 1:
        raise Refusal(2903, "Cannot delete this test account")
    world.note((id, ""), SessionEnded(Ending.INVALIDATED))
    world.note((id, person.test_user_of[0]), NOTHING_GRANTED)
    world.people[id] = person.changed(test_user_of=())
    return {"success": True}


def _own(world: World, asked: Asked, id: str) -> Person:
    """A test user, for a caller who is their app, or they themselves."""
    token = caller(world, asked)
    person = world.people.get(id)
    theirs = person and token.app in person.test_user_of and (token.kind is TokenKind.APP or token.person == id)
    if person is None or not theirs:
        raise unsupported(id, asked.method.lower())
    return person


def dissociate_test_user(world: World, asked: Asked, app: str) -> dict[str, Any]:
    """`DELETE /{app}/accounts/test-users?uid=`: the app has them no more. Refused with 2902 where it is their last."""
    app_itself(world, asked, app)
    person = world.people.get(asked.get("uid"))
    if person is None or app not in person.test_user_of:
        raise unsupported(asked.get("uid"), "delete")
    if len(person.test_user_of) == 1:
        raise Refusal(2902, "Cannot remove test account from this app")
    remove_app(world, person.id, app)
    world.people[person.id] = person.changed(test_user_of=tuple(other for other in person.test_user_of if other != app))
    return {"success": True}
