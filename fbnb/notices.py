"""Telling people: of a token that is about to end, 14, 7, 3 and 1 days before, and when it has ended; each rung said once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from fbnb.client import GraphClient
from fbnb.errors import InputError, NoticeFailed
from fbnb.flows.login import login_url
from fbnb.letter import Notice, one_line
from fbnb.store import StoredToken, TokenStore
from fbnb.tokens import TokenKind
from fbnb.verdicts import Clock, Next, Verdict, by_each_clock, who

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
    app: its name, as people know it. A rung that could not be said, such as for a link that is none or has a secret in it, is
    not marked as said, and is tried again next time.
    """
    told, needy, well = Told(), list[tuple[Verdict, str]](), set[str]()
    for verdict in verdicts:
        if steps := _steps(verdict, client.now()):
            needy += steps
        elif verdict.token.kind is TokenKind.USER and verdict.state == "live":
            well.add(verdict.token.person)
    asked = {
        (found.token.person, found.clock)
        for found, step in needy
        if found.token.kind is TokenKind.USER
        and (found.clock is Clock.DATA_ACCESS or (step == EXPIRED and found.token.person not in well))
    }
    for verdict, step in needy:
        # Who has to log in again anyway is not asked for each of their Pages, too: where their own token has ended the new login
        # brings those, and one for data access brings that of the Pages; but not a Page's token that has died by itself.
        logins = {(verdict.token.person, clock) for clock in (Clock.TOKEN, verdict.clock)}
        if verdict.token.kind is not TokenKind.PAGE or verdict.do is not Next.ASK_PERSON or not asked & logins:
            _tell(store, _notice(client, verdict, step, app), link or _dialog(client, verdict), verdict, say, told)
    return told


def rung(verdict: Verdict, now: datetime) -> str:
    """Where on the ladder a token stands: `14 days`, `7 days`, `3 days`, `1 day`, `expired`; "" where nobody has to be told.

    Of two clocks that have come so far, the token's own.
    """
    return next((step for _, step in _steps(verdict, now)), "")


def _steps(verdict: Verdict, now: datetime) -> list[tuple[Verdict, str]]:
    """Each clock of a token of which somebody has to be told, with its rung."""
    return [(found, step) for found in by_each_clock(verdict, now) if (step := own_rung(found, now))]


def own_rung(verdict: Verdict, now: datetime) -> str:
    """The same of the one clock that a verdict is about."""
    if verdict.do is Next.RENEW:  # nobody's business, until there is little time left and it was not done
        if verdict.ends is None or verdict.ends - now > RUNGS["3 days"]:
            return ""
    elif verdict.do not in _DO or verdict.state == "unknown":
        return ""
    if verdict.state in {"expired", "dead"} or verdict.ends is None or verdict.ends <= now:
        return EXPIRED
    return next((name for name, span in reversed(RUNGS.items()) if verdict.ends - now <= span), "")


def _notice(client: GraphClient, verdict: Verdict, step: str, app: str) -> Notice:
    """As yet without its link."""
    stored, now = verdict.token, client.now()
    early = step == EXPIRED and verdict.ends is not None and verdict.ends > now  # Graph has ended it, and nobody knows when
    whom = who(stored) if verdict.do is Next.RENEW else verdict.do
    return Notice(
        app=app or f"app {stored.app_id}",
        label=stored.label or f"{stored.kind} token",
        fingerprint=stored.fingerprint,
        about=verdict.clock.value,
        rung=step,
        ends=None if early else verdict.ends,
        why=verdict.why,
        do=_DO[whom],
        link="",
        at=now,
        for_admin=whom is Next.ASK_ADMIN,
    )


def _dialog(client: GraphClient, verdict: Verdict) -> Callable[[StoredToken], str]:
    again = "reauthorize" if verdict.clock is Clock.DATA_ACCESS else None

    def dialog(stored: StoredToken) -> str:
        # Graph itself named these permissions, some perhaps newer than our list, by which login_url checks what it is given.
        asked = f"&{urlencode({'scope': ','.join(stored.scopes)})}" if stored.scopes else ""
        return login_url(client, state=client.nonce(), auth_type=again) + asked

    return dialog


def _tell(store: TokenStore, notice: Notice, link: Callable[[StoredToken], str], verdict: Verdict, say: Say, told: Told) -> None:
    try:
        store.find(verdict.token)
    except InputError:  # it was forgotten meanwhile
        return
    try:
        notice = notice if notice.for_admin else replace(notice, link=link(verdict.token))
        # Under the token's lock: of two programs that tell at the same time one does, and what fails is undone.
        with store.held(verdict.token) as hold:
            this_and_later = _LADDER[_LADDER.index(notice.rung) :]
            if hold.stored.successor or not hold.say_once(notice.about, verdict.ends, this_and_later, notice.at):
                return
            say(notice)
    except NoticeFailed as failed:
        told.failed.append((notice, failed))
    except InputError as wrong:
        told.failed.append((notice, NoticeFailed(f"{one_line(notice.label)} could not be told: {wrong.problem}")))
    else:
        told.said.append(notice)
