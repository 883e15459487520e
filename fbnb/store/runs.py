"""Audits in the store: which run is going on, what it has left to check, what it found. Whoever joins a run shares its work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, func, select, update

from fbnb.errors import RowDamaged
from fbnb.store.records import Row, StoredToken, read
from fbnb.store.schema import audits, tokens
from fbnb.store.token_store import SHOWN, TokenStore, upsert
from fbnb.tokens import AccessToken

RESUMED_WITHIN = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Run:
    """One audit of one app's tokens. resumed: whether it had begun before."""

    app_id: str
    number: int
    resumed: bool


def begin(store: TokenStore, app_id: str, now: datetime, *, fresh: bool = False) -> Run:
    """The run that was begun within the last hours and has not ended, else a new one. fresh: a new one in any case."""
    with store.vault.writing() as connection:
        last = connection.execute(select(audits).where(audits.c.app_id == app_id)).mappings().first()
        if last and not fresh and last["finished"] is None and _recent(last["started"], now):
            return Run(app_id, last["run"], resumed=True)
        number = last["run"] + 1 if last else 1
        change = upsert(connection, audits)
        row = {"app_id": app_id, "run": number, "started": int(now.timestamp()), "finished": None}
        fresh_row = {name: change.excluded[name] for name in ("run", "started", "finished")}
        connection.execute(change.on_conflict_do_update(index_elements=["app_id"], set_=fresh_row), [row])
        return Run(app_id, number, resumed=False)


def _recent(started: int, now: datetime) -> bool:
    # Of a run that began in what is now the future nobody knows how old it is: the clock was set back.
    return timedelta(0) <= now - datetime.fromtimestamp(started, UTC) <= RESUMED_WITHIN


def end(store: TokenStore, run: Run, now: datetime) -> None:
    """Say that a run has been through; another that has begun since is not touched."""
    mine = (audits.c.app_id == run.app_id) & (audits.c.run == run.number)
    with store.vault.writing() as connection:
        connection.execute(update(audits).where(mine).values(finished=int(now.timestamp())))


def count(store: TokenStore, run: Run) -> int:
    """How many tokens the run is about."""
    with store.vault.reading() as connection:
        mine = (tokens.c.app_id == run.app_id) & (tokens.c.successor == "")
        return connection.execute(select(func.count()).select_from(tokens).where(mine)).scalar_one()


def pages(store: TokenStore, run: Run, size: int, *, done: bool) -> Iterator[list[str]]:
    """The fingerprints of the tokens that the run has checked, or has not yet, some at a time."""
    last, column = "", tokens.c.fingerprint
    mine = (tokens.c.app_id == run.app_id) & (tokens.c.successor == "")
    this = tokens.c.checked_in == run.number if done else tokens.c.checked_in != run.number
    query = select(column).where(mine, this).order_by(column).limit(size)
    while True:
        with store.vault.reading() as connection:
            found = list(connection.execute(query.where(column > last)).scalars())
        if not found:
            return
        yield found
        last = found[-1]


def left(store: TokenStore, run: Run, fingerprints: Sequence[str]) -> list[tuple[StoredToken, AccessToken | RowDamaged]]:
    """Of these tokens those that nobody has checked in this run so far, each with itself, or with what is wrong with its row."""
    query = select(*SHOWN, tokens.c.ciphertext).where(tokens.c.fingerprint.in_(fingerprints), tokens.c.checked_in != run.number)
    with store.vault.reading() as connection:
        rows = connection.execute(query).mappings().all()
    return [(stored, _unsealed(store, stored, row["ciphertext"])) for stored, row in zip(map(read, rows), rows, strict=True)]


def _unsealed(store: TokenStore, stored: StoredToken, ciphertext: bytes) -> AccessToken | RowDamaged:
    try:
        return store.unsealed(stored, ciphertext)
    except RowDamaged as damaged:
        return RowDamaged(damaged.problem)


def note(store: TokenStore, run: Run, found: Sequence[tuple[str, Row]]) -> None:
    """Keep what was found of each token, all of it or nothing."""
    with store.vault.writing() as connection:
        for columns, rows in _alike(run, found).items():
            values: Row = {name: bindparam(f"its_{name}") for name in columns}
            connection.execute(update(tokens).where(tokens.c.fingerprint == bindparam("its")).values(values), rows)


def _alike(run: Run, found: Sequence[tuple[str, Row]]) -> dict[tuple[str, ...], list[Row]]:
    """Rows that set the same columns, together: each kind is one statement."""
    alike = dict[tuple[str, ...], list[Row]]()
    for fingerprint, row in found:
        whole = row | {"checked_in": run.number}
        alike.setdefault(tuple(whole), []).append({"its": fingerprint} | {f"its_{name}": value for name, value in whole.items()})
    return alike


def known(store: TokenStore, fingerprints: Sequence[str]) -> list[StoredToken]:
    """What is known of these tokens by now, in the order of their fingerprints; of those that are still here."""
    with store.vault.reading() as connection:
        query = select(*SHOWN).where(tokens.c.fingerprint.in_(fingerprints)).order_by(tokens.c.fingerprint)
        return [read(row) for row in connection.execute(query).mappings()]
