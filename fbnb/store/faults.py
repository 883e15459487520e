"""What a database's own error means, and what to do: one line, in which no statement and no password stands."""

from __future__ import annotations

import re

from sqlalchemy.exc import DBAPIError

from fbnb.errors import StoreBusy, StoreError, StoreGone
from fbnb.redact import redact

_GONE = (
    "^57P|^08|connection failed|connection is bad|server closed|terminating connection|connection refused|timeout expired"
    "|not open|is closed|could not connect|shutting down"
)
# By the driver's code; an error without one, as when a server lets nobody in, goes by the words of its first line.
_MEANINGS: tuple[tuple[str, type[StoreError], str, str | None], ...] = (
    ("^SQLITE_(BUSY|LOCKED)|^55P03|^40P01", StoreBusy, "Another program is writing to it.", None),
    (
        "does not exist|resolve host|Name or service",
        StoreError,
        "There is no such database, or no such user.",
        "Look at the host, the user and the name in its URL; createdb makes one.",
    ),
    (
        "^SQLITE_(READONLY|CANTOPEN)|^25006",
        StoreError,
        "It cannot be written to.",
        "Look at the owner and the mode of its file and folder.",
    ),
    ("^SQLITE_FULL|^53100|No space left", StoreError, "The disk is full.", "Make room; what was stored before is as it was."),
    (
        "^SQLITE_IOERR|^58030",
        StoreError,
        "The disk cannot be read or written.",
        "See to the disk, or to a limit on files; what was stored before is as it was.",
    ),
    (
        "^SQLITE_(NOTADB|CORRUPT)|^XX00|Could not decode",
        StoreError,
        "The file is damaged, or is no database.",
        "Name another file, or put a copy of it back.",
    ),
    (
        "password|authentication|pg_hba",
        StoreError,
        "The database does not let this user in.",
        "Put its password into PGPASSWORD or ~/.pgpass, or into the URL.",
    ),
    (
        "^42501",
        StoreError,
        "This user may not use its tables.",
        "Let the owner GRANT it CREATE on the schema, for a new store, or ALL on the tables that begin with fbnb_.",
    ),
    (_GONE, StoreGone, "The database does not answer.", None),
)


def meant(place: str, wrong: Exception) -> StoreError:
    """The error to raise for one of SQLAlchemy or of a driver. place: the store's, without the password."""
    orig = wrong.orig if isinstance(wrong, DBAPIError) else wrong
    line = next(iter(str(orig).splitlines()), type(orig).__name__)
    code = getattr(orig, "sqlstate", None) or getattr(orig, "sqlite_errorname", None)
    said = code or re.sub('"[^"]*"|\'.*\'', "", line)  # quoted are names, and data
    for pattern, kind, problem, remedy in _MEANINGS:
        if re.search(pattern, said, re.IGNORECASE):
            return kind(f"The token store {place}: {problem}", remedy=remedy)
    if getattr(wrong, "connection_invalidated", False):
        return StoreGone(f"The token store {place}: The database does not answer.")
    return StoreError(f"The token store {place}: {redact(line)}")
