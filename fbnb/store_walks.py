"""The walk through the store: a token got, extended, let in, and audited."""

from __future__ import annotations

from collections.abc import Sequence

from fbnb.auditor import audit
from fbnb.client import GraphClient
from fbnb.errors import InputError
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.store import StoredToken, TokenStore
from fbnb.verdicts import Verdict
from fbnb.walk import Step, Walk


def walk_store(client: GraphClient, store: TokenStore, scopes: Sequence[str] = ("email", "pages_show_list")) -> Walk:
    """Login, extension, the gate, and the audit's verdict."""
    steps = [
        Step("the person logs in", "short-lived token", lambda c, held: log_in(c, scopes), rehearsed=True),
        Step("extend it", "long-lived token", lambda c, held: extend_user_token(c, held["short-lived token"]), rehearsed=True),
        Step("let it through the gate", "stored token", lambda c, held: store.admit(held["long-lived token"], scopes=scopes)),
        Step("audit the store", "verdict", lambda c, held: _verdict(c, store, held["stored token"])),
    ]
    return Walk(client, "the store", steps, {"store": store, "scopes": scopes}, stays="What the store has taken in stays in it.")


def _verdict(client: GraphClient, store: TokenStore, stored: StoredToken) -> Verdict:
    for verdict in audit(client, store, quiet=True):
        if verdict.token.fingerprint == stored.fingerprint:
            return verdict
    raise InputError("The token is not in the store any more.", remedy="Start over.")
