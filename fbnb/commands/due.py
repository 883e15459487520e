"""Tokens that are due, renewed one after the other: what became of each is a verdict again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from fbnb.client import GraphClient
from fbnb.errors import PASSING, FbnbError, NotRenewed, RateLimited, StoreBusy, StoreGone, TransportError
from fbnb.notices import rung
from fbnb.renewal import renew
from fbnb.store import TokenStore
from fbnb.verdicts import Next, Verdict, verdict, who

_FOR_ALL = (RateLimited, TransportError)


def renewed_all(client: GraphClient, store: TokenStore, due: Iterable[Verdict], *, limited: bool = False) -> Iterator[Verdict]:
    """Renew each; yields the verdict about the token that is there now, or why there is no better one.

    limited: the app has no call left, so none is tried; nor is any other after a limit or a broken network. Raises StoreGone.
    """
    stopped = "The app's limit is reached." if limited else ""
    for found in due:
        if stopped:
            yield _put_off(found, stopped)
            continue
        try:
            yield verdict(renew(client, store, found.token), client.now())
        except (StoreBusy, *PASSING) as passing:
            stopped = passing.problem if isinstance(passing, _FOR_ALL) else ""
            yield _put_off(found, passing.problem)
        except StoreGone:
            raise
        except FbnbError as refused:
            yield _refused(client, store, found, refused)


def _put_off(found: Verdict, why: str) -> Verdict:
    return replace(found, do=Next.WAIT, why=f"{found.why} Not renewed yet: {why}")


def _refused(client: GraphClient, store: TokenStore, found: Verdict, refused: FbnbError) -> Verdict:
    """The token's own trouble is tried again, and somebody's business once little time is left; the app's is an admin's."""
    if not isinstance(refused, NotRenewed):
        return replace(found, do=Next.ASK_ADMIN, why=f"{found.why} Not renewed: {refused.problem}")
    after = verdict(store.find(found.token), client.now())
    if after.do is Next.RENEW and not rung(after, client.now()):
        return _put_off(found, refused.problem)
    return replace(after, do=who(after.token) if after.do is Next.RENEW else after.do)
