"""Ensure: for a program that is about to act for someone, a token that works now, or the login that would give one."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from fbnb.catalogue import scope_list
from fbnb.client import GraphClient
from fbnb.errors import PASSING, FbnbError, InputError, LoginNeeded, RowDamaged, StoreBusy, TokenInvalid
from fbnb.flows.app_tokens import compose_app_token
from fbnb.flows.debug_token import debug_token
from fbnb.flows.login import login_url
from fbnb.renewal import renew
from fbnb.store import StoredToken, TokenStore
from fbnb.store.findings import checked, died
from fbnb.store.records import Row
from fbnb.tokens import AccessToken
from fbnb.verdicts import Next, Verdict, readable, verdict

_LAST = datetime.max.replace(tzinfo=UTC)


def ensure(
    client: GraphClient,
    store: TokenStore,
    subject: str | StoredToken,
    scopes: Iterable[str] | str = (),
    *,
    within: timedelta = timedelta(0),
) -> AccessToken:
    """A token to act for someone with: a stored one that works, renewed if it is due.

    subject: the id that debug_token gives, of the person, the Page or the system user; or a stored token of theirs. scopes:
    what it must be good for. within: how old an earlier answer of debug_token may be to be believed; by default Graph is asked
    each time. Where Graph cannot be asked just now, what is stored is believed.

    Raises LoginNeeded: nothing stored will do; it has the login's URL, and the reason in words. ScopeUnknown.
    """
    wanted, why, auth_type = scope_list(scopes), "", ""
    subject = subject.subject if isinstance(subject, StoredToken) else subject
    for stored in _candidates(client, store, subject):
        try:
            found = _asked(client, store, stored, within)
        except (InputError, RowDamaged) as damaged:  # it was forgotten meanwhile, or changed; another may do
            why = why or damaged.problem
            continue
        missing = [scope for scope in wanted if scope not in found.token.scopes]
        if found.state == "live" and not missing and readable(found.token, client.now(), wanted):
            return store.get(_renewed(client, store, found))
        if not why:  # the best token's is the reason
            why, auth_type = _reason(found, missing)
    why, state = why or "No token of theirs is stored.", client.nonce()
    raise LoginNeeded(why, url=login_url(client, wanted, state=state, auth_type=auth_type or None), state=state)


def _candidates(client: GraphClient, store: TokenStore, subject: str) -> list[StoredToken]:
    """The tokens that act for someone: those that work before the others, and of them those that end last."""
    now = client.now()
    if not subject:  # to the store that is everyone
        return []

    def rank(stored: StoredToken) -> tuple[bool, datetime]:
        return stored.works(now), stored.expires_at if isinstance(stored.expires_at, datetime) else _LAST

    return sorted(store.tokens(app_id=client.settings.app_id, subject=subject), key=rank, reverse=True)


def _asked(client: GraphClient, store: TokenStore, stored: StoredToken, within: timedelta) -> Verdict:
    now = client.now()
    age = now - stored.last_checked if stored.last_checked else within
    if not timedelta(0) <= age < within:
        token = store.get(stored)
        using = compose_app_token(client.settings) if client.settings.app_secret else token
        with suppress(StoreBusy, *PASSING):
            stored = store.note(stored, **_found(client, token, using, now))
    return verdict(stored, now)


def _found(client: GraphClient, token: AccessToken, using: AccessToken, now: datetime) -> Row:
    try:
        return checked(debug_token(client, token, using=using), now)
    except TokenInvalid as dead:
        if using is not token:
            raise
        return died(dead)


def _reason(found: Verdict, missing: list[str]) -> tuple[str, str]:
    """Why a token will not do, in words, and the auth_type of a login that would mend it."""
    if found.state != "live":
        return found.why, ""
    if missing:
        return f"Their token lacks {', '.join(missing)}.", "rerequest"
    return "Access to their data is over.", "reauthorize"


def _renewed(client: GraphClient, store: TokenStore, found: Verdict) -> StoredToken:
    """The token, renewed if it is due; one that cannot be, for whatever reason, works all the same, till its end."""
    if found.do is not Next.RENEW:
        return found.token
    try:
        return renew(client, store, found.token)
    except FbnbError:
        return found.token
