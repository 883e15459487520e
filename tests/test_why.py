"""The row behind an answer: of the same call, status and numbers, and mostly of the same source; and never a secret in it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
from count_ledger import README, in_readme, table
from ledger import play, through_core

from fbnb.client import GraphClient
from fbnb.errors import InputError, TokenInvalid, graph_error
from fbnb.flows.debug_token import debug_token
from fbnb.kit import sandbox_client
from fbnb.sandbox import Sandbox
from fbnb.sandbox.ledger import CONFIDENCES, counts, rows, why
from fbnb.tokens import AccessToken, TokenInfo
from fbnb.wire import Exchange, Wire

ROWS = {row["id"]: row for row in rows()}
Played = tuple[dict[str, Any], Exchange, Any]


@cache
def played() -> tuple[Played, ...]:
    """Every row of the ledger, with the exchange that it is on a client's wire, and the body as it was answered."""
    return tuple(map(_played, rows()))


def _played(row: dict[str, Any]) -> Played:
    seen: list[tuple[Exchange, Any]] = []

    def adapter(sandbox: Sandbox, asked: dict[str, Any]) -> Any:
        status, headers, body = through_core(sandbox, asked)
        url, at = (asked["host"], asked["path"]), sandbox.clock.now()
        seen.append((Wire().record(at, asked["method"], url, asked["params"], (status, body, headers), ()), body))
        return status, headers, body

    play(row, adapter)
    return row, *seen[0]


def error_of(body: Any) -> dict[str, Any]:
    """Graph's error, also where debug_token tells it of a token."""
    data = body.get("data") if isinstance(body, dict) else None
    error = body.get("error") if isinstance(body, dict) else None
    return error or (data.get("error") if isinstance(data, dict) else None) or {}


def numbers(status: int, body: Any) -> tuple[object, ...]:
    error = error_of(body)
    return status, error.get("code"), error.get("error_subcode") or error.get("subcode")


def call(row: dict[str, Any]) -> tuple[str, str]:
    """Host and path, without the version and whatever is an id."""
    path = re.sub(r"^/v\d+\.\d+", "", row["ask"]["path"])
    return row["ask"].get("host", "graph.facebook.com"), re.sub(r"\{[^}]+\}|\d+|\bme\b", "*", path)


def share(field: str, found: list[tuple[dict[str, Any], dict[str, Any]]]) -> float:
    return len([row for row, other in found if row[field] == other[field]]) / len(found)


def test_an_exchange_finds_a_row_of_the_same_call_status_and_numbers_mostly_its_own() -> None:
    found = [(row, ROWS[why(exchange).id]) for row, exchange, _ in played()]
    assert [row["id"] for row, other in found if call(row) != call(other)] == []
    assert [
        row["id"] for row, other in found if numbers(row["status"], row["body"]) != numbers(other["status"], other["body"])
    ] == []
    assert share("id", found) > 0.6  # what had happened before is in no answer, so some rows cannot be told apart
    assert share("source", found) > 0.75
    assert share("confidence", found) > 0.75  # of equals the best known is taken


def test_an_error_finds_a_row_of_the_same_status_and_numbers() -> None:
    refused = [(row, body) for row, _, body in played() if isinstance(body, dict) and "error" in body]
    found = [(row, ROWS[why(graph_error(row["status"], body)).id]) for row, body in refused]
    assert len(found) > 300
    assert [
        row["id"] for row, other in found if numbers(row["status"], row["body"]) != numbers(other["status"], other["body"])
    ] == []
    assert share("source", found) > 0.5  # without the call, words and numbers are all there is


def test_what_debug_token_tells_finds_a_row_of_debug_token() -> None:
    told = [
        (row, body["data"]) for row, _, body in played() if row["ask"]["path"].endswith("/debug_token") and row["status"] == 200
    ]
    found = [(row, ROWS[why(TokenInfo.from_graph(data)).id]) for row, data in told]
    assert len(found) > 50
    assert {call(other) for _, other in found} == {("graph.facebook.com", "/debug_token")}
    assert [row["id"] for row, other in found if numbers(200, row["body"]) != numbers(200, other["body"])] == []


