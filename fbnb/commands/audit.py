"""What `fbnb audit` does: an audit for cron and CI."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from fbnb.auditor import audit
from fbnb.client import GraphClient
from fbnb.commands.due import renewed_all
from fbnb.commands.places import far_client, opened
from fbnb.commands.printed import warn
from fbnb.commands.summary import Summary
from fbnb.errors import FbnbError, InputError, RateLimited, SettingError
from fbnb.letter import check_link
from fbnb.mail import Mail, Notice
from fbnb.notices import rung, tell
from fbnb.settings import variable
from fbnb.store import TokenStore
from fbnb.verdicts import Next, Verdict

STOPPED = 130
_SHOWN = 3  # of the notices that failed: most fail for the same reason


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for on the command line."""

    place: str | None = None
    as_json: bool = False
    fail_under: timedelta | None = None
    notify: bool = False
    renew: bool = False
    fresh: bool = False


def run(wish: Wish) -> int:
    """Audit a store; returns the exit status. Raises FbnbError: it could not be done."""
    with ExitStack() as stack:
        link, client = _login_link() if wish.notify else "", stack.enter_context(far_client())
        mail = stack.enter_context(Mail.from_environment()) if wish.notify else None
        store = stack.enter_context(opened(wish.place, client=client))
        going = Round(client, store, wish, Summary(wish.as_json, wish.fail_under))
        return _done(going, mail, link)


def _done(going: Round, mail: Mail | None, link: str) -> int:
    """Go through with it. However it ends, what was found by then is printed."""
    try:
        going.audit()
        if mail:
            going.tell(mail, link)
    except KeyboardInterrupt:
        going.sum_up()
        warn("Stopped. What was found is stored, and the next fbnb audit goes on where this one was.")
        return STOPPED
    except FbnbError:
        if going.summary.counts:
            going.sum_up()
        raise
    going.sum_up()
    return going.summary.status


def _login_link() -> str:
    """Raises SettingError."""
    link = variable("FBNB_LOGIN_LINK").reveal()
    with suppress(InputError):
        return check_link(link) if link else ""
    del link  # it may have a password in it
    problem = "FBNB_LOGIN_LINK is no web address that people may be sent."
    raise SettingError(problem, remedy="It is where a login begins, such as https://notes.harbour.example/login.")


@dataclass(slots=True)
class Round:
    """One audit, as the command runs it."""

    client: GraphClient
    store: TokenStore
    wish: Wish
    summary: Summary
    to_tell: list[Verdict] = field(default_factory=list)
    told: int = 0

    def audit(self) -> None:
        """Ask about every token, renew what is due if that was asked for, and take note of each. Raises FbnbError."""
        due = list[Verdict]()
        try:
            for found in self._found():
                if self.wish.renew and found.do is Next.RENEW:
                    due.append(found)
                else:
                    self._take(found)
            for found in renewed_all(self.client, self.store, due, limited=self.summary.not_all_asked):
                self.summary.renewed += found.fine
                self._take(found)
        finally:
            for found in due:  # it was stopped before their turn
                self._take(found)
        self._check_app()

    def _found(self) -> Iterator[Verdict]:
        quiet = not _at_terminal(sys.stderr) or (self.wish.as_json and _at_terminal(sys.stdout))
        found = audit(self.client, self.store, fresh=self.wish.fresh, quiet=quiet)
        try:
            # Closed at once, whatever happens: what is under way is stored before anything else is said.
            with closing(found):
                yield from found
        except RateLimited as limited:
            warn(str(limited))
            self.summary.not_all_asked = True

    def _take(self, found: Verdict) -> None:
        now = self.client.now()
        self.summary.take(found, now)
        if self.wish.notify and rung(found, now):
            self.to_tell.append(found)

    def _check_app(self) -> None:
        """Raises InputError: every token is another app's, so an audit in which all is well says nothing."""
        others = len(self.store) - self.summary.counts.total()
        if others > 0 and not self.summary.counts and not self.summary.not_all_asked:
            problem = f"The store has no token of app {self.client.settings.app_id}, and {others} of others."
            raise InputError(problem, remedy="Compare FBNB_APP_ID with fbnb tokens list --json.")

    def sum_up(self) -> None:
        """Print what was found."""
        self.summary.print(self.told)

    def tell(self, mail: Mail, link: str) -> None:
        """Tell people by e-mail, now that nothing else waits for the store; what fails is said, and counts."""

        def say(notice: Notice) -> None:
            mail(notice)
            self.told += 1

        failed = tell(
            self.client,
            self.store,
            self.to_tell,
            say,
            link=(lambda stored: link) if link else None,
            app=variable("FBNB_APP_NAME").reveal(),
        ).failed
        self.summary.needs_someone |= bool(failed)
        for _, why in failed[:_SHOWN]:
            warn(str(why))
        if len(failed) > _SHOWN:
            warn(f"{len(failed) - _SHOWN} more notices failed.")


def _at_terminal(stream: Any) -> bool:
    return stream is not None and bool(stream.isatty())
