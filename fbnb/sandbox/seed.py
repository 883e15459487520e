"""Read world.json: what stands in it, checked, with an error that names file, place and remedy."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from fbnb.catalogue import permissions, roles
from fbnb.errors import WorldError
from fbnb.resources import folder
from fbnb.sandbox.defaults import Defaults


class Category(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    id: str
    name: str


class Business(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A business portfolio. admins, pages: by name; apps: ids of those it owns or shares."""

    id: str
    name: str
    admins: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    owned_pages: tuple[str, ...] = ()
    client_pages: tuple[str, ...] = ()
    expiring_tokens_only: bool = False


class LoginConfiguration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What Facebook Login for Business asks for under one `config_id`, and which kind of token it gives."""

    id: str
    name: str
    token: Literal["user", "system_user"]
    scopes: tuple[str, ...]
    expires_in_60_days: bool = False


class App(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An app. roles: person's name -> admin, developer or tester. require_proof: Meta's "Require App Secret"."""

    id: str
    name: str
    secret: str
    client_token: str
    mode: Literal["development", "live"] = "live"
    redirect_uris: tuple[str, ...] = ()
    roles: dict[str, Literal["admin", "developer", "tester"]] = {}
    require_proof: bool = False
    configurations: tuple[LoginConfiguration, ...] = ()
    deauthorize_callback_url: str = ""
    data_deletion_url: str = ""

    def __repr__(self) -> str:
        return f"App({self.id} {self.name})"


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person. app_scoped_ids: app id -> the id that app sees this person under. test_user_of: ids of apps, for a test user."""

    id: str
    name: str
    app_scoped_ids: dict[str, str]
    email: str = ""
    two_factor: bool = False
    test_user_of: tuple[str, ...] = ()

    def changed(self, **facts: Any) -> Person:
        """The same person, but for these."""
        return msgspec.structs.replace(self, **facts)


class Post(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A post on a Page; its id here is the part behind the Page's."""

    id: str
    message: str
    created_time: datetime
    by_visitor: bool = False


class PageSeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A Page. roles: person's name -> a role of roles.csv. through_business: reached only with business_management."""

    id: str
    name: str
    category: Category
    roles: dict[str, str] = {}
    through_business: bool = False
    deleted_at: datetime | None = None
    about: str = ""
    followers: int = 0
    posts: tuple[Post, ...] = ()


