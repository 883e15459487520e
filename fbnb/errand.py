"""The work of an audit's worker: the tokens of one request asked about, and what Graph said of each stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from fbnb.answers import part, read
from fbnb.client import Call, GraphClient
from fbnb.errors import (
    PASSING,
    AppCredentialsWrong,
    AppRestricted,
    Blocked,
    FbnbError,
    ProofRejected,
    RateLimited,
    RowDamaged,
    SettingError,
    TokenInvalid,
    UnreadableAnswer,
)
from fbnb.flows.app_tokens import compose_app_token
from fbnb.store import StoredToken, TokenState, TokenStore
from fbnb.store.findings import checked
from fbnb.store.records import Row, damaged_row, merged
from fbnb.store.runs import Run, note, rows
from fbnb.store.token_store import opened
from fbnb.tokens import AccessToken, TokenInfo, TokenKind
from fbnb.usage import Usage
from fbnb.verdicts import Next, Verdict
from fbnb.wire import Wire

_OF_APP = (AppCredentialsWrong, AppRestricted, Blocked, ProofRejected, TokenInvalid)
LIMITED: Literal["limited"] = "limited"


@dataclass(frozen=True, slots=True)
class Errand:
    """What a worker is handed: where Graph and the store are, and which tokens to ask about; never a token.

    store: the store itself, for a worker in the same process; in another one it is opened at `place`, once it is needed. shown:
    whether the client keeps what goes over the wire. One request of an audit is as good to look at as all.
    """

    client: GraphClient
    place: str
    run: Run
    fingerprints: tuple[str, ...]
    shown: bool = False
    store: TokenStore | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return Errand, (self.client, self.place, self.run, self.fingerprints)

    def asker(self, store: TokenStore) -> GraphClient:
        """The client to ask with; one that came without the app's secret finds it in the store."""
        client = self.client if self.shown else replace(self.client, wire=Wire(brief=True))
        if client.settings.app_secret:
            return client
        secret = store.secret(client.settings.app_id)
        if secret is None:
            raise SettingError("The store holds no secret of this app.", remedy="Call audit, which puts it there.")
        return client.with_secret(secret)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a token could not be asked about, and what to do. Nothing of it is stored: it is no death.

    refused: what may well be the app's trouble, if all meet it.
    """

    why: str
    do: Next = Next.WAIT
    refused: FbnbError | None = None

    def verdict(self, stored: StoredToken) -> Verdict:
        """As a verdict about the token."""
        return Verdict(stored, "unknown", self.why, self.do)


Answer = TokenInfo | Doubt | Literal["limited"]


@dataclass(frozen=True, slots=True)
class Report:
    """What a worker brings back. found: the tokens as they stand now. doubts: of those it cannot tell about, by fingerprint.
    limited: those that were one call too many. calls: how many were made; usage: how near the app's limits are since.
    """

    found: tuple[StoredToken, ...]
    doubts: Mapping[str, Doubt]
    limited: tuple[str, ...]
    calls: int
    usage: Usage


def check(errand: Errand) -> Report:
    """Ask about those tokens that nobody else has asked about meanwhile, in one request, and store what Graph says.

    Raises GraphError: Graph refuses the app, whatever it asks. StoreError.
    """
    store = opened(errand.place) if errand.store is None else errand.store  # a store has a length, and is asked for it
    client, there = errand.asker(store), {row["fingerprint"]: row for row in rows(store, errand.fingerprints)}
    held = {name: _unsealed(store, row) for name, row in there.items() if row["checked_in"] != errand.run.number}
    told: dict[str, Answer] = {name: token for name, token in held.items() if isinstance(token, Doubt)}
    asked = {name: token for name, token in held.items() if isinstance(token, AccessToken)}
    told |= _answers(client, asked)
    _check_app(told)
    now, number = client.now(), {"checked_in": errand.run.number}
    fresh = {name: checked(info, now) | number for name, info in told.items() if isinstance(info, TokenInfo)}
    _keep(store, there, fresh)
    return Report(
        found=tuple(_merged(row | fresh.get(name, {}), told) for name, row in there.items() if told.get(name) != LIMITED),
        doubts={name: answer for name, answer in told.items() if isinstance(answer, Doubt)},
        limited=tuple(name for name, answer in told.items() if answer == LIMITED),
        calls=len(asked),
        usage=client.usage,
    )


def _merged(row: Row, told: dict[str, Answer]) -> StoredToken:
    try:
        return merged(row)
    except RowDamaged as damaged:  # no more than its name is certain
        told[row["fingerprint"]] = Doubt(str(damaged), Next.ASK_ADMIN)
        return damaged_row(row["fingerprint"], str(row["app_id"]))


def _check_app(told: Mapping[str, Answer]) -> None:
    """Raises the error that every token of the request has met: Graph will have nothing of the app."""
    refused = [answer.refused for answer in told.values() if isinstance(answer, Doubt) and answer.refused]
    if refused and len(refused) == len(told):
        if isinstance(refused[0], TokenInvalid):  # it is the app's own token that Graph does not know
            refused[0].amend(remedy="Compare FBNB_APP_ID and FBNB_APP_SECRET with the app's dashboard (Settings, Basic).")
        raise refused[0]


def _keep(store: TokenStore, there: Mapping[str, Row], fresh: Mapping[str, Row]) -> None:
    if not fresh:
        return
    # Of most tokens nothing is new but that they were checked, and a database is quicker with little.
    changed = {name: {key: value for key, value in row.items() if there[name][key] != value} for name, row in fresh.items()}
    revived = [
        name for name, row in changed.items() if row.get("state") == TokenState.LIVE and there[name]["state"] == TokenState.DEAD
    ]
    note(store, changed, revived)


def _unsealed(store: TokenStore, row: Row) -> AccessToken | Doubt:
    try:
        return AccessToken(store.vault.unseal(row["ciphertext"], row["fingerprint"]))
    except RowDamaged as damaged:
        of_person = row["kind"] in {TokenKind.USER, TokenKind.PAGE}
        return Doubt(str(damaged), Next.ASK_PERSON if of_person else Next.ASK_ADMIN)


def _answers(client: GraphClient, tokens: Mapping[str, AccessToken]) -> dict[str, Answer]:
    """What Graph says of each; what goes wrong with the request as a whole goes wrong with each."""
    if not tokens:
        return {}
    calls = [Call("debug_token", {"input_token": token}) for token in tokens.values()]
    answers: Sequence[dict[str, Any] | FbnbError | None]
    try:
        answers = client.batch(compose_app_token(client.settings), calls, headers=False)
    except PASSING as problem:
        answers = [problem] * len(tokens)
    return {name: _judged(answer) for name, answer in zip(tokens, answers, strict=True)}


def _judged(answer: dict[str, Any] | FbnbError | None) -> Answer:
    if answer is None:
        return Doubt("Graph did not get to it in time.")
    if isinstance(answer, RateLimited):
        return LIMITED
    if isinstance(answer, PASSING):
        return Doubt(answer.problem)
    if isinstance(answer, FbnbError):
        return Doubt(answer.problem, Next.ASK_ADMIN, answer if isinstance(answer, _OF_APP) else None)
    try:
        with read():
            return TokenInfo.from_graph(part(answer, "data", dict))
    except UnreadableAnswer as odd:
        return Doubt(odd.problem)
