"""How fast the sandbox answers, beside a bare app on the same HTTP stack and beside httpx on a constant, all in one run.

What is compared is measured in turns, so that whatever else the machine does tells on both sides. The load comes from this
process, over raw sockets with requests made beforehand: writing one and reading its answer costs it some 20 microseconds,
a tenth of what the cheapest answer costs a server, so with two cores it is never what is waited for.

usage: serve.py
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import islice, repeat
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from urllib.parse import urlencode, urlsplit

import httpx

from fbnb.flows.app_tokens import compose_app_token
from fbnb.flows.login import log_in
from fbnb.kit import sandbox_client
from fbnb.sandbox import Sandbox
from fbnb.sandbox.core import answer
from fbnb.sandbox.messages import ask
from fbnb.sandbox.oauth import new_code

ROUNDS, REQUESTS, CONNECTIONS, STARTS, FEW, MANY = 25, 200, 8, 7, 10, 10_000
BARE, FBNB = Path(__file__).with_name("bare.py"), Path(sys.executable).with_name("fbnb")
UNLIMITED = {"calls_per_user": 100_000, "calls_of_one_user": 100_000}
LENGTH = re.compile(rb"content-length: (\d+)")
Requests = Sequence[bytes]


# Servers, each in a process of its own


@dataclass(frozen=True)
class Served:
    """A sandbox that is served: its port, and what to ask it."""

    port: int
    me: bytes
    debug_token: bytes
    exchanges: Requests


def request(path: str = "/", **params: str) -> bytes:
    return f"GET {path}?{urlencode(params)} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: */*\r\n\r\n".encode()


def serve(tokens: int, codes: int, pipe: Connection) -> None:
    """Serve a sandbox that has handed out so many tokens and codes, until told to stop."""
    sandbox = Sandbox()
    sandbox.assume(**UNLIMITED)
    client = sandbox_client(sandbox)
    token, app = log_in(client).value.reveal(), compose_app_token(client.settings).value.reveal()
    record, world = sandbox.world.tokens[token], sandbox.world
    for number in range(tokens):
        world.issue(record.kind, record.app, name=f"{number}", person=record.person, expires_at=record.expires_at, call="")
    with sandbox.serve() as url:
        me, told = request("/v26.0/me", access_token=token), request("/v26.0/debug_token", input_token=token, access_token=app)
        pipe.send(Served(urlsplit(url).port or 0, me, told, [exchange(sandbox, record.person) for _ in range(codes)]))
        pipe.recv()


def exchange(sandbox: Sandbox, person: str) -> bytes:
    app, address = sandbox.world.seed.apps[0], {"redirect_uri": "http://localhost:8400/callback"}
    code = new_code(sandbox.world, ask("GET", "", "", address), app, person)
    return request("/v26.0/oauth/access_token", client_id=app.id, client_secret=app.secret, code=code, **address)


@contextmanager
def sandbox_with(tokens: int, codes: int = 0) -> Iterator[Served]:
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(tokens, codes, there))
    process.start()
    there.close()  # so that a process that fails is not waited for
    try:
        yield here.recv()
    finally:
        here.send("stop")
        process.join()


@contextmanager
def started(*command: str | Path, **variables: str) -> Iterator[int]:
    """A program that is told as its last argument on which port to serve. variables: of its environment."""
    port = free_port()
    with subprocess.Popen([*command, str(port)], stdout=subprocess.DEVNULL, env=os.environ | variables) as process:
        try:
            yield port
        finally:
            process.terminate()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


# The load


def connected(port: int) -> socket.socket:
    """A connection to what serves there, as soon as it does."""
    while True:
        with suppress(ConnectionRefusedError):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection
        sleep(0.002)


def read(connection: socket.socket) -> None:
    """Read one whole answer. Raises RuntimeError: it is not what was asked for."""
    told = connection.recv(65536)
    while True:
        head, _, body = told.partition(b"\r\n\r\n")
        if (length := LENGTH.search(head)) and len(body) >= int(length[1]):
            break
        told += connection.recv(65536)
    if not told.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(told.decode())


def seconds(act: Callable[[], object]) -> float:
    start = perf_counter()
    act()
    return perf_counter() - start


def ask_all(connections: Sequence[socket.socket], requests: Requests) -> None:
    """Ask over all connections at once, each kept alive, one request at a time on each."""
    for start in range(0, len(requests), len(connections)):
        some = requests[start : start + len(connections)]
        for connection, one in zip(connections, some, strict=False):
            connection.sendall(one)
        for connection, _ in zip(connections, some, strict=False):
            read(connection)


def each(connections: Sequence[socket.socket], requests: Requests) -> float:
    """Seconds for one answer, while all connections are busy."""
    return seconds(lambda: ask_all(connections, requests)) / len(requests)


def first_answer(*command: str | Path, compiled: str) -> float:
    """Seconds from the start of a program to the end of its first answer. compiled: where its byte code is kept."""
    start = perf_counter()
    with started(*command, PYTHONPYCACHEPREFIX=compiled, PYTHONDONTWRITEBYTECODE="") as port, connected(port) as connection:
        ask_all([connection], [request("/.well-known/openid-configuration")])
        return perf_counter() - start


# What is compared


@dataclass(frozen=True)
class Row:
    """One line of the table. most: the ratio that is the target. rounds: seconds, ours and theirs, of each."""

    what: str
    most: float
    rounds: Sequence[tuple[float, float]]
    means: str = ""

    def __str__(self) -> str:
        ratio = median(ours / theirs for ours, theirs in self.rounds)
        ours, theirs = (1e3 * median(side) for side in zip(*self.rounds, strict=True))
        verdict = "met" if ratio <= self.most else "MISSED"
        return f"{self.what:32} {ours:10.3f} {theirs:10.3f} {ratio:7.2f} {self.most:8.2f}  {verdict:7} {self.means}"


def throughput() -> Iterator[Row]:
    with ExitStack() as stack:
        served = stack.enter_context(sandbox_with(FEW, ROUNDS * REQUESTS))
        bare = stack.enter_context(started(sys.executable, BARE))
        ours, theirs = ([stack.enter_context(connected(port)) for _ in range(CONNECTIONS)] for port in (served.port, bare))
        codes = iter(served.exchanges)
        kinds: dict[str, Callable[[], Iterator[bytes]]] = {
            "debug_token": lambda: repeat(served.debug_token),
            "me": lambda: repeat(served.me),
            "exchange of a code": lambda: codes,
        }
        plain = [request("/v26.0/me")] * REQUESTS
        took = {what: list[tuple[float, float]]() for what in kinds}
        for _ in range(ROUNDS):
            for what, requests in kinds.items():
                some = list(islice(requests(), REQUESTS))
                took[what].append((each(ours, some), each(theirs, plain)))
        for what, rounds in took.items():
            yield Row(f"{what}, served", 2.0, rounds, "half the requests/s of the bare app, or more")


def start_up() -> Row:
    """Both from byte code, as what is installed has it: the first start, which makes it, does not count."""
    with TemporaryDirectory() as compiled:

        def ours() -> float:
            return first_answer(FBNB, "sandbox", "--port", compiled=compiled)

        def theirs() -> float:
            return first_answer(sys.executable, BARE, compiled=compiled)

        _, *took = [(ours(), theirs()) for _ in range(1 + STARTS)]
    return Row("start to first answer", 1.5, took)


def crowd() -> Row:
    """The median answer of each round, over one connection."""
    with sandbox_with(MANY) as many, sandbox_with(FEW) as few, connected(many.port) as crowded, connected(few.port) as empty:

        def typical(connection: socket.socket, one: bytes) -> float:
            return median(seconds(lambda: ask_all([connection], [one])) for _ in range(REQUESTS))

        took = [(typical(crowded, many.debug_token), typical(empty, few.debug_token)) for _ in range(ROUNDS)]
    return Row(f"p50 with {MANY:,} tokens", 1.2, took, f"beside it: with {FEW}")


def in_process() -> Row:
    sandbox = Sandbox()
    sandbox.assume(**UNLIMITED)
    client = sandbox_client(sandbox)
    token = log_in(client)
    params = {"access_token": token.value.reveal(), "appsecret_proof": "0" * 64}
    told = answer(sandbox.world, ask("GET", "graph.facebook.com", "/v26.0/me", params | {"appsecret_proof": ""}))
    constant = httpx.Client(
        transport=httpx.MockTransport(lambda request: httpx.Response(200, headers=dict(told.headers), content=told.content))
    )

    def many(act: Callable[[], object]) -> float:
        return seconds(lambda: [act() for _ in range(REQUESTS)]) / REQUESTS

    def theirs() -> object:
        return constant.get("https://graph.facebook.com/v26.0/me", params=params).json()

    took = [(many(lambda: client.get("me", token)), many(theirs)) for _ in range(ROUNDS)]
    return Row('client.get("me", token)', 1.5, took, "beside it: httpx.Client.get of the same answer, a constant")


def main() -> None:
    print(f"{'medians, in milliseconds':32} {'sandbox':>10} {'beside it':>10} {'ratio':>7} {'at most':>8}")
    for row in (*throughput(), start_up(), crowd(), in_process()):
        print(row, flush=True)


if __name__ == "__main__":
    main()
