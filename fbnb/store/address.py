"""Where a store is: the URL of a database from what a person wrote, and what is said of a slip in it."""

from __future__ import annotations

import os
import re
from importlib.util import find_spec

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from fbnb.errors import StoreError

_PLACES = "Give a file's path, sqlite:///tokens.db or postgresql://user@host/name."
# A URL with a mistake in it: as the name of a folder it would leave its password on the disk.
_MISTYPED = re.compile(r"(sqlite|postgres\w*)(\+\w+)?(:|//)|file:|(//|\w\w).*:.*@", re.IGNORECASE | re.DOTALL)


def address(place: str | os.PathLike[str]) -> URL:
    """The URL of a database: as given, or of the SQLite file at a path.

    Raises StoreError: no URL, or of a database that is neither, or PostgreSQL's driver is missing.
    """
    text = os.fsdecode(place)
    scheme, is_url, rest = text.partition("://")
    if not is_url:
        return _file(text)
    scheme = scheme.lower()
    url = _url(f"{'postgresql' if scheme == 'postgres' else scheme}://{rest}")  # as some hosts write it
    if url is None or url.get_backend_name() not in {"sqlite", "postgresql"}:
        raise StoreError("That is no database for tokens.", remedy=_PLACES)
    if url.get_backend_name() == "sqlite":
        return _file(url.database or ":memory:")
    if find_spec("psycopg") is None:
        raise StoreError("PostgreSQL needs the package psycopg.", remedy='Install it: pip install "fbnb[postgres]".')
    return _without_secrets(url).set(drivername="postgresql+psycopg")


def _url(text: str) -> URL | None:
    try:
        return make_url(text)
    except (ArgumentError, ValueError):
        return None


def _file(text: str) -> URL:
    """The URL of a file: of what a link leads to, for its key lies beside that. What is no path is not repeated."""
    path = os.path.expanduser(text)
    if ":memory:" in text:
        raise StoreError("A store in memory would lose its tokens.", remedy="Name a file, such as sqlite:///tokens.db.")
    if not text.strip():
        raise StoreError("The store's place is empty.", remedy=f"{_PLACES} Without any it is FBNB_STORE.")
    if path.startswith("~"):
        raise StoreError("There is no such user's folder.", remedy="Give the whole path, or ./~ for a file of that name.")
    if _MISTYPED.match(text):
        raise StoreError("That is no path, and no whole URL.", remedy=_PLACES)
    if not _is_name(path):
        raise StoreError("That is no path: it has a character that no file's name can have.", remedy=_PLACES)
    return URL.create("sqlite", database=os.path.realpath(path))


def _is_name(path: str) -> bool:
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        return False


def _without_secrets(url: URL) -> URL:
    """The same with user and password where they are known as such: libpq takes them from the query too, and prefers those."""
    query = {name: value if isinstance(value, str) else value[-1] for name, value in url.query.items()}
    user, password = query.pop("user", url.username), query.pop("password", url.password)
    if any(re.search("passw|pwd|secret|scram", name, re.IGNORECASE) for name in query):
        raise StoreError("A secret is in the URL's query.", remedy="Put it into ~/.pg_service.conf, and service=NAME here.")
    return URL.create(url.drivername, user, password, url.host, url.port, url.database, query)
