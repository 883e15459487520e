"""What a command works on: a store that is there already, unless something is put into it, and a client that goes far enough."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from fbnb.client import GraphClient
from fbnb.errors import SettingError
from fbnb.kit import connect
from fbnb.settings import Target, load_settings
from fbnb.store import TokenStore


@contextmanager
def far_client() -> Iterator[GraphClient]:
    """The client that the environment asks for; its connections are closed afterwards.

    Raises SettingError: the environment lacks something, or names a sandbox in this process.
    """
    if load_settings().target is Target.SANDBOX:
        raise SettingError(
            "A sandbox in this process ends with the command, and its tokens with it.",
            remedy="Set FBNB_TARGET=live, or the address that fbnb sandbox serves one at, such as http://127.0.0.1:8765.",
        )
    client, _ = connect()
    with closing(client.transport):
        yield client


@contextmanager
def opened(place: str | None, *, client: GraphClient | None = None, make: bool = False) -> Iterator[TokenStore]:
    """The store at a place, by default FBNB_STORE or the file in your data folder; closed afterwards.

    make: begin one if there is none. Otherwise a typing mistake would find a new and empty store, in which all is well.
    Raises StoreError: there is none, or it cannot be used. WrongKey.
    """
    with closing(TokenStore(place, client=client, make=make)) as store:
        yield store
