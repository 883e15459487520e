"""What can happen in a world, each a dated fact: to people, to what they granted, to Pages, to apps."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Generic, TypeVar

from fbnb.catalogue import roles
from fbnb.errors import InputError
from fbnb.sandbox.defaults import assumed
from fbnb.sandbox.facts import (
    AccountTroubled,
    AppStopped,
    CutShort,
    DataAccessEnded,
    Deleted,
    Ending,
    Grant,
    Hidden,
    ModeChanged,
    ProofRequired,
    RoleChanged,
    SecretReset,
    SessionEnded,
    Stop,
    Trouble,
    TwoFactorDemanded,
)
from fbnb.sandbox.faults import Fault, befall
from fbnb.sandbox.revoke import ask_for_deletion, remove_app
from fbnb.sandbox.world import Event, World
from fbnb.tokens import AccessToken

T = TypeVar("T")


class Events(Generic[T]):
    """Every event there is. Each method makes one and hands it on: to happen, or to be kept for later.

    People, Pages, businesses and ad accounts go by name. app_id: by default the world's first app. Raises InputError: nobody
    and nothing has that name.
    """

    def __init__(self, world: World, hand_on: Callable[[Event], T]) -> None:
        self.world, self._hand_on = world, hand_on

    def _note(self, words: str, key: tuple[str, str], fact: object) -> T:
        return self._hand_on(Event(words, lambda world: world.note(key, fact)))

    def _app(self, app_id: str) -> str:
        if app_id and app_id not in self.world.apps:
            raise InputError(f"There is no app {app_id!r} in this world.", remedy=f"There are {', '.join(self.world.apps)}.")
        return app_id or self.world.seed.apps[0].id

    def _person(self, name: str) -> str:
        return self.world.person_named(name).id

    def _page(self, name: str) -> str:
        return self.world.page_named(name).id

    # To a person, and so to all tokens of theirs

    def change_password(self, person: str) -> T:
        """Every token of the person, in every app, dies: 190/460."""
        ended = SessionEnded(Ending.PASSWORD_CHANGED)
        return self._note(f"{person} changes the password", (self._person(person), ""), ended)

    def reset_sessions(self, person: str) -> T:
        """Facebook ends the person's sessions for security reasons: 190/452."""
        return self._note(f"Facebook resets {person}'s sessions", (self._person(person), ""), SessionEnded(Ending.RESET))

    def log_out(self, person: str, app_id: str = "") -> T:
        """The person's tokens die, of all apps or of one: 190/467."""
        key = self._person(person), self._app(app_id) if app_id else ""
        return self._note(f"{person} logs out", key, SessionEnded(Ending.LOGGED_OUT))

    def invalidate(self, person: str, app_id: str = "") -> T:
        """An API call ends the person's tokens: 190/466."""
        key = self._person(person), self._app(app_id)
        return self._note(f"The app invalidates {person}'s tokens", key, SessionEnded(Ending.INVALIDATED))

    def question(self, person: str) -> T:
        """A checkpoint: nothing works until the person logs in on facebook.com and follows the instructions: 190/459."""
        return self._note(f"Facebook questions {person}", (self._person(person), ""), AccountTroubled(Trouble.CHECKPOINT))

    def block(self, person: str) -> T:
        """A checkpoint that also blocks the person who is logged in: 190/490."""
        return self._note(f"Facebook blocks {person}", (self._person(person), ""), AccountTroubled(Trouble.BLOCKED))

    def unconfirm(self, person: str) -> T:
        """The account counts as unconfirmed: 190/464."""
        words = f"{person}'s account is no longer confirmed"
        return self._note(words, (self._person(person), ""), AccountTroubled(Trouble.UNCONFIRMED))

    def clear(self, person: str) -> T:
        """The person did what Facebook asked, and the tokens work again."""
        return self._note(f"{person} does what Facebook asks", (self._person(person), ""), AccountTroubled(None))

    def delete_system_user(self, name: str) -> T:
        """The system user is gone, and its tokens with it: 190/465."""
        key = self._person(name), ""
        if key[0] not in self.world.system_users:
            raise InputError(f"{name} is a person, and no system user.", remedy="Name one that a business has made.")

        def act(world: World) -> None:
            world.note(key, SessionEnded(Ending.SYSTEM_USER_DELETED))
            world.note(key, Deleted())

        return self._hand_on(Event(f"The system user {name} is deleted", act))

    # To what a person granted one app

    def expire(self, token: AccessToken) -> T:
        """The token's time runs out at once, and that of the Page tokens that end with it: 190/463."""
        key = self.world.text_of(token), ""
        return self._note(f"{token.hint} runs out", key, CutShort())

    def remove_app(self, person: str, app_id: str = "") -> T:
        """The person takes the app out of their settings; its tokens die: 190/458, and the next login asks everything anew."""
        who, app = self._person(person), self._app(app_id)
        return self._hand_on(Event(f"{person} removes the app", lambda world: remove_app(world, who, app)))

    def remove_permission(self, person: str, app_id: str, permission: str) -> T:
        """The person takes one permission back. The token lives, with a scope less. Raises InputError: it was not granted."""
        words, gone = f"{person} takes {permission} back", {permission}
        return self._regrant(words, person, app_id, permission, lambda grant: replace(grant, declined=grant.declined | gone))

    def expire_permission(self, person: str, app_id: str, permission: str) -> T:
        """A permission, unused for long, is granted no more and says `expired`. Raises InputError: it was not granted."""
        words, gone = f"{person}'s {permission} expires unused", {permission}
        return self._regrant(words, person, app_id, permission, lambda grant: replace(grant, expired=grant.expired | gone))

    def _regrant(self, words: str, person: str, app_id: str, permission: str, then: Callable[[Grant], Grant]) -> T:
        key = self._person(person), self._app(app_id)

        def act(world: World) -> None:
            grant = world.grant(*key)
            if permission not in grant.granted:
                remedy = f"Granted: {', '.join(sorted(grant.granted))}."
                raise InputError(f"{person} has not granted {permission}.", remedy=remedy)
            world.note(key, then(replace(grant, granted=grant.granted - {permission})))

        return self._hand_on(Event(words, act))

    def untick_page(self, person: str, app_id: str, page: str) -> T:
        """The person shares a Page fewer with the app: its Page token dies, the user token lives."""
        key, gone = (self._person(person), self._app(app_id)), self._page(page)

        def act(world: World) -> None:
            grant = world.grant(*key)
            shared = frozenset(world.pages) if grant.pages is None else grant.pages
            world.note(key, replace(grant, pages=shared - {gone}))

        return self._hand_on(Event(f"{person} unticks {page}", act))

    def end_data_access(self, person: str, app_id: str = "") -> T:
        """The app may read the person's own data no more, until they are there again; the token stays valid."""
        key = self._person(person), self._app(app_id)
        return self._note(f"Access to {person}'s data ends", key, DataAccessEnded())

    def request_data_deletion(self, person: str, app_id: str = "") -> T:
        """The person asks the app, through Facebook's settings, to delete what it has about them."""
        who, app = self._person(person), self._app(app_id)
        words = f"{person} asks for their data to be deleted"
        return self._hand_on(Event(words, lambda world: ask_for_deletion(world, who, app)))

    # To Pages, and who may act on them

    def change_role(self, person: str, asset: str, role: str = "") -> T:
        """The person or system user has another role on the Page or ad account, or none: 190/492 for its Page token."""
        if role and role not in roles():
            raise InputError(f"There is no role {role!r}.", remedy=f"There are {', '.join(roles())}.")
        key = self._person(person), self.world.asset_named(asset).id
        return self._note(f"{person} has {f'the role {role}' if role else 'no role'} on {asset}", key, RoleChanged(role))

    def demand_two_factor(self, business: str) -> T:
        """Only people with two-factor authentication may act on the Pages that the business owns: 190/492 for the others."""
        key = self.world.business_named(business).id, ""
        return self._note(f"{business} demands two-factor authentication", key, TwoFactorDemanded())

    def delete_page(self, page: str) -> T:
        """The Page is gone, and its tokens with it."""
        return self._note(f"{page} is deleted", (self._page(page), ""), Deleted())

    def hide_page(self, page: str) -> T:
        """The Page is unpublished or restricted: its tokens work no more."""
        return self._note(f"{page} is unpublished", (self._page(page), ""), Hidden(on=True))

    def show_page(self, page: str) -> T:
        """The Page is published again, and its tokens work."""
        return self._note(f"{page} is published", (self._page(page), ""), Hidden(on=False))

    # To an app, and so to every token of it

    def reset_secret(self, app_id: str = "") -> T:
        """The app gets a new secret; app tokens and proofs made with the old one no longer verify."""
        app = self._app(app_id)

        def act(world: World) -> None:
            fresh = hashlib.sha256(world.next_digest("secret", 32).encode()).hexdigest()[:32]
            world.note((app, ""), SecretReset(fresh))

        return self._hand_on(Event("The app's secret is reset", act))

    def require_proof(self, app_id: str = "") -> T:
        """Every call of the app must carry appsecret_proof from now on."""
        return self._note("The app requires appsecret_proof", (self._app(app_id), ""), ProofRequired(on=True))

    def set_mode(self, mode: str, app_id: str = "") -> T:
        """`development`: the app is for people with a role on it. `live`: for everyone."""
        if mode not in {"development", "live"}:
            raise InputError(f"There is no mode {mode!r}.", remedy="There are development and live.")
        return self._note(f"The app is in {mode} mode", (self._app(app_id), ""), ModeChanged(mode))

    def block_app(self, app_id: str = "") -> T:
        """Meta restricts the app or its developer: every call meets 200 `API access blocked.`"""
        return self._note("Meta blocks the app", (self._app(app_id), ""), AppStopped(Stop.BLOCKED))

    def deactivate_app(self, app_id: str = "") -> T:
        """A yearly check was missed: every call meets 200 `API access deactivated.`"""
        return self._note("Meta deactivates the app", (self._app(app_id), ""), AppStopped(Stop.DEACTIVATED))

    def reactivate_app(self, app_id: str = "") -> T:
        """The app is served again, and the tokens that lived on work."""
        return self._note("The app is active again", (self._app(app_id), ""), AppStopped(None))

    def delete_app(self, app_id: str = "") -> T:
        """The app is gone: 190 for every token of it, its own included."""
        return self._note("The app is deleted", (self._app(app_id), ""), Deleted())

    # To the calls, and to Graph itself

    def fail(
        self,
        what: int | str,
        *,
        path: str = "",
        method: str = "",
        times: int | None = None,
        chance: float = 1.0,
        words: str = "",
        status: int | None = None,
        seconds: float = 30,
        retry_after: float | None = None,
    ) -> T:
        """Calls meet a code of Graph's, such as 2 or "80004/2446079", or go wrong on the way, until `heal()`.

        The ways: "timeout" and "reset" (nothing is done, nothing comes back), "html" (a page with a 5xx status), "truncated"
        (done, and the JSON is cut off), "slow" (done, and it takes `seconds`), "lost" (done, and nothing comes back).

        path: which calls, such as "me" or "act_*/campaigns", by default all; method: by default any. times: how many of them,
        by default every one. chance: of each, the same in every run. words: of several messages that a code has, the first
        with these. status: an HTTP status that is not the usual. retry_after: when Graph says to come back, in seconds.
        Raises InputError: no such code, way or number.
        """
        fault = Fault(str(what), path, method, times, chance, words, status, seconds, retry_after)
        return self._hand_on(Event(f"Calls begin to fail: {what}", lambda world: befall(world, fault)))

    def heal(self) -> T:
        """Calls fail no more."""
        return self._hand_on(Event("Calls fail no more", lambda world: world.faults.clear()))

    def assume(self, **defaults: object) -> T:
        """What Meta leaves open is otherwise from here on, such as `calls_per_user=5`. Raises InputError: no such default."""
        assumed(self.world.defaults, **defaults)

        def act(world: World) -> None:
            world.defaults = assumed(world.defaults, **defaults)

        return self._hand_on(Event(f"From here on {', '.join(f'{name} is {value}' for name, value in defaults.items())}", act))