def test_the_wire_the_error_and_debug_token_agree(sandbox: Sandbox, client: GraphClient, short: AccessToken) -> None:
    sandbox.change_password("Mara Quay")
    with pytest.raises(TokenInvalid) as caught:
        client.get("me", short)
    by_wire, by_error = sandbox.why(client.wire.last()[0]), sandbox.why(caught.value)
    by_info = sandbox.why(debug_token(client, short))
    for row in (by_wire, by_error, by_info):
        assert numbers(0, ROWS[row.id]["body"]) == (0, 190, 460)
    assert call(ROWS[by_wire.id])[1] == "/*"
    assert call(ROWS[by_info.id])[1] == "/debug_token"


def test_a_login_is_explained_from_the_dialog_to_the_token(sandbox: Sandbox, client: GraphClient, short: AccessToken) -> None:
    dialog, exchange = map(sandbox.why, client.wire.last(2))
    assert call(ROWS[dialog.id]) == ("www.facebook.com", "/dialog/oauth")
    assert "code=" in ROWS[dialog.id]["headers"]["location"]
    assert call(ROWS[exchange.id]) == ("graph.facebook.com", "/oauth/access_token")
    assert "code" in ROWS[exchange.id]["ask"]["params"]


def test_the_row_reads_as_how_well_it_is_known_and_from_where(sandbox: Sandbox, client: GraphClient, short: AccessToken) -> None:
    client.get("me", short)
    assert re.fullmatch(r"documented: Meta, .*, 20\d\d-\d\d-\d\d \(row .+\)", repr(sandbox.why(client.wire.last()[0])))


NEVER_ANSWERED: list[dict[str, Any]] = [
    {"error": {"code": 999_999, "message": "No such number"}},
    {"error": {"code": 190, "error_subcode": 999, "message": "Error validating access token"}},
    {"error": {"code": 190, "message": "In words that nobody has ever seen"}},
]


@pytest.mark.parametrize("body", NEVER_ANSWERED, ids=["code", "subcode", "words"])
def test_an_answer_without_a_row_is_said_to_have_none(body: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"No row of the ledger fits that\. It is no answer of the sandbox, or"):
        why(graph_error(400, body))


def test_what_never_came_back_has_no_row(sandbox: Sandbox, short: AccessToken) -> None:
    client = sandbox_client(sandbox)
    unanswered = Wire().record(client.now(), "GET", ("graph.facebook.com", "/v26.0/me"), {}, (None, "timed out", {}), ())
    with pytest.raises(InputError, match="No row of the ledger fits that"):
        why(unanswered)


@pytest.mark.parametrize("other", ["190", 190, None, {"error": {"code": 190}}, ValueError("190")])
def test_what_is_no_answer_is_refused_with_what_to_give(other: object) -> None:
    with pytest.raises(InputError, match=r"no answer of Graph's\. Give an Exchange, such as client\.wire\.last\(\)\[0\]"):
        why(other)


def test_no_secret_is_in_what_is_said(sandbox: Sandbox, short: AccessToken) -> None:
    planted = "EAA_SANDBOX_USER_planted0planted0"
    with pytest.raises(InputError) as caught:
        why(graph_error(400, {"error": {"code": 190, "message": f"{planted} is not ours"}}))
    with pytest.raises(InputError) as other:
        why(planted)
    said = [str(caught.value), str(other.value), *(repr(why(exchange)) for _, exchange, _ in played())]
    assert not [words for words in said if re.search(r"[EX]AA_|planted|decafbad|c0ffee|\d{13}\|", words)]


def test_the_counts_are_of_all_rows_the_best_known_first() -> None:
    assert list(counts()) == list(CONFIDENCES)
    assert sum(counts().values()) == len(rows()) >= 150
    assert all(counts().values())


def test_the_readme_has_the_counts_of_the_data_and_is_brought_up_to_date() -> None:
    readme = README.read_text(encoding="utf-8")
    assert table() in readme, "make ledger writes them anew"
    assert in_readme(readme) == readme
    stale = readme.replace(table(), table().replace(f"| {len(rows())} |", "| 7 |"))
    assert stale != readme
    assert in_readme(stale) == readme


def test_a_readme_without_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="The README has 0 tables that begin with"):
        in_readme("# fbnb\n")
