"""Renewal: a token replaced by one that lives longer, which is made, proven, and only then put in its place."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from fbnb.client import GraphClient
from fbnb.errors import (
    PASSING,
    AppCredentialsWrong,
    AppRestricted,
    GraphError,
    InputError,
    NotRenewed,
    ProofRejected,
    RowDamaged,
)
from fbnb.flows.app_tokens import compose_app_token
from fbnb.flows.debug_token import debug_token
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import get_page
from fbnb.flows.system_user import refresh_system_user_token
from fbnb.store import StoredToken, TokenStore
from fbnb.store.findings import checked, diagnosed
from fbnb.store.hold import Hold
from fbnb.store.inventory import Token, named
from fbnb.store.records import Row
from fbnb.tokens import NEVER, AccessToken, TokenInfo, TokenKind
from fbnb.verdicts import is_due

# No fault of the token's: it passes, or the app's owner sees to it.
_NOT_ITS_OWN = (*PASSING, AppRestricted, AppCredentialsWrong, ProofRejected)
_NOT_HERE = (InputError, RowDamaged)
_BY = {
    TokenKind.USER: "oauth/access_token, fb_exchange_token",
    TokenKind.SYSTEM_USER: "oauth/access_token, set_token_expires_in_60_days",
    TokenKind.PAGE: "GET /{page}?fields=access_token",
}


def renew(client: GraphClient, store: TokenStore, token: Token, *, early: bool = False) -> StoredToken:
    """Replace a token by one that lives longer, once it is due: day 53 of 60. Returns the one to use from now on.

    The old one stays until the new one has been asked about and found to be as good. Of two programs that try at the same
    time one renews, and the other gets what it made; a token that is not due stays what it is, unless `early`. A Page token
    is got again by the user token it was made with, renewed first if need be.

    Raises NotRenewed: it would do harm, as to a token that never ends; or Graph gave nothing better. The old one is left as
    it is. TransportError, TemporaryFailure, RateLimited, and what is the app's own trouble: nothing was changed. InputError:
    the store has no such token, or it is another app's.
    """
    token = named(token)
    stored = store.latest(token)
    if stored.app_id != client.settings.app_id:
        raise InputError(f"{stored.name} is of app {stored.app_id}.", remedy="Renew it with a client of that app.")
    if stored.kind is TokenKind.PAGE and stored.parent:
        _renew_parent(client, store, stored)
    with store.held(stored) as hold:
        outcome = _renewed(client, hold, early=early)
    if isinstance(outcome, NotRenewed):
        raise outcome
    return store.latest(outcome)


def _renew_parent(client: GraphClient, store: TokenStore, page: StoredToken) -> None:
    try:
        parent = store.latest(page.parent)
        if is_due(parent, client.now()):
            renew(client, store, parent)
    except _NOT_HERE:  # and _from_parent will say so
        return


def _renewed(client: GraphClient, hold: Hold, *, early: bool) -> str | NotRenewed:
    """The fingerprint of the token to use; or why nothing was done, which is noted where only a person can do more."""
    stored = hold.stored
    if stored.successor or not (early or is_due(stored, client.now()) or stored.expires_at is NEVER):
        return stored.fingerprint
    if harm := _harm(stored, client.now()):
        return harm
    try:
        new = _made(client, hold.store, stored)
    except NotRenewed as none:
        return _noted(hold, none)
    except GraphError as refused:
        if isinstance(refused, _NOT_ITS_OWN):
            raise
        return _noted(hold, NotRenewed(refused.problem, remedy=refused.remedy))
    info = debug_token(client, new, using=compose_app_token(client.settings))
    if flaw := _flaw(stored, new, info):
        return _noted(hold, flaw)
    return _promoted(hold, new, checked(info, client.now()))


def _harm(stored: StoredToken, now: datetime) -> NotRenewed | None:
    if stored.kind not in _BY:
        return NotRenewed(f"{stored.name} has no end to put off.", remedy="It ends with the app's secret only.")
    if stored.expires_at is NEVER:
        return NotRenewed(f"{stored.name} never ends; renewed, it would end in 60 days.", remedy="Leave it.")
    if stored.expires_at is None:
        return NotRenewed(f"Nobody has said when {stored.name} ends.", remedy="Let an audit ask: audit(client, store).")
    if not stored.works(now):
        return NotRenewed(f"{stored.name} works no more.", remedy="Its person logs in again.")
    return None


def _made(client: GraphClient, store: TokenStore, stored: StoredToken) -> AccessToken:
    ways: dict[TokenKind, Callable[[GraphClient, AccessToken], AccessToken]] = {
        TokenKind.USER: extend_user_token,
        TokenKind.SYSTEM_USER: refresh_system_user_token,
    }
    if way := ways.get(stored.kind):
        return way(client, store.get(stored))
    return _from_parent(client, store, stored)


def _from_parent(client: GraphClient, store: TokenStore, stored: StoredToken) -> AccessToken:
    page = None
    with suppress(*_NOT_HERE):
        page = get_page(client, stored.subject, store.get(stored.parent))
    if page is None or page.token is None:
        raise NotRenewed(f"There is no user token that gives one for {stored.name}.", remedy="Log in, and list_pages again.")
    return page.token


def _flaw(stored: StoredToken, new: AccessToken, info: TokenInfo) -> NotRenewed | None:
    """What makes a new token no replacement for the old one."""
    if not info.is_valid:
        told = diagnosed(info.error)
        return NotRenewed(f"The new token does not work: {told.cause.means}", remedy=told.remedy)
    if info.app_id != stored.app_id or (stored.subject and (info.profile_id or info.user_id) != stored.subject):
        return NotRenewed("The new token is somebody else's.", remedy="Do not use it; log in again.")
    if missing := sorted(set(stored.scopes) - set(info.scopes)):
        return NotRenewed(f"The new token lacks {', '.join(missing)}.", remedy="Ask the person again (auth_type=rerequest).")
    if not _later(stored, info):
        same = "the same token" if new.fingerprint == stored.fingerprint else "another token"
        return NotRenewed(f"Graph gave {same} with the same end.", remedy="Try again tomorrow; else its person logs in.")
    return None


def _later(stored: StoredToken, info: TokenInfo) -> bool:
    if info.expires_at is NEVER:
        return True
    return (
        isinstance(info.expires_at, datetime) and isinstance(stored.expires_at, datetime) and info.expires_at > stored.expires_at
    )


def _noted(hold: Hold, refused: NotRenewed) -> NotRenewed:
    hold.change(trouble=f"Not renewed: {refused.problem}")
    return refused


def _promoted(hold: Hold, new: AccessToken, found: Row) -> str:
    if new.fingerprint == hold.stored.fingerprint:  # the same string with a later end
        hold.change(**found, trouble="")
    else:
        hold.promote(new, found, _BY[hold.stored.kind])
    return new.fingerprint
