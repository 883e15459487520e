"""Tokens that are due, renewed one after the other: what became of each is a verdict again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from fbnb.client import GraphClient
from fbnb.errors import PASSING, FbnbError, InputError, NotRenewed, RateLimited, StoreBusy, StoreGone, TransportError
from fbnb.notices import own_rung
from fbnb.renewal import renew
from fbnb.store import TokenStore
from fbnb.verdicts import Next, Verdict, verdict, who

_FOR_ALL = (RateLimited, TransportError)


def renewed_all(client: GraphClient, store: TokenStore, due: list[Verdict], *, limited: bool = False) -> Iterator[Verdict]:
    """Renew each; yields the verdict about the token that is there now, or why there is no better one. Of one that was forgotten
    meanwhile there is none.

    due: those it is done with are taken out. limited: the app has no call left, so none is tried; nor is any other after a limit
    or a broken network. Raises StoreGone.
    """
    stopped = "The app's limit is reached." if limited else ""
    while due:
        found, after = due[0], None
        try:
            after = _put_off(found, stopped, client.now()) if stopped else _tried(client, store, found)
        except (StoreBusy, *PASSING) as passing:
            stopped = passing.problem if isinstance(passing, _FOR_ALL) else ""
            after = _put_off(found, passing.problem, client.now())
        except InputError:  # it was forgotten meanwhile
            pass
        del due[0]
        if after:
            yield after


def _tried(client: GraphClient, store: TokenStore, found: Verdict) -> Verdict:
    """Raises InputError: it is not there any more. StoreBusy, StoreGone, and what passes."""
    try:
        return verdict(renew(client, store, found.token), client.now())
    except (InputError, StoreBusy, StoreGone, *PASSING):
        raise
    except FbnbError as refused:
        return _refused(client, store, found, refused)


def _put_off(found: Verdict, why: str, now: datetime) -> Verdict:
    """To be tried again by the next audit; once little time is left it is somebody's business, too."""
    do = who(found.token) if own_rung(found, now) else Next.WAIT
    return replace(found, do=do, why=f"{found.why} Not renewed yet: {why}")


def _refused(client: GraphClient, store: TokenStore, found: Verdict, refused: FbnbError) -> Verdict:
    """The token's own trouble is tried again, and somebody's business once little time is left; the app's is an admin's."""
    if not isinstance(refused, NotRenewed):
        return replace(found, do=Next.ASK_ADMIN, why=f"{found.why} Not renewed: {refused.problem}")
    after = verdict(store.find(found.token), client.now())
    if after.do is Next.RENEW and not own_rung(after, client.now()):
        return _put_off(found, refused.problem, client.now())
    return replace(after, do=who(after.token) if after.do is Next.RENEW else after.do)
