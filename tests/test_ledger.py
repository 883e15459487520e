"""Every behaviour of the sandbox, over every adapter there is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ledger import ADAPTERS, FOR, fits, play

from fbnb.sandbox.ledger import CONFIDENCES, rows

ROWS = rows()
PLAYS = [(row, adapter) for row in ROWS for adapter in ADAPTERS if adapter not in FOR or FOR[adapter](row)]


@pytest.mark.parametrize(("row", "adapter"), PLAYS, ids=[f"{row['id']}-{adapter}" for row, adapter in PLAYS])
def test_row(row: dict[str, Any], adapter: str) -> None:
    expected, told = play(row, ADAPTERS[adapter])
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
