"""Telling people: of a token that is about to end, 14, 7, 3 and 1 days before, and when it has ended; each rung said once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fbnb.client import GraphClient
from fbnb.errors import InputError, NoticeFailed
from fbnb.flows.login import login_url
from fbnb.letter import Notice
from fbnb.store import StoredToken, TokenStore
from fbnb.tokens import TokenKind
from fbnb.verdicts import Clock, Next, Verdict, who

RUNGS = {f"{days} day{'s' * (days > 1)}": timedelta(days=days) for days in (14, 7, 3, 1)}
EXPIRED = "expired"
_LADDER = [*RUNGS, EXPIRED]
_DO = {Next.ASK_PERSON: "Log in again.", Next.ASK_ADMIN: "Ask an admin of the app, the business or the Page to look into it."}
Say = Callable[[Notice], None]
"""How someone is told: an e-mail (`Mail`), or any function. Raises NoticeFailed where that did not work."""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of telling people: the notices that were said, and those that could not be, each with why."""

    said: list[Notice] = field(default_factory=list)
    failed: list[tuple[Notice, NoticeFailed]] = field(default_factory=list)


def tell(
    client: GraphClient,
    store: TokenStore,
    verdicts: Iterable[Verdict],
    say: Say,
    *,
    link: Callable[[StoredToken], str] | None = None,
    app: str = "",
) -> Told:
    """Say of each token that needs someone what is the matter, unless that rung was said before; a token is never in it.

    verdicts: as `audit` yields them. link: where the person of a token logs in again, by default the login dialog; with a
    page of your own, give its address, for what a dialog redirects with is only as good as the state it is compared with.
    app: its name, as people know it. A rung that could not be said is not marked as said, and is tried again next time.

    Raises InputError: the link is none, or has a secret in it.
    """
    told, needy, well = Told(), list[tuple[Verdict, str]](), set[str]()
    for verdict in verdicts:
        if step := rung(verdict, client.now()):
            needy.append((verdict, step))
        elif verdict.token.kind is TokenKind.USER and verdict.state == "live":
            well.add(verdict.token.person)
    asked = {verdict.token.person for verdict, step in needy if verdict.token.kind is TokenKind.USER and step == EXPIRED} - well
    for verdict, step in needy:
        # Who has to log in again anyway is not asked for each of their Pages, too: the new login brings those.
        if verdict.token.kind is not TokenKind.PAGE or verdict.do is not Next.ASK_PERSON or verdict.token.person not in asked:
            _tell(client, store, _notice(client, verdict, step, link, app), verdict, say, told)
    return told


def rung(verdict: Verdict, now: datetime) -> str:
    """Where on the ladder a token stands: `14 days`, `7 days`, `3 days`, `1 day`, `expired`; "" where nobody has to be told."""
    if verdict.do is Next.RENEW:  # nobody's business, until there is little time left and it was not done
        if verdict.ends is None or verdict.ends - now > RUNGS["3 days"]:
            return ""
    elif verdict.do not in _DO or verdict.state == "unknown":
        return ""
    if verdict.ends is None or verdict.ends <= now:
        return EXPIRED
    return next((name for name, span in reversed(RUNGS.items()) if verdict.ends - now <= span), "")


def _notice(client: GraphClient, verdict: Verdict, step: str, link: Callable[[StoredToken], str] | None, app: str) -> Notice:
    stored = verdict.token
    whom = who(stored) if verdict.do is Next.RENEW else verdict.do
    return Notice(
        app=app or f"app {stored.app_id}",
        label=stored.label or f"{stored.kind} token",
        fingerprint=stored.fingerprint,
        about=verdict.clock.value,
        rung=step,
        ends=verdict.ends,
        why=verdict.why,
        do=_DO[whom],
        link=(link or _dialog(client, verdict))(stored),
        at=client.now(),
        for_admin=whom is Next.ASK_ADMIN,
    )


def _dialog(client: GraphClient, verdict: Verdict) -> Callable[[StoredToken], str]:
    again = "reauthorize" if verdict.clock is Clock.DATA_ACCESS else None
    return lambda stored: login_url(client, stored.scopes, state=client.nonce(), auth_type=again)


def _tell(client: GraphClient, store: TokenStore, notice: Notice, verdict: Verdict, say: Say, told: Told) -> None:
    try:
        store.find(verdict.token)
    except InputError:  # it was forgotten meanwhile
        return
    try:
        # Under the token's lock: of two programs that tell at the same time one does, and what fails is undone.
        with store.held(verdict.token) as hold:
            this_and_later = _LADDER[_LADDER.index(notice.rung) :]
            if hold.stored.successor or not hold.say_once(notice.about, notice.ends, this_and_later, notice.at):
                return
            say(notice)
    except NoticeFailed as failed:
        told.failed.append((notice, failed))
    else:
        told.said.append(notice)
