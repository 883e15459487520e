"""Fixtures for any project's tests, there once fbnb is installed: `graph_sandbox` in process, `graph_server` over HTTP.

Both are new for each test, and each process of a parallel run has its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from secrets import token_urlsafe
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # a test run that uses neither fixture loads nothing of fbnb
    from fbnb.client import GraphClient
    from fbnb.sandbox import Sandbox


@dataclass(frozen=True)
class GraphServer:
    """A sandbox that is served. url: Graph's and the dialog's address. client: one of ours, its first person logging in.

    variables: what a program under test needs to know, such as FB_APP_ID; see fbnb/sandbox/variables.py.
    """

    url: str
    sandbox: Sandbox
    client: GraphClient
    variables: dict[str, str] = field(repr=False)


@pytest.fixture
def graph_sandbox() -> Sandbox:
    """A sandbox whose clock stands still at the world's start: `fbnb.kit.sandbox_client(graph_sandbox)` is a client of it."""
    from fbnb.sandbox import Sandbox

    return Sandbox()


@pytest.fixture
def graph_server() -> Iterator[GraphServer]:
    """A sandbox served on a free port of this machine; its clock runs, from the real time on, and can be moved."""
    from fbnb.kit import sandbox_client
    from fbnb.redact import Secret
    from fbnb.sandbox import Sandbox
    from fbnb.sandbox.transport import ServedTransport
    from fbnb.sandbox.variables import variables

    sandbox, key = Sandbox(frozen=False), Secret(token_urlsafe())
    with sandbox.serve(key=key) as url, ServedTransport(url) as transport:
        client = replace(sandbox_client(sandbox), transport=transport)
        yield GraphServer(url, sandbox, client, variables(sandbox, url, key))
