"""The sandbox as a lesson holds it: its clock, its people, and what can happen in its world."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from fbnb.catalogue import roles, scope_list
from fbnb.clock import ManualClock, ShiftedClock
from fbnb.errors import DialogRefused, InputError
from fbnb.sandbox.core import answer
from fbnb.sandbox.device_login import answer_device
from fbnb.sandbox.facts import Deleted, Ending, Grant, RoleChanged, SecretReset, SessionEnded, TwoFactorDemanded
from fbnb.sandbox.login import Choice
from fbnb.sandbox.messages import ask
from fbnb.sandbox.revoke import Callback, ask_for_deletion, callbacks, remove_app
from fbnb.sandbox.seed import load_seed
from fbnb.sandbox.transport import SandboxTransport
from fbnb.sandbox.world import Checkpoint, World


@dataclass(frozen=True)
class Visitor:
    """A person of the world in front of the dialog, and what they will do there: a consent for a client."""

    world: World
    choice: Choice

    def __call__(self, url: str) -> str:
        """Answer the dialog at a URL; returns where it redirects. Raises DialogRefused: it shows an error page instead."""
        parts, choice = urlsplit(url), self.choice
        params = dict(parse_qsl(parts.query)) | {"_person": choice.person, "_decline": ",".join(sorted(choice.decline))}
        params |= {"_pages": ",".join(sorted(choice.pages))} if choice.pages is not None else {}
        params |= {"_cancel": "true"} if choice.cancel else {}
        told = answer(self.world, ask("POST", parts.netloc, parts.path, params))
        if "location" not in told.headers:
            raise DialogRefused(_words(told.body))
        return told.headers["location"]


def _words(body: object) -> str:
    if isinstance(body, dict):
        return str(body["error"]["message"])
    title, _, words = str(body).partition("<h1>")[2].partition("</h1><p>")
    return f"The dialog shows {title}: {words.partition('</p>')[0]}"


class Sandbox:
    """A Graph of our own. It starts at the same instant, with the same people, and answers the same every time."""

    def __init__(self, world_file: Path | None = None) -> None:
        self.world = World(load_seed(world_file))
        self.transport = SandboxTransport(self.world)

    def __repr__(self) -> str:
        return f"Sandbox({self.world!r})"

    @property
    def clock(self) -> ManualClock | ShiftedClock:
        """Move it with `advance(days=60)`; go back with `rewind`."""
        return self.world.clock

    def nonce(self) -> str:
        """An unguessable string, except that it is the same in every run."""
        return self.world.next_digest("nonce", 40)

    def person(
        self,
        name: str | None = None,
        *,
        decline: Iterable[str] | str = (),
        pages: Iterable[str] | None = None,
        cancel: bool = False,
    ) -> Visitor:
        """Someone to answer the dialog, by default the first person: a consent for `client.acting_as(...)`.

        decline: permissions to untick. pages: names of the Pages to tick, None for all. cancel: close the dialog.
        Raises InputError: no such person or Page.
        """
        person = self.world.person_named(name) if name else self.world.seed.people[0]
        ticked = None if pages is None else frozenset(self.world.page_named(page).id for page in pages)
        return Visitor(self.world, Choice(person.id, frozenset(scope_list(decline)), ticked, cancel))

    def answer_device(self, user_code: str, visitor: Visitor | None = None) -> None:
        """Someone, by default the first person, types a device's code in and answers. Raises InputError: no such code."""
        answer_device(self.world, user_code, (visitor or self.person()).choice)

    @property
    def calls(self) -> int:
        """How many calls were made: each of a batch, and each id of `ids=`, is one."""
        return self.world.counters.get("calls", 0)

    def callbacks(self, app_id: str) -> list[Callback]:
        """What Graph has posted to the app's deauthorize and data-deletion addresses so far, oldest first."""
        return callbacks(self.world, self._app(app_id))

    def checkpoint(self) -> Checkpoint:
        """The whole world as it stands: facts, tokens, clock and counters."""
        return self.world.checkpoint()

    def rewind(self, to: Checkpoint) -> None:
        """Make the world exactly what it was."""
        self.world.rewind(to)

    # What can happen, each a dated fact

    def change_password(self, person: str) -> None:
        """Every token of the person, in every app, dies: 190/460."""
        self._end_sessions(person, "", Ending.PASSWORD_CHANGED)

    def log_out(self, person: str, app_id: str = "") -> None:
        """The person's tokens die: 190/467."""
        self._end_sessions(person, app_id, Ending.LOGGED_OUT)

    def remove_app(self, person: str, app_id: str) -> None:
        """The person takes the app out of their settings; its tokens die: 190/458, and the next login asks everything anew."""
        remove_app(self.world, self.world.person_named(person).id, self._app(app_id))

    def request_data_deletion(self, person: str, app_id: str) -> None:
        """The person asks the app, through Facebook's settings, to delete what it has about them."""
        ask_for_deletion(self.world, self.world.person_named(person).id, self._app(app_id))

    def expire_permission(self, person: str, app_id: str, permission: str) -> None:
        """A permission that was not used for long is no longer granted, and says `expired`."""
        key = self.world.person_named(person).id, self._app(app_id)
        grant = self.world.grant(*key)
        if permission not in grant.granted:
            raise InputError(f"{person} has not granted {permission}.", remedy=f"Granted: {', '.join(sorted(grant.granted))}.")
        expired = grant.expired | {permission}
        self.world.note(key, Grant(grant.granted - {permission}, grant.declined, grant.pages, grant.auth_type, expired))

    def demand_two_factor(self, business: str) -> None:
        """Only people with two-factor authentication may act on the Pages that the business owns."""
        self.world.note((self.world.business_named(business).id, ""), TwoFactorDemanded())

    def invalidate(self, person: str, app_id: str) -> None:
        """An API call ends the person's tokens: 190/466."""
        self._end_sessions(person, app_id, Ending.INVALIDATED)

    def _end_sessions(self, person: str, app_id: str, why: Ending) -> None:
        self.world.note((self.world.person_named(person).id, self._app(app_id) if app_id else ""), SessionEnded(why))

    def _app(self, app_id: str) -> str:
        if app_id not in self.world.apps:
            raise InputError(f"There is no app {app_id!r} in this world.", remedy=f"There are {', '.join(self.world.apps)}.")
        return app_id

    def change_role(self, person: str, asset: str, role: str = "") -> None:
        """The person or system user has another role on the Page or ad account, or none."""
        if role and role not in roles():
            raise InputError(f"There is no role {role!r}.", remedy=f"There are {', '.join(roles())}.")
        self.world.note((self.world.person_named(person).id, self.world.asset_named(asset).id), RoleChanged(role))

    def delete_page(self, page: str) -> None:
        """The Page is gone, and its tokens with it."""
        self.world.note((self.world.page_named(page).id, ""), Deleted())

    def reset_secret(self, app_id: str) -> None:
        """The app gets a new secret; app tokens made with the old one no longer verify."""
        app = self._app(app_id)
        fresh = hashlib.sha256(self.world.next_digest("secret", 32).encode()).hexdigest()[:32]
        self.world.note((app, ""), SecretReset(fresh))
