"""Tables of stored tokens: what an audit found, what ends first, and which token came from which."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from fbnb.auditor import audit
from fbnb.client import GraphClient
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.sandbox import Sandbox
from fbnb.store import StoredToken, TokenStore
from fbnb.store_tables import audit_table, expiry_table, lineage_table
from fbnb.tables import TIME
from fbnb.time_left import time_left
from fbnb.tokens import NEVER, AccessToken, Expiry, TokenKind

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


@pytest.fixture
def store(client: GraphClient) -> Iterator[TokenStore]:
    store = TokenStore(client=client)
    yield store
    store.close()


@pytest.fixture
def family(client: GraphClient, store: TokenStore) -> AccessToken:
    """Store somebody's token of 60 days and the tokens of their Pages; returns the first."""
    short = log_in(client, ["email", "pages_show_list"])
    store.admit(short.labelled("Mara"))
    long = extend_user_token(client, short)
    store.admit(long.labelled("Mara"), parent=short, made_by="fb_exchange_token")
    for page in list_pages(client, long)[:2]:
        assert page.token
        store.admit(page.token.labelled(page.name), parent=long, made_by="me/accounts")
    return long


def ending(expires: Expiry, access: Expiry = None, label: str = "") -> StoredToken:
    return StoredToken(
        "0" * 64, TokenKind.USER, "1", "2", "2", label, "EAA…abcd", NOW, expires_at=expires, data_access_until=access
    )


def test_audit_table(client: GraphClient, sandbox: Sandbox, store: TokenStore, family: AccessToken) -> None:
    sandbox.change_password("Mara Quay")
    table = audit_table(audit(client, store, quiet=True))
    assert list(table.columns[:6]) == ["token", "kind", "label", "state", "what to do", "why"]
    dead = table.set_index("token").loc[family.hint]
    assert list(dead)[:4] == ["USER", "Mara", "dead", "ask the person again"]
    assert dead["why"].endswith("(190/460)")
    assert dead["expires"] == family.expires_at
    assert dead["data access until"] > dead["expires"]
    assert table.loc[table["kind"] == "PAGE", "expires"].isna().all(), "never"


def test_expiry_table_begins_with_what_ends_first() -> None:
    table = expiry_table(
        [
            ending(None, None, "not told"),
            ending(NEVER, NOW + timedelta(days=3), "access"),
            ending(NOW + timedelta(days=60), NOW + timedelta(days=90), "long"),
            ending(NEVER, None, "never"),
            ending(NOW - timedelta(hours=1), None, "over"),
        ],
        now=NOW,
    )
    assert list(table["label"]) == ["over", "access", "long", "not told", "never"]
    assert list(table["time left"]) == ["over since 1 hour", "never ends", "60 days", "not told", "never ends"]
    assert list(table["access left"]) == ["not told", "3 days", "90 days", "not told", "not told"]
    assert list(table.index) == [0, 1, 2, 3, 4]


def test_what_is_left_is_said_as_everywhere_else() -> None:
    chance = random.Random(1)
    spans = [*(sign * chance.randint(0, 10 ** chance.randint(1, 8)) for sign in (1, -1) for _ in range(500))]
    spans += [0, 59, 60, 3599, 3600, 7199, 7200, 86400, 172799, 172800, -59, -60, -172800]
    ends: list[Expiry] = [NEVER, None, *(NOW + timedelta(seconds=span) for span in spans)]
    table = expiry_table([ending(end, label=f"{n}") for n, end in enumerate(ends)], now=NOW)
    said = dict(zip(table["label"], table["time left"], strict=True))
    assert said == {f"{n}": time_left(end, NOW) for n, end in enumerate(ends)}


def test_lineage_table_indents_each_below_what_made_it(store: TokenStore, family: AccessToken) -> None:
    radius = lineage_table(store.blast_radius(family))
    assert list(radius.columns) == ["token", "kind", "label", "made by", "ends", "state", "why"]
    assert radius["token"].str.count("↳ ").max() >= 1
    assert set(radius.loc[radius["kind"] == "PAGE", "made by"]) == {"me/accounts"}
    assert set(radius.loc[radius["kind"] == "PAGE", "ends"]) == {"never"}
    page = next(one for one in store if one.kind is TokenKind.PAGE)
    line = lineage_table(store.lineage(page))
    assert [text.count("↳ ") for text in line["token"]] == [0, 1, 2]
    assert list(line["state"]) == ["replaced", "live", "live"]


@pytest.mark.parametrize("table", [audit_table([]), expiry_table([], now=NOW), lineage_table([])])
def test_no_rows_still_mean_the_right_columns(table: pd.DataFrame) -> None:
    assert len(table) == 0
    assert len(table.columns) >= 7


def test_no_rows_still_have_types() -> None:
    full = expiry_table([ending(NEVER)], now=NOW)
    assert expiry_table([], now=NOW).dtypes.equals(full.dtypes)
    assert str(full.dtypes["expires"]) == TIME
