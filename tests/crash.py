"""Writers that are killed: `Killer` starts them on a store and kills each at its time, with no warning.

A writer does `work(seed)`, the same in every process, and says on stdout after each piece that it is done. So what the store
must hold is known: what was said, and of the next piece all or nothing.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from fbnb.redact import Secret
from fbnb.store import StoredToken, TokenStore
from fbnb.tokens import AccessToken

Piece = tuple[str, int]
"""What to do, and the number of the token to do it to."""
State = dict[str, tuple[str, str, bool]]
"""By fingerprint: label, successor, and whether something was said about it."""


def token(seed: int, number: int) -> AccessToken:
    return AccessToken(Secret(f"EAAcrash{seed:06d}n{number:020d}"), label="put", subject=str(seed))


def work(seed: int, *, rotating: bool = False) -> Iterator[Piece]:
    """No end of pieces of work."""
    chance, here, number = random.Random(seed), list[int](), 0
    while True:
        doing = chance.choice(["put", "rotate"] if rotating else ["put", "put", "three", "note", "say", "replace", "forget"])
        if doing == "rotate":
            yield doing, 0
        elif doing in {"put", "three"} or not here:
            yield doing if doing == "three" else "put", number
            fresh = range(number, number + (3 if doing == "three" else 1))
            here, number = [*here, *fresh], number + len(fresh)
        elif doing == "replace" or doing == "forget":
            yield doing, here.pop(chance.randrange(len(here)))
        else:
            yield doing, chance.choice(here)


def do(store: TokenStore, seed: int, piece: Piece) -> None:
    doing, number = piece
    this = token(seed, number)
    if doing == "put":
        store.put(this, app_id="1")
    elif doing == "three":
        store.put_all([token(seed, number + more) for more in range(3)], app_id="1")
    elif doing == "note":
        store.note(this, label="noted", why="noted")
    elif doing == "forget":
        store.forget(this)
    elif doing == "rotate":
        store.rotate()
    else:
        with store.held(this) as hold:
            if doing == "say":
                hold.change(trouble="said")
                hold.say_once("token", None, ["day"], store.now())
            else:
                hold.promote(token(seed, number + 10_000), {"state": "live"}, "renewal")


def after(seed: int, pieces: list[Piece]) -> State:
    """What the store must hold when these pieces are done."""
    state: State = {}
    for doing, number in pieces:
        name = token(seed, number).fingerprint
        label, successor, said = state.get(name, ("put", "", False))
        if doing == "forget":
            del state[name]
        elif doing == "three":
            state |= {token(seed, number + more).fingerprint: ("put", "", False) for more in range(3)}
        elif doing == "replace":
            state[name] = label, token(seed, number + 10_000).fingerprint, said
            state[state[name][1]] = label, "", False
        elif doing != "rotate":
            state[name] = "noted" if doing == "note" else label, successor, said or doing == "say"
    return state


def write(place: str, seed: int, *, rotating: bool) -> None:
    """Work until killed."""
    store = TokenStore(place)
    os.write(1, b"0\n")
    for number, piece in enumerate(work(seed, rotating=rotating)):
        do(store, seed, piece)
        os.write(1, f"{number + 1}\n".encode())


def main() -> None:
    """For each seed on stdin fork a writer, say its process id, and when it has ended; a new interpreter each time is slow."""
    place, rotating = sys.argv[1], sys.argv[2:] == ["rotating"]
    TokenStore(place).close()  # loads all that a writer needs
    for seed in sys.stdin:
        if not (child := os.fork()):
            try:
                write(place, int(seed), rotating=rotating)
            finally:
                os._exit(1)
        os.write(1, f"pid {child}\n".encode())
        _, status = os.waitpid(child, 0)
        os.write(1, f"ended {os.waitstatus_to_exitcode(status)}\n".encode())


@dataclass
class Killer:
    """Writers on one store, one after the other."""

    place: str
    rotating: bool = False
    _parent: subprocess.Popen[str] = field(init=False, repr=False)

    def __enter__(self) -> Self:
        command = [sys.executable, __file__, self.place, *(["rotating"] if self.rotating else [])]
        self._parent = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._parent.communicate(timeout=30)

    def kill_one(self, seed: int, seconds: float, *, early: bool = False) -> int:
        """Let one write for some seconds and kill it; returns how many pieces it said were done.

        early: the seconds begin before it has opened the store.
        """
        assert self._parent.stdin
        assert self._parent.stdout
        self._parent.stdin.write(f"{seed}\n")
        self._parent.stdin.flush()
        done, lines = 0, iter(self._parent.stdout)
        writer = int(next(lines).removeprefix("pid "))
        if not early:
            assert next(lines) == "0\n"
        time.sleep(seconds)
        os.kill(writer, signal.SIGKILL)
        for line in lines:
            if line.startswith("ended"):
                assert line == f"ended {-signal.SIGKILL}\n"
                return done
            done = int(line)
        raise AssertionError("the writers' parent has ended")


def held(store: TokenStore, seed: int) -> State:
    """What a store holds of a writer's; each token that is not replaced is decrypted."""
    state: State = {}
    for stored in store.tokens(subject=str(seed), replaced=True):
        state[stored.fingerprint] = stored.label, stored.successor, bool(stored.trouble)
        _check(store, stored)
    return state


def _check(store: TokenStore, stored: StoredToken) -> None:
    there = store.get(stored)
    assert there.fingerprint == (stored.successor or stored.fingerprint)
    assert bool(stored.why) == (stored.why == "noted")


if __name__ == "__main__":
    main()
