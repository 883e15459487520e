"""Fixtures: a fresh sandbox, a client of it, and a token of the person in front of its dialog."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import hypothesis
import pytest
from postgres import Postgres, binaries, serving_postgres

from fbnb.client import GraphClient
from fbnb.flows.login import log_in
from fbnb.kit import sandbox_client
from fbnb.sandbox import Sandbox
from fbnb.store import KeySource, TokenStore
from fbnb.tokens import AccessToken

ROOT = Path(__file__).parents[1]

# FBNB_TEST_ALL=1: long runs use their full counts.
hypothesis.settings.register_profile("all", max_examples=2000, deadline=None)
hypothesis.settings.register_profile("some", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("all" if os.environ.get("FBNB_TEST_ALL") == "1" else "some")


@pytest.fixture
def root() -> Path:
    return ROOT


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox()


@pytest.fixture
def client(sandbox: Sandbox) -> GraphClient:
    return sandbox_client(sandbox)


@pytest.fixture
def short(client: GraphClient) -> AccessToken:
    return log_in(client, ["pages_show_list"])


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server, started for the first test that asks."""
    if binaries() is None:
        pytest.skip("there is no PostgreSQL: apt-get install postgresql")
    with serving_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """The URL of an empty database for this test alone."""
    postgres.start()  # a test before may have left it stopped
    url = postgres.new_database()
    yield url
    postgres.start()
    postgres.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, of each sort a store can have."""
    return f"sqlite:///{tmp_path / 'tokens.db'}" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def store(client: GraphClient, store_url: str) -> Iterator[TokenStore]:
    """An empty token store, on each sort of database."""
    with closing(TokenStore(store_url, client=client, key=KeySource.FILE)) as store:
        yield store


@pytest.fixture
def own(client: GraphClient, tmp_path: Path) -> Iterator[TokenStore]:
    """A store in a file, where the database makes no difference."""
    with closing(TokenStore(tmp_path / "tokens.db", client=client, key=KeySource.FILE)) as store:
        yield store
