"""What a store costs beside the same work by hand: encryption, sqlite3 and a DataFrame, in turns, in one run.

By hand, whatever else a row holds is there before the clock starts; only the encryption and the executemany are timed.

usage: store.py
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from secrets import token_hex
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import pandas as pd
from cryptography.fernet import Fernet

from fbnb.redact import Secret
from fbnb.store import StoredToken, TokenStore
from fbnb.store.records import merged, new_row
from fbnb.store.runs import begin, fingerprints, rows
from fbnb.store_tables import expiry_table
from fbnb.tokens import AccessToken, TokenKind

ROUNDS, FEW, MANY, APP, TO_A_BATCH = 5, 10_000, 100_000, "1000000000001", 5000
NOW = datetime.now(UTC)
SHOWN = ["hint", "kind", "label", "expires_at", "data_access_until"]


@dataclass(frozen=True)
class Row:
    """One line of the table. limit: the ratio that is the target. rounds: what was measured, ours and theirs, of each."""

    what: str
    limit: float
    rounds: Sequence[tuple[float, float]]
    unit: str = "s"
    at_least: bool = False

    def __str__(self) -> str:
        ratios = sorted(ours / theirs for ours, theirs in self.rounds)
        ours, theirs = (median(side) for side in zip(*self.rounds, strict=True))
        met = median(ratios) >= self.limit if self.at_least else median(ratios) <= self.limit
        spread, bound = f"{ratios[0]:.2f} to {ratios[-1]:.2f}", "at least" if self.at_least else "at most"
        verdict = f"{bound:8} {self.limit:.2f} {'met' if met else 'MISSED'}"
        return f"{self.what:52} {ours:9,.1f} {theirs:9,.1f} {self.unit:8} {median(ratios):6.2f} ({spread})  {verdict}"


def seconds(act: Callable[[], object]) -> float:
    start = perf_counter()
    act()
    return perf_counter() - start


def made(count: int) -> Iterator[AccessToken]:
    """Tokens of as many people."""
    end, access = NOW + timedelta(days=60), NOW + timedelta(days=90)
    for number in range(count):
        end += timedelta(seconds=1)
        yield AccessToken(Secret(f"EAA{token_hex(90)}"), TokenKind.USER, f"person {number}", NOW, end, access, f"{number}")


def new_store(folder: Path, name: str) -> TokenStore:
    return TokenStore(folder / f"{name}.db", key="file")


# By hand


class ByHand:
    """The same table and indexes in a file of its own, as sqlite3 and cryptography have them."""

    def __init__(self, path: Path, like: TokenStore) -> None:
        self.connection, self.fernet = sqlite3.connect(path, isolation_level=None), Fernet(Fernet.generate_key())
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            self.connection.execute(f"PRAGMA {pragma}")
        with sqlite3.connect(like.vault.place) as theirs:
            laid_out = "SELECT sql FROM sqlite_master WHERE tbl_name = 'fbnb_tokens' AND sql > ''"
            for (statement,) in theirs.execute(laid_out).fetchall():
                self.connection.execute(statement)
        theirs.close()

    def put(self, columns: Sequence[str], rows: Sequence[tuple[object, ...]], texts: Sequence[bytes]) -> None:
        marks = ",".join("?" * (len(columns) + 1))
        insert, encrypt = f"INSERT INTO fbnb_tokens ({','.join(columns)},ciphertext) VALUES ({marks})", self.fernet.encrypt
        for start in range(0, len(rows), TO_A_BATCH):
            some = zip(rows[start : start + TO_A_BATCH], texts[start : start + TO_A_BATCH], strict=True)
            self.connection.execute("BEGIN IMMEDIATE")
            self.connection.executemany(insert, [(*row, encrypt(text)) for row, text in some])
            self.connection.execute("COMMIT")

    def table(self) -> pd.DataFrame:
        rows = self.connection.execute(f"SELECT ciphertext, {','.join(SHOWN)} FROM fbnb_tokens").fetchall()
        assert all(self.fernet.decrypt(row[0]) for row in rows)
        table = pd.DataFrame([row[1:] for row in rows], columns=SHOWN)
        for name in SHOWN[-2:]:
            table[name] = pd.to_datetime(table[name], unit="s", utc=True)
        return table.sort_values("expires_at", ignore_index=True)


# What is compared


def putting(folder: Path) -> Row:
    tokens, took = list(made(MANY)), list[tuple[float, float]]()
    whole = [new_row(token, APP, NOW) for token in tokens]
    columns, rows = list(whole[0]), [tuple(row.values()) for row in whole]
    texts = [token.value.reveal().encode() for token in tokens]
    for number in range(ROUNDS):
        store = new_store(folder, f"put {number}")
        hand = ByHand(folder / f"put by hand {number}.db", store)
        ours = seconds(lambda store=store: store.put_all(tokens, app_id=APP))  # type: ignore[misc]
        took.append((ours, seconds(lambda hand=hand: hand.put(columns, rows, texts))))  # type: ignore[misc]
        store.close()
        hand.connection.close()
    return Row(f"put_all of {MANY:,}: encryption and executemany", 1.5, took)


def reading(folder: Path) -> Iterator[Row]:
    tokens, store = list(made(MANY)), new_store(folder, "read")
    store.put_all(tokens, app_id=APP)
    hand, whole = ByHand(folder / "read by hand.db", store), [new_row(token, APP, NOW) for token in tokens]
    hand.put(list(whole[0]), [tuple(row.values()) for row in whole], [token.value.reveal().encode() for token in tokens])
    listed, opened = list[tuple[float, float]](), list[tuple[float, float]]()
    del tokens, whole
    for _ in range(ROUNDS):
        theirs = seconds(hand.table)
        listed.append((seconds(lambda: expiry_table(store.tokens(), now=NOW)), theirs))
        opened.append((seconds(lambda: expiry_table(decrypted(store), now=NOW)), seconds(hand.table)))
    store.close()
    hand.connection.close()
    yield Row("expiry_table of all: decryption and DataFrame", 1.5, listed)
    yield Row("the same, with each token decrypted and checked", 1.5, opened)


def decrypted(store: TokenStore) -> Iterator[StoredToken]:
    """What is stored, each token decrypted on the way and found to be the one that was stored."""
    names = fingerprints(store, begin(store, APP, NOW))
    while some := list(islice(names, 1000)):
        for row in rows(store, some):
            store.vault.unseal(row["ciphertext"], row["fingerprint"])
            yield merged(row)


# Memory

Act = Callable[[int, Path], None]


def peaks(act: Act, folder: Path, rounds: int = 3) -> list[tuple[float, float]]:
    """The most memory that it takes with many tokens and with few, in megabytes."""
    return [(peak(act, MANY, folder), peak(act, FEW, folder)) for _ in range(rounds)]


def peak(act: Act, count: int, folder: Path) -> float:
    """The most memory that a process of its own, which does nothing else, has had in use."""
    context = get_context("spawn")
    here, there = context.Pipe(duplex=False)
    with TemporaryDirectory(dir=folder) as place:
        process = context.Process(target=watched, args=(act, count, Path(place), there))
        process.start()
        there.close()  # so that a process that fails is not waited for
        most = here.recv()
        process.join()
    return float(most)


def watched(act: Act, count: int, place: Path, pipe: Connection) -> None:
    act(count, place)
    # Linux's own mark: ru_maxrss begins at what the parent had.
    status = Path("/proc/self/status").read_text()
    pipe.send(int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024)


def put_only(count: int, place: Path) -> None:
    store = new_store(place, "put")
    assert store.put_all(made(count), app_id=APP) == count
    store.close()


def put_and_list(count: int, place: Path) -> None:
    put_only(count, place)
    store = new_store(place, "put")
    assert sum(1 for _ in store.tokens()) == count
    store.close()


def main() -> None:
    print(f"{'medians':52} {'fbnb':>9} {'by hand':>9}")
    with TemporaryDirectory() as name:
        folder = Path(name)
        print(putting(folder), flush=True)
        for row in reading(folder):
            print(row, flush=True)
        print(f"{'peaks of memory':52} {MANY:9,} {FEW:9,}")
        print(Row("put_all", 1.1, peaks(put_only, folder), "MB"), flush=True)
        print(Row("put_all, then every token listed", 1.1, peaks(put_and_list, folder), "MB"), flush=True)


if __name__ == "__main__":
    main()
