"""Tokens kept: encrypted at rest, in SQLite or PostgreSQL."""

from fbnb.store.keys import KeySource as KeySource
from fbnb.store.records import StoredToken as StoredToken
from fbnb.store.records import TokenState as TokenState
from fbnb.store.token_store import TokenStore as TokenStore