class Campaign(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A campaign. daily_budget: minor units. impressions: of a Monday, a Tuesday ...; cost: of a thousand of them."""

    id: str
    name: str
    objective: str
    status: Literal["ACTIVE", "PAUSED", "ARCHIVED", "DELETED"]
    daily_budget: int
    since: date
    until: date | None = None
    impressions: tuple[int, int, int, int, int, int, int]
    cost: Decimal


class AdAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An ad account; its id is without `act_`. roles: person's name -> a role of roles.csv."""

    id: str
    name: str
    account_status: int
    currency: str
    timezone_name: str
    roles: dict[str, str] = {}
    campaigns: tuple[Campaign, ...] = ()


class Seed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All a world begins with."""

    start: datetime
    seed: str
    businesses: tuple[Business, ...]
    apps: tuple[App, ...]
    people: tuple[Person, ...]
    pages: tuple[PageSeed, ...]
    ad_accounts: tuple[AdAccount, ...] = ()
    defaults: Defaults = Defaults()


def load_seed(path: Path | None = None) -> Seed:
    """The world in `path`, by default the one in `data/`.

    Raises WorldError: no such file, a syntax error (with its line) or a wrong value (with its key path).
    """
    path = path or folder("data") / "world.json"
    try:
        seed = msgspec.convert(json.loads(path.read_text(encoding="utf-8")), Seed)
    except OSError as problem:
        raise WorldError(f"{path}: {problem.strerror}.", remedy="Set FBNB_WORLD to a world.json, or unset it.") from None
    except UnicodeDecodeError:
        raise WorldError(f"{path}: not UTF-8 text.", remedy="Save it as UTF-8.") from None
    except RecursionError:
        raise WorldError(f"{path}: nested too deep.", remedy="Compare with data/world.json.") from None
    except json.JSONDecodeError as problem:
        where = f"line {problem.lineno}, column {problem.colno}"
        raise WorldError(f"{path}, {where}: {problem.msg}.", remedy="Correct the JSON there, or just before.") from None
    except msgspec.ValidationError as problem:
        what, _, key = str(problem).partition(" - at ")
        raise WorldError(f"{path}, {key.strip('`') or '$'}: {what}.", remedy="Compare with data/world.json.") from None
    for key, what in _inconsistencies(seed):
        raise WorldError(f"{path}, {key}: {what}.", remedy="Correct that name or id.")
    return seed


def _inconsistencies(seed: Seed) -> Iterator[tuple[str, str]]:
    """Key path and problem, for what a type cannot say."""
    people, apps = {p.name for p in seed.people}, {a.id for a in seed.apps}
    instants = [("$.start", seed.start), *((f"$.pages[{n}].deleted_at", page.deleted_at) for n, page in enumerate(seed.pages))]
    instants += [(f"$.pages[{n}].posts", post.created_time) for n, page in enumerate(seed.pages) for post in page.posts]
    for key, instant in instants:
        if instant and instant.tzinfo is None:
            yield key, "an instant needs a time zone, such as the Z in 2026-11-02T09:00:00Z"
    if not 2018 <= seed.start.year <= 2100:
        yield "$.start", "a world starts between 2018 and 2100"
    for key in ("businesses", "apps", "people", "pages", "ad_accounts"):
        yield from _ids(key, getattr(seed, key))
    for n, app in enumerate(seed.apps):
        if not re.fullmatch(r"[0-9]{5,20}", app.id):
            yield f"$.apps[{n}].id", f"{app.id!r} is not a number of 5 to 20 digits"
        if not re.fullmatch(r"[0-9a-f]{32}", app.secret):
            yield f"$.apps[{n}].secret", "a secret is 32 characters of 0-9 and a-f"
        yield from _names(f"$.apps[{n}].roles", app.roles, people, "person")
        scopes = [scope for config in app.configurations for scope in config.scopes]
        yield from _names(f"$.apps[{n}].configurations", scopes, set(permissions()), "permission")
    for n, business in enumerate(seed.businesses):
        yield from _names(f"$.businesses[{n}].admins", business.admins, people, "person")
        yield from _names(f"$.businesses[{n}].apps", business.apps, apps, "app")
        owned = {*business.owned_pages, *business.client_pages}
        yield from _names(f"$.businesses[{n}].owned_pages", owned, {page.name for page in seed.pages}, "Page")
    for n, person in enumerate(seed.people):
        yield from _names(f"$.people[{n}].app_scoped_ids", person.app_scoped_ids, apps, "app")
        yield from (
            (f"$.people[{n}].app_scoped_ids", f"no id for app {app}") for app in sorted(apps - set(person.app_scoped_ids))
        )
    for key in ("pages", "ad_accounts"):
        for n, asset in enumerate(getattr(seed, key)):
            yield from _names(f"$.{key}[{n}].roles", asset.roles, people, "person")
            yield from _names(f"$.{key}[{n}].roles", asset.roles.values(), set(roles()), "role")
    zones = [(f"$.ad_accounts[{n}].timezone_name", account.timezone_name) for n, account in enumerate(seed.ad_accounts)]
    yield from ((key, f"there is no time zone {zone!r}") for key, zone in zones if not _is_a_zone(zone))


def _is_a_zone(name: str) -> bool:
    try:
        return bool(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def _ids(key: str, part: Iterable[Any]) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for n, item in enumerate(part):
        if not item.id.isdecimal():
            yield f"$.{key}[{n}].id", f"{item.id!r} is not a number"
        for what, value in (("id", item.id), ("name", item.name)):
            if value in seen:
                yield f"$.{key}[{n}].{what}", f"{value} is there twice"
            seen.add(value)
    if not seen and key != "ad_accounts":
        yield f"$.{key}", "at least one is needed"


def _names(key: str, given: Iterable[str], known: set[str], noun: str) -> Iterator[tuple[str, str]]:
    yield from ((key, f"there is no {noun} {name!r}") for name in given if name not in known)
