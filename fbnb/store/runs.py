"""Audits in the store: which run is going on, what it has left to check, what it found. Whoever joins a run shares its work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from sqlalchemy import Update, bindparam, delete, func, literal_column, select, true, update

from fbnb.store.database import run_many
from fbnb.store.records import Row
from fbnb.store.schema import audits, lock_layout, notices, tokens
from fbnb.store.token_store import TokenStore, upsert

RESUMED_WITHIN = timedelta(hours=6)
_PAGE = 1000
_THOSE = (tokens.c.fingerprint.in_(bindparam("those", expanding=True)), tokens.c.successor == "")
_MINE = (tokens.c.fingerprint == bindparam("its")) & (tokens.c.successor == literal_column("''"))
_LOCKED = select(tokens.c.fingerprint).where(*_THOSE).order_by(tokens.c.fingerprint).with_for_update()
_ROWS = select(tokens).where(*_THOSE).order_by(tokens.c.fingerprint)


@dataclass(frozen=True, slots=True)
class Run:
    """One audit of one app's tokens. joined: it had begun before, and may still be going on elsewhere."""

    app_id: str
    number: int
    joined: bool = False


def begin(store: TokenStore, app_id: str, now: datetime, *, fresh: bool = False) -> Run:
    """The run that was begun within the last hours and has not ended, else a new one. fresh: a new one in any case."""
    with store.vault.writing() as connection:
        lock_layout(connection)  # of two that begin together, one joins the other
        last = connection.execute(select(audits).where(audits.c.app_id == app_id)).mappings().first()
        if last and not fresh and last["finished"] is None and _recent(last["started"], now):
            return Run(app_id, last["run"], joined=True)
        number = last["run"] + 1 if last else 1
        change = upsert(connection, audits)
        row = {"app_id": app_id, "run": number, "started": int(now.timestamp()), "finished": None}
        fresh_row = {name: change.excluded[name] for name in ("run", "started", "finished")}
        connection.execute(change.on_conflict_do_update(index_elements=["app_id"], set_=fresh_row), [row])
        return Run(app_id, number)


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


def fingerprints(store: TokenStore, run: Run) -> Iterator[str]:
    """The tokens that the run is about; who joins begins at the other end."""
    column, last = tokens.c.fingerprint, None
    query = select(column).where(tokens.c.app_id == run.app_id, tokens.c.successor == "").limit(_PAGE)
    query = query.order_by(column.desc() if run.joined else column)
    while True:
        beyond = true() if last is None else column < last if run.joined else column > last
        page = query.where(beyond).subquery()
        with store.vault.reading() as connection:
            # All of a page as one value: for each row that SQLite hands over, this thread would wait for the others.
            found = connection.execute(select(func.aggregate_strings(page.c.fingerprint, " "))).scalar()
        if not found:
            return
        names = sorted(found.split(), reverse=run.joined)
        yield from names
        last = names[-1]


def rows(store: TokenStore, fingerprints: Sequence[str]) -> list[Row]:
    """The whole rows of these tokens, ciphertexts included; none of those that were forgotten or replaced meanwhile."""
    with store.vault.reading() as connection:
        found = connection.execute(_ROWS, {"those": list(fingerprints)})
        names = list(found.keys())
        return [dict(zip(names, row, strict=True)) for row in found.all()]


def note(store: TokenStore, found: Mapping[str, Row], revived: Sequence[str] = ()) -> None:
    """Keep what was found of each token, all of it or nothing; of one that was replaced meanwhile nothing is kept.

    revived: those that had died and work again. Should they die once more, that is told once more, but no rung before their end.
    """
    # What is the same for all is one statement, and of most tokens there is nothing else.
    common = set.intersection(*(set(row.items()) for row in found.values()))
    own = {name: dict(row.items() - common) for name, row in found.items()}
    with store.vault.noting() as connection:
        if connection.dialect.name == "postgresql":  # row by row in one order, so that no two programs wait for each other
            connection.execute(_LOCKED, {"those": list(found)})
        if common:
            connection.execute(_change_all(tuple(sorted(name for name, _ in common))), dict(common) | {"those": list(found)})
        for columns, rows in _alike(own).items():
            run_many(connection, _change_each(columns), rows)
        if revived:
            mine = (notices.c.fingerprint.in_(revived), notices.c.about == "token", notices.c.ends == 0)
            connection.execute(delete(notices).where(*mine))


@cache
def _change_all(columns: tuple[str, ...]) -> Update:
    """To set these columns of some tokens to the same. Made once: to put a statement together takes longer than to run it."""
    return update(tokens).where(*_THOSE).values({name: bindparam(name) for name in columns})


@cache
def _change_each(columns: tuple[str, ...]) -> Update:
    """To set these columns of each token to its own, `its_` and their name."""
    return update(tokens).where(_MINE).values({name: bindparam(f"its_{name}") for name in columns})


def _alike(own: Mapping[str, Row]) -> dict[tuple[str, ...], list[Row]]:
    """Rows that set the same columns, together: each kind is one statement."""
    alike = dict[tuple[str, ...], list[Row]]()
    for fingerprint, row in own.items():
        names = tuple(sorted(row))
        if names:
            alike.setdefault(names, []).append({"its": fingerprint} | {f"its_{name}": row[name] for name in names})
    return alike
