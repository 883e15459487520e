"""The work of an audit's worker: the tokens of one request asked about, and what Graph said of each stored."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fbnb.answers import part
from fbnb.client import Call, GraphClient
from fbnb.errors import (
    FbnbError,
    NotFound,
    RateLimited,
    RequestInvalid,
    RowDamaged,
    SettingError,
    TemporaryFailure,
    TransportError,
    UnreadableAnswer,
    WrongTokenKind,
)
from fbnb.flows.app_tokens import compose_app_token
from fbnb.store import StoredToken, TokenStore
from fbnb.store.findings import checked
from fbnb.store.records import Row
from fbnb.store.runs import Run, left, note
from fbnb.tokens import AccessToken, TokenInfo, TokenKind
from fbnb.usage import Usage
from fbnb.verdicts import Next, Verdict
from fbnb.wire import Wire

_PASSING = (TemporaryFailure, TransportError, UnreadableAnswer)


@dataclass(frozen=True, slots=True)
class Errand:
    """What a worker is handed: where Graph and the store are, and which tokens to ask about; never a token.

    shown: whether the client keeps what goes over the wire. One request of an audit is as good to look at as all.
    """

    client: GraphClient
    store: TokenStore
    run: Run
    fingerprints: tuple[str, ...]
    shown: bool = False

    def asker(self) -> GraphClient:
        """The client to ask with; one that came without the app's secret finds it in the store."""
        client = self.client if self.shown else replace(self.client, wire=Wire(deque(maxlen=1)))
        if client.settings.app_secret:
            return client
        secret = self.store.secret(client.settings.app_id)
        if secret is None:
            raise SettingError("The store holds no secret of this app.", remedy="Call audit, which puts it there.")
        return client.with_secret(secret)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a token could not be asked about, and what to do. Nothing of it is stored: it is no death."""

    why: str
    do: Next = Next.WAIT

    def verdict(self, stored: StoredToken) -> Verdict:
        """As a verdict about the token."""
        return Verdict(stored, "unknown", self.why, self.do)


@dataclass(frozen=True, slots=True)
class Report:
    """What a worker brings back: which tokens it was about, those it could not tell about, those that were one call too many."""

    fingerprints: tuple[str, ...]
    doubts: Mapping[str, Doubt]
    limited: frozenset[str]
    usage: Usage


def check(errand: Errand) -> Report:
    """Ask about those tokens that nobody else has asked about meanwhile, in one request, and store what Graph says.

    Raises GraphError: Graph refuses the app, whatever it asks. StoreError.
    """
    client, there = errand.asker(), left(errand.store, errand.run, errand.fingerprints)
    doubts = {stored.fingerprint: _damaged(stored, token) for stored, token in there if isinstance(token, RowDamaged)}
    asked = {token.fingerprint: token for _, token in there if isinstance(token, AccessToken)}
    found, limited = list[tuple[str, Row]](), set[str]()
    for name, answer in zip(asked, _answers(client, list(asked.values())), strict=True):
        if isinstance(answer, RateLimited):
            limited.add(name)
        elif isinstance(told := _judged(answer), Doubt):
            doubts[name] = told
        else:
            found.append((name, checked(told, client.now())))
    if found:
        note(errand.store, errand.run, found)
    return Report(errand.fingerprints, doubts, frozenset(limited), client.usage)


def _answers(client: GraphClient, tokens: list[AccessToken]) -> list[dict[str, Any] | FbnbError | None]:
    """What Graph says of each; what goes wrong with the request as a whole goes wrong with each."""
    if not tokens:
        return []
    calls = [Call("debug_token", {"input_token": token}) for token in tokens]
    try:
        return client.batch(compose_app_token(client.settings), calls)
    except (RateLimited, *_PASSING) as problem:
        return [problem] * len(tokens)


def _judged(answer: dict[str, Any] | FbnbError | None) -> TokenInfo | Doubt:
    """Raises the error that is none of the token's: Graph will have nothing of the app."""
    if answer is None:
        return Doubt("Graph did not get to it in time.")
    if isinstance(answer, _PASSING):
        return Doubt(answer.problem)
    if isinstance(answer, RequestInvalid | NotFound | WrongTokenKind):
        return Doubt(answer.problem, Next.ASK_ADMIN)
    if isinstance(answer, FbnbError):
        raise answer
    return TokenInfo.from_graph(part(answer, "data", dict))


def _damaged(stored: StoredToken, damaged: RowDamaged) -> Doubt:
    ask = Next.ASK_PERSON if stored.kind in {TokenKind.USER, TokenKind.PAGE} else Next.ASK_ADMIN
    return Doubt(str(damaged), ask)
