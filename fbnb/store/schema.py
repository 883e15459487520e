"""The tables of a store, and what it says of itself: its version, its name, and where its key comes from."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, LargeBinary, MetaData, Table, Text, inspect, select, text

from fbnb.errors import StoreError

VERSION = 1
_metadata = MetaData()


def _texts(*names: str) -> list[Column[str]]:
    return [Column(name, Text, nullable=False, server_default="") for name in names]


def _times(*names: str) -> list[Column[int]]:
    """Epoch seconds, because a database keeps them exactly and knows no zones; 0 is never, NULL is not told."""
    return [Column(name, BigInteger) for name in names]


meta = Table("fbnb_meta", _metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))
tokens = Table(
    "fbnb_tokens",
    _metadata,
    Column("fingerprint", Text().with_variant(Text(collation="C"), "postgresql"), primary_key=True),  # sorted as Python does
    *_texts("kind", "app_id", "subject", "person", "label", "hint"),
    Column("obtained", BigInteger, nullable=False),
    *_times("issued_at", "expires_at", "data_access_until"),
    *_texts("expiry_source", "scopes", "granular_scopes", "parent", "made_by"),
    *_times("last_checked", "last_good"),
    Column("checked_in", Integer, nullable=False, server_default="0"),
    Column("state", Text, nullable=False, server_default="unchecked"),
    *_texts("cause", "why"),
    Column("strikes", Integer, nullable=False, server_default="0"),
    *_texts("trouble", "successor"),
    Column("ciphertext", LargeBinary),
    # Not by app as well: SQLite would take it for every list of an app's tokens, and sort them all for each page.
    Index("fbnb_tokens_subject", "subject"),
    Index("fbnb_tokens_parent", "parent"),
    sqlite_with_rowid=False,  # rows lie in the order of their fingerprints, in which audits read and change them
)
apps = Table(
    "fbnb_apps",
    _metadata,
    Column("app_id", Text, primary_key=True),
    Column("secret", LargeBinary, nullable=False),
)
audits = Table(
    "fbnb_audits",
    _metadata,
    Column("app_id", Text, primary_key=True),
    Column("run", Integer, nullable=False),
    Column("started", BigInteger, nullable=False),
    *_times("finished"),
)
notices = Table(
    "fbnb_notices",
    _metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("about", Text, primary_key=True),
    Column("ends", BigInteger, primary_key=True, autoincrement=False),
    Column("rung", Text, primary_key=True),
    Column("said", BigInteger, nullable=False),
)


def described(connection: Connection) -> dict[str, str] | None:
    """What the store says of itself; None for a database in which there is none yet.

    Raises StoreError: of another version, or another program's.
    """
    if not inspect(connection).has_table(meta.name):
        _check_empty(connection)
        return None
    said = dict(connection.execute(select(meta.c.name, meta.c.value)).all())
    if said.get("version") != str(VERSION):
        problem = f"This store is of version {said.get('version', 'unknown')}, and this fbnb reads version {VERSION}."
        raise StoreError(problem, remedy="Use the fbnb it was made with, or a newer one.")
    return said


def _check_empty(connection: Connection) -> None:
    # A server's database may well be shared; a file that has other tables is somebody's by mistake.
    if connection.dialect.name == "sqlite" and (others := inspect(connection).get_table_names()):
        problem = f"This file is another program's database: it has the table {others[0]}."
        raise StoreError(problem, remedy="Name another file.")


def lay_out(connection: Connection, said: dict[str, str]) -> None:
    """Make the tables, and write down what the store says of itself."""
    _metadata.create_all(connection)
    connection.execute(
        meta.insert(), [{"name": name, "value": value} for name, value in {**said, "version": str(VERSION)}.items()]
    )


def lock_layout(connection: Connection) -> None:
    """Let only one of several programs lay the tables out. SQLite's transaction does that by itself."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(70104, 1)"))
