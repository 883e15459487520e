"""Ensure: for a program that is about to act for someone, a token that works now, or the login that would give one."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from fbnb.catalogue import scope_list
from fbnb.client import GraphClient
from fbnb.errors import LoginNeeded, NotRenewed, RateLimited, TemporaryFailure, TransportError, UnreadableAnswer
from fbnb.flows.app_tokens import compose_app_token
from fbnb.flows.debug_token import debug_token
from fbnb.flows.login import login_url
from fbnb.renewal import renew
from fbnb.store import StoredToken, TokenStore
from fbnb.store.findings import checked
from fbnb.tokens import AccessToken
from fbnb.verdicts import Clock, Next, Verdict, verdict

_PASSING = (RateLimited, TemporaryFailure, TransportError, UnreadableAnswer)
_LAST = datetime.max.replace(tzinfo=UTC)


def ensure(
    client: GraphClient, store: TokenStore, subject: str, scopes: Iterable[str] | str = (), *, within: timedelta = timedelta(0)
) -> AccessToken:
    """A token to act for someone with: a stored one that works, renewed if it is due.

    subject: the id that debug_token gives, of the person, the Page or the system user. scopes: what it must be good for.
    within: how old an earlier answer of debug_token may be to be believed; by default Graph is asked each time. Where Graph
    cannot be asked just now, what is stored is believed.

    Raises LoginNeeded: nothing stored will do; it has the login's URL, and the reason in words. ScopeUnknown.
    """
    wanted, why, auth_type = scope_list(scopes), "", ""
    for stored in _candidates(client, store, subject):
        if missing := [scope for scope in wanted if scope not in stored.scopes]:
            why, auth_type = why or f"Their token lacks {', '.join(missing)}.", auth_type or "rerequest"
            continue
        found = _asked(client, store, stored, within)
        if found.state == "live" and not _unreadable(found, client.now()):
            return store.get(_renewed(client, store, found))
        if not why:  # the best token's is the reason
            why, auth_type = found.why, "reauthorize" if found.clock is Clock.DATA_ACCESS else ""
    why, state = why or "No token of theirs is stored.", client.nonce()
    raise LoginNeeded(why, url=login_url(client, wanted, state=state, auth_type=auth_type or None), state=state)


def _candidates(client: GraphClient, store: TokenStore, subject: str) -> list[StoredToken]:
    """The tokens that act for someone: those that work before the others, and of them those that end last."""
    now = client.now()

    def rank(stored: StoredToken) -> tuple[bool, datetime]:
        return stored.works(now), stored.expires_at if isinstance(stored.expires_at, datetime) else _LAST

    return sorted(store.tokens(app_id=client.settings.app_id, subject=subject), key=rank, reverse=True)


def _asked(client: GraphClient, store: TokenStore, stored: StoredToken, within: timedelta) -> Verdict:
    now = client.now()
    if stored.last_checked is None or now - stored.last_checked >= within:
        token = store.get(stored)
        using = compose_app_token(client.settings) if client.settings.app_secret else token
        with suppress(*_PASSING):
            stored = store.note(stored, **checked(debug_token(client, token, using=using), now))
    return verdict(stored, now)


def _unreadable(found: Verdict, now: datetime) -> bool:
    """Whether the token works and its person's data may be read no more."""
    return found.clock is Clock.DATA_ACCESS and found.ends is not None and found.ends <= now


def _renewed(client: GraphClient, store: TokenStore, found: Verdict) -> StoredToken:
    """The token, renewed if it is due; one that cannot be just now works all the same, till its end."""
    if found.do is not Next.RENEW:
        return found.token
    try:
        return renew(client, store, found.token)
    except (NotRenewed, *_PASSING):
        return found.token
