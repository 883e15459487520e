"""How fast an audit is beside raw httpx against the same served sandbox, in turns, in one run; and what memory it takes.

Each has the same work: to ask debug_token about every token and to read the answer. The audit also decrypts each token, stores
what it was told, and hides what it says. The sandbox is served by a process of its own, over loopback.

usage: audit.py
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

import httpx
from store import FEW, MANY, Row, peaks, seconds

from fbnb.auditor import audit
from fbnb.client import BATCH, GraphClient
from fbnb.flows.app_tokens import compose_app_token
from fbnb.flows.login import log_in
from fbnb.kit import sandbox_client
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.sandbox.transport import ServedTransport
from fbnb.settings import Settings, Target
from fbnb.store import TokenStore
from fbnb.tokens import AccessToken

TOKENS, FEWER, ROUNDS = 5000, 1000, 7
UNLIMITED = {"calls_per_user": 100_000, "calls_of_one_user": 100_000}
PEOPLE = ("Mara Quay", "Ben Tide", "Ines Voss")


@dataclass(frozen=True)
class Served:
    """A sandbox that is served: where, and for which app. handed_out: a file of its tokens, one a line."""

    url: str
    app_id: str
    app_secret: str
    handed_out: Path
    pipe: Connection

    def client(self) -> GraphClient:
        settings = Settings(Target.SERVED, self.app_id, Secret(self.app_secret), served=self.url)
        return GraphClient(settings, ServedTransport(self.url))

    def tokens(self) -> Iterator[str]:
        """One by one, so that whoever puts them into a store never has them all."""
        with self.handed_out.open() as lines:
            yield from map(str.strip, lines)

    def forget(self) -> None:
        """Let every round begin with the whole of the app's budget."""
        self.pipe.send("rewind")
        self.pipe.recv()


def serve(tokens: int, handed_out: Path, pipe: Connection) -> None:
    """Serve a sandbox that has handed out so many tokens, until told to stop; told to rewind, it does."""
    sandbox = Sandbox()
    sandbox.assume(**UNLIMITED)
    sandbox.set_mode("live")
    app, world, client = sandbox.world.seed.apps[0], sandbox.world, sandbox_client(sandbox)
    client = replace(client, settings=replace(client.settings, redirect_uri=app.redirect_uris[0]))
    for person in PEOPLE:  # the app's budget grows with them
        record = world.tokens[log_in(client.acting_as(sandbox.person(person))).value.reveal()]
    ends = sandbox.clock.now() + timedelta(days=3650)  # so that they live by the real clock too
    for number in range(tokens):
        world.issue(record.kind, app.id, name=f"{number}", person=record.person, expires_at=ends, call="")
    handed_out.write_text("\n".join(list(world.tokens)[-tokens:]))
    before = sandbox.checkpoint()
    with sandbox.serve() as url:
        pipe.send((url, app.id, app.secret))
        while pipe.recv() == "rewind":
            sandbox.rewind(before)
            pipe.send("done")


@contextmanager
def served(tokens: int, folder: Path) -> Iterator[Served]:
    context, handed_out = get_context("spawn"), folder / "tokens.txt"
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(tokens, handed_out, there))
    process.start()
    there.close()  # so that a process that fails is not waited for
    try:
        url, app_id, app_secret = here.recv()
        yield Served(url, app_id, app_secret, handed_out, here)
    finally:
        here.send("stop")
        process.join()


# What is compared


def one_by_one(http: httpx.Client, app_token: str, tokens: Sequence[str]) -> None:
    for token in tokens:
        told = http.get("/v26.0/debug_token", params={"input_token": token, "access_token": app_token}).json()
        assert told["data"]["app_id"]


def in_batches(http: httpx.Client, app_token: str, tokens: Sequence[str]) -> None:
    for start in range(0, len(tokens), BATCH):
        some = [{"input_token": token} for token in tokens[start : start + BATCH]]
        calls = [{"method": "GET", "relative_url": f"v26.0/debug_token?{urlencode(one)}"} for one in some]
        answers = http.post("/", data={"access_token": app_token, "batch": json.dumps(calls)}).json()
        assert all(json.loads(answer["body"])["data"]["app_id"] for answer in answers)


def audited(client: GraphClient, store: TokenStore) -> None:
    states = {found.state for found in audit(client, store, fresh=True, quiet=True)}
    assert states == {"live"}, states


def speed(folder: Path) -> Iterator[Row]:
    took: dict[str, list[float]] = {"audit": [], "one": [], "batch": []}
    with served(TOKENS, folder) as there, httpx.Client(base_url=there.url, timeout=60) as http:
        client, tokens = there.client(), list(there.tokens())
        store, app_token = stocked(client, folder, tokens), compose_app_token(client.settings).value.reveal()
        ways: dict[str, tuple[int, Callable[[], object]]] = {
            "audit": (TOKENS, lambda: audited(client, store)),
            "one": (FEWER, lambda: one_by_one(http, app_token, tokens[:FEWER])),
            "batch": (TOKENS, lambda: in_batches(http, app_token, tokens)),
        }
        for _ in range(ROUNDS):
            for way, (calls, act) in ways.items():
                there.forget()
                took[way].append(calls / seconds(act))
        store.close()
    for what, way, least in (("one call after another", "one", 6.0), ("50 calls to a POST", "batch", 0.8)):
        yield Row(f"audit; raw httpx, {what}", least, list(zip(took["audit"], took[way], strict=True)), "calls/s", True)


def stocked(client: GraphClient, folder: Path, tokens: Iterable[str]) -> TokenStore:
    store = TokenStore(folder / "tokens.db", client=client, key="file")
    store.put_all(map(AccessToken.of, tokens))
    return store


def audit_only(count: int, folder: Path) -> None:
    """In a process of its own, beside that of the sandbox."""
    with served(count, folder) as there:
        client = there.client()
        store = stocked(client, folder, there.tokens())
        audited(client, store)
        store.close()


def main() -> None:
    print(f"{'medians':52} {'audit':>9} {'raw':>9}")
    with TemporaryDirectory() as name, TemporaryDirectory() as other:
        for row in speed(Path(name)):
            print(row, flush=True)
        print(f"{'peaks of memory':52} {MANY:9,} {FEW:9,}")
        print(Row("audit", 1.1, peaks(audit_only, Path(other), 1), "MB"), flush=True)


if __name__ == "__main__":
    main()
