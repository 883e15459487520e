"""Tables: values in, frames out, with the right columns and types however much there is to show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from fbnb.client import GraphClient
from fbnb.flows.debug_token import debug_token
from fbnb.flows.login import log_in
from fbnb.flows.page_tokens import list_pages
from fbnb.flows.revoke import list_permissions
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.tables import (
    blast_table,
    event_table,
    family_table,
    info_table,
    kind_table,
    page_table,
    permission_table,
    scope_table,
    task_table,
    token_table,
    wire_table,
)
from fbnb.tokens import NEVER, AccessToken, Page, Permission, TokenInfo, TokenKind

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


def test_token_table() -> None:
    tokens = [
        AccessToken(Secret("EAA_SANDBOX_USER_0123456789abcdef"), TokenKind.USER, "short", NOW, NOW + timedelta(hours=2)),
        AccessToken(Secret("EAA_SANDBOX_PAGE_0123456789abcdee"), TokenKind.PAGE, "page", NOW, NEVER, NOW + timedelta(days=90)),
        AccessToken(Secret("1|x"), TokenKind.APP, "told nothing"),
    ]
    table = token_table(tokens, now=NOW)
    assert list(table["hint"]) == ["EAA…cdef", "EAA…cdee", "…"]
    assert list(table["kind"]) == ["USER", "PAGE", "APP"]
    assert list(table["time left"]) == ["2 hours", "never ends", "not told"]
    assert list(table["state"]) == ["live", "live", "not told"]
    assert table["expires"].isna().tolist() == [False, True, True]
    assert table["data access until"][1] == pd.Timestamp("2027-01-31 09:00", tz="UTC")


def test_no_rows_still_have_columns_and_types() -> None:
    empty, full = token_table([], now=NOW), token_table([AccessToken(Secret("x"), issued_at=NOW)], now=NOW)
    assert len(empty) == 0
    assert empty.dtypes.equals(full.dtypes)
    assert str(empty.dtypes["issued"]) == str(full.dtypes["expires"]) == "datetime64[s, UTC]"
    assert str(full.dtypes["hint"]) == "str"
    pages = page_table([])
    assert list(pages) == ["name", "id", "category", "tasks", "page token"]
    assert pages.dtypes.equals(page_table([Page("1", "a")]).dtypes)
    assert task_table([]).shape == (0, 0)
    assert list(scope_table(TokenInfo(is_valid=False))) == ["permission", "status", "limited to", "unlocks"]
    assert list(wire_table([])) == ["at", "method", "path", "parameters", "status"]
    assert list(info_table(TokenInfo(is_valid=False)).index) == ["is_valid"]


def test_page_and_task_tables(client: GraphClient, short: AccessToken) -> None:
    pages = list_pages(client, short)
    assert list(page_table(pages)["tasks"]) == [6, 5, 4, 2, 1, 1, 8, 6]
    table = task_table(pages)
    assert table.shape == (8, 15)
    assert list(table.columns[:4]) == ["ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MANAGE"]
    assert sorted(table.loc["Tide Museum"])[-2:] == ["", "yes"]
    assert table.loc["Fish Market", "PROFILE_PLUS_FULL_CONTROL"] == "yes"
    assert (table == "yes").any().all(), "only columns in use"
    assert page_table([Page("1", "a")])["tasks"].isna().all()


def test_two_pages_of_one_name_are_two_rows() -> None:
    assert task_table([Page("1", "a", tasks=("MANAGE",)), Page("2", "a", tasks=("ANALYZE",))]).shape == (2, 2)


def test_a_task_newer_than_our_table_is_shown_too() -> None:
    assert list(task_table([Page("1", "a", tasks=("TELEPORT", "ANALYZE"))])) == ["ANALYZE", "TELEPORT"]


def test_scope_table(client: GraphClient, sandbox: Sandbox) -> None:
    some = client.acting_as(sandbox.person(decline=["email"], pages=["Harbour Bakery", "Tide Museum"]))
    token = log_in(some, ["email", "pages_show_list"])
    pages = list_pages(client, token)
    told = [*list_permissions(client, token), Permission("user_likes", "expired"), Permission("brand_new", "granted")]
    table = scope_table(debug_token(client, token), told, pages).set_index("permission")
    assert table["status"].to_dict() == {
        "brand_new": "granted",
        "email": "declined",
        "pages_show_list": "granted",
        "public_profile": "granted",
        "user_likes": "expired",
    }
    assert table.loc["pages_show_list", "limited to"] == "Harbour Bakery, Tide Museum"
    assert table.loc["email", "unlocks"] == "the person's e-mail address"
    unnamed = scope_table(debug_token(client, token)).set_index("permission")
    assert unnamed.loc["pages_show_list", "limited to"] == "3000000000001, 3000000000005"


def test_info_table_of_a_dead_token(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.clock.advance(hours=3)
    table = info_table(debug_token(client, short))
    assert table.loc["is_valid", "value"] == "False"
    assert str(table.loc["error", "value"]).startswith("190/463: Error validating access token")
    assert table.loc["expires_at", "value"] == "2026-11-02 11:00 UTC"
    unreadable = info_table(debug_token(client, AccessToken(Secret("rubbish"))))
    assert str(unreadable.loc["error", "value"]).startswith("190: Invalid OAuth")


def test_wire_table(client: GraphClient, short: AccessToken) -> None:
    table = wire_table(client.wire.exchanges)
    assert list(table["path"]) == ["www/v26.0/dialog/oauth", "graph/v26.0/oauth/access_token"]
    assert table["status"].tolist() == [302, 200]
    assert str(table.dtypes["status"]) == "Int64"
    assert "client_secret=…" in str(table["parameters"][2])


def test_the_reference_tables() -> None:
    assert list(kind_table().index) == ["USER", "PAGE", "APP", "CLIENT", "SYSTEM_USER"]
    assert permission_table("pages_").loc["pages_messaging", "needs"] == "pages_manage_metadata, pages_show_list"
    assert len(permission_table()) > 50


def test_family_table(sandbox: Sandbox, client: GraphClient, short: AccessToken) -> None:
    list_pages(client, short)
    sandbox.change_role("Mara Quay", "Ferry Timetable")
    table = family_table(sandbox.family(short))
    assert list(table.columns) == ["token", "kind", "acts as", "made by", "ends", "state", "since", "why"]
    assert list(table["token"][:2]) == [short.hint, f"↳ {table['token'][1].removeprefix('↳ ')}"]
    ferry = table.set_index("acts as").loc["Ferry Timetable"]
    assert (ferry["state"], ferry["since"], ferry["why"][:7]) == ("dead", sandbox.clock.now(), "190/492")
    assert table["since"].isna().sum() == 8
    assert set(table["ends"]) == {"2026-11-02 11:00 UTC"}


def test_blast_table(sandbox: Sandbox, client: GraphClient, short: AccessToken) -> None:
    list_pages(client, short)
    events = [sandbox.event.change_password("Mara Quay"), sandbox.event.end_data_access("Mara Quay")]
    table = blast_table({event.words: sandbox.blast_radius(event) for event in events})
    assert list(table.index) == ["Mara Quay changes the password", "Access to Mara Quay's data ends"]
    assert list(table["tokens that would die"]) == ["1 USER, 8 PAGE", "none"]
    assert str(table["error"].iloc[0]).startswith("190/460 Error validating access token")
    assert table["error"].iloc[1] == ""


def test_event_table(sandbox: Sandbox) -> None:
    sandbox.log_out("Ben Tide")
    table = event_table(sandbox.happened)
    assert table.to_dict("records") == [{"when": sandbox.clock.now(), "what happened": "Ben Tide logs out"}]


@pytest.mark.parametrize("table", [family_table([]), event_table([]), blast_table({})])
def test_no_rows_still_mean_the_right_columns(table: pd.DataFrame) -> None:
    assert len(table) == 0
    assert len(table.columns) >= 2
