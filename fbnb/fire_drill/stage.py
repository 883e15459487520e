"""The stage of a fire drill: a sandbox, a client of it with a clock of our own, and a store that asks that client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fbnb.client import GraphClient
from fbnb.clock import Clock
from fbnb.fire_drill.people import People
from fbnb.kit import sandbox_client
from fbnb.sandbox import Sandbox
from fbnb.store import TokenStore


@dataclass
class OurClock:
    """The clock of our machine: Graph's, or behind it."""

    graph: Clock
    behind: timedelta = timedelta(0)

    def now(self) -> datetime:
        return self.graph.now() - self.behind

    def sleep(self, seconds: float) -> None:
        self.graph.sleep(seconds)


@contextmanager
def staged(store: TokenStore | None) -> Iterator[tuple[People, OurClock]]:
    """Nobody has logged in yet. store: None for one that ends with the drill."""
    sandbox = Sandbox()
    clock = OurClock(sandbox.clock)
    client = _client(sandbox, clock)
    with closing(TokenStore(client=client)) if store is None else _lent(store, client) as lent:
        yield People(client, sandbox, lent), clock


def _client(sandbox: Sandbox, clock: Clock) -> GraphClient:
    """A client of the app, which is live: people without a role on it can log in too."""
    sandbox.set_mode("live")
    client = sandbox_client(sandbox)
    settings = replace(client.settings, redirect_uri=sandbox.world.seed.apps[0].redirect_uris[0])
    return replace(client, settings=settings, clock=clock)


@contextmanager
def _lent(store: TokenStore, client: GraphClient) -> Iterator[TokenStore]:
    """A store that asks this client, and goes by its clock; afterwards it has its own again."""
    before, store.client = store.client, client
    try:
        yield store
    finally:
        store.client = before
