"""Every behaviour of the sandbox, over every adapter there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from ledger import ADAPTERS, FOR, Adapter, being_served, fits, play

from fbnb.sandbox.ledger import CONFIDENCES, rows

ROWS = rows()
SERVED = "served"
PLAYS = [(row, adapter) for row in ROWS for adapter in [*ADAPTERS, SERVED] if adapter not in FOR or FOR[adapter](row)]


@pytest.fixture(scope="module")
def adapters() -> Iterator[dict[str, Adapter]]:
    with being_served() as through_server:
        yield ADAPTERS | {SERVED: through_server}


@pytest.mark.parametrize(("row", "adapter"), PLAYS, ids=[f"{row['id']}-{adapter}" for row, adapter in PLAYS])
def test_row(row: dict[str, Any], adapter: str, adapters: dict[str, Adapter]) -> None:
    expected, told = play(row, adapters[adapter])
    assert fits(expected, told), f"expected {expected}\ngot      {told}"


def test_rows_say_where_they_come_from() -> None:
    assert len({row["id"] for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert row["confidence"] in CONFIDENCES, row["id"]
        assert row["source"], row["id"]
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", row["date"]), row["id"]


def test_a_wrong_row_fails() -> None:
    """The comparison can fail: in status, in a header, in a body, by a field too many."""
    row = next(row for row in ROWS if row["status"] == 400)
    wrongs: list[dict[str, Any]] = [
        {"status": 200},
        {"headers": {"www-authenticate": "none"}},
        {"body": {}},
        {"body": row["body"] | {"more": 1}},
    ]
    for wrong in wrongs:
        expected, told = play(row | wrong, ADAPTERS["core"])
        assert not fits(expected, told), wrong
