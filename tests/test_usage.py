"""Usage headers, read: every shape that was seen in the wild, and whatever else a header can hold."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbnb.client import Call, GraphClient
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.sandbox import Sandbox
from fbnb.tables import usage_table
from fbnb.tokens import AccessToken
from fbnb.usage import HEADERS, Load, Usage, latest_usage, told_wait, usage_of
from fbnb.wire import Wire

ROWS = [json.loads(line) for line in (Path(__file__).parent / "data" / "usage_headers.jsonl").read_text().splitlines()]
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
BUC = "x-business-use-case-usage"
EXPECTED = {
    "php634-page-usage": (),
    "koala-buc": (Load("messenger", "123456789012345", 1, 1, 1),),
    "koala-ada": (Load("ad account", calls=9.67),),
    "pyfb-app-usage": (Load("app", "", 91, 15, 12),),
    "koala-app-usage": (Load("app", "", 0, 0, 0),),
    "koala-ada-broken": (),
    "pyfb-buc": (Load("pages", "112130216863063", 1, 1, 1, tier="development_access"),),
    "pyfb-ada": (Load("ad account", calls=9.67, tier="standard_access"),),
}


def header(row: dict[str, Any]) -> dict[str, str]:
    """The recorded header, also where it was posted as a line of text."""
    payload = row["payload"]
    if isinstance(payload, dict):
        return payload
    name, _, value = payload.partition(":")
    return {name.strip().lower(): value.strip()}


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_what_others_recorded(row: dict[str, Any]) -> None:
    assert usage_of(header(row)).loads == EXPECTED[row["id"]]


def test_a_use_case_says_how_long_to_wait_in_minutes() -> None:
    told = {"7": [{"type": "pages", "call_count": 97, "estimated_time_to_regain_access": 9}, {"type": "ads_insights"}, "odd"]}
    usage = usage_of({BUC: json.dumps(told), "x-app-usage": '{"call_count": 99}'}, NOW)
    assert usage.loads == (Load("app", calls=99), Load("pages", "7", calls=97, minutes=9))
    assert (usage.nearest, usage.percent, usage.minutes, usage.loads[0].at) == (usage.loads[1], 97, 9, NOW)


def test_an_ad_accounts_reset_is_no_wait() -> None:
    told = {"acc_id_util_pct": 100, "reset_time_duration": 3600}
    assert usage_of({"x-ad-account-usage": json.dumps(told)}).minutes == 0


def test_nothing_told_is_nothing_used() -> None:
    assert (Usage().nearest, Usage().percent, Usage().minutes) == (None, 0, 0)


ODD = [
    "",
    "null",
    "[]",
    "1",
    '{"call_count": "many"}',
    '{"call_count": NaN}',
    '{"call_count": true}',
    '{"call_count": -1}',
    "{'a'",
]
ODD += ['{"7": {"type": "pages"}}', '{"7": [[]]}', '{"call_count": 1e400}', '{"call_count": ' + "9" * 5000 + "}", "[" * 10_000]


@pytest.mark.parametrize("text", ODD, ids=lambda text: text[:30])
@pytest.mark.parametrize("name", HEADERS)
def test_an_odd_header_yields_no_figure(name: str, text: str) -> None:
    assert usage_of({name: text}).loads == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["call_count", "type", "7"]), inner, max_size=3),
)


@given(st.sampled_from(HEADERS), st.text() | JSON.map(json.dumps))
def test_no_header_is_an_error(name: str, text: str) -> None:
    usage = usage_of({name: text})
    assert all(0 <= load.percent <= 1_000_000 and load.minutes >= 0 for load in usage.loads)
    assert len(usage_table(usage)) == len(usage.loads)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "30"}, 30),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "9" * 400}, None),
        ({"retry-after": "²"}, None),
        ({BUC: '{"7": [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 2}]}'}, 120),
        ({BUC: '{"7": [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 0}]}'}, None),
        ({"retry-after": "5", BUC: '{"7": [{"call_count": 1, "estimated_time_to_regain_access": 2}]}'}, 5),
        ({}, None),
    ],
)
def test_when_graph_says_to_come_back(headers: dict[str, str], seconds: float | None) -> None:
    assert told_wait(headers) == seconds


def test_of_each_limit_the_newest_figure_that_can_be_read() -> None:
    old, new = {"x-app-usage": '{"call_count": 1}', "x-page-usage": '{"call_count": 5}'}, {"x-app-usage": '{"call_count": 2}'}
    usage = latest_usage([(NOW, {"x-app-usage": "broken"}), (NOW, new), (NOW, old)], NOW)
    assert [load.calls for load in usage.loads] == [2, 5]


def test_another_objects_limit_is_not_forgotten() -> None:
    told = [{BUC: json.dumps({id: [{"type": "ads_insights", "call_count": full}]})} for id, full in (("7", 3), ("8", 98))]
    usage = latest_usage([(NOW, headers) for headers in told], NOW)
    assert {load.of: load.percent for load in usage.loads} == {"7": 3, "8": 98}
    assert usage.percent == 98


def test_a_figure_grows_old_and_its_minutes_run_down() -> None:
    cases = {"7": [{"type": "ads_insights", "call_count": 100, "estimated_time_to_regain_access": 90}]}
    answers = [(NOW, {BUC: json.dumps(cases), "x-app-usage": '{"call_count": 50}'})]
    left = [latest_usage(answers, NOW + timedelta(minutes=minutes)) for minutes in (0, 59, 60, 89, 90)]
    assert [usage.minutes for usage in left] == [90, 31, 30, 1, 0]
    assert [len(usage.loads) for usage in left] == [2, 2, 1, 1, 0]


def test_the_client_knows_how_full_the_hour_is(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    assert client.usage == Usage()
    sandbox.assume(calls_per_user=10)
    for _ in range(3):
        client.get("me", short)
    assert (client.usage.percent, client.usage.loads[0].at) == (30, sandbox.clock.now())
    assert usage_table(client.usage)["calls %"].tolist() == [30]


def test_a_batch_tells_too(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.assume(calls_per_user=10)
    client.batch(short, [Call("me")] * 4)
    assert client.usage.percent == 40
    client.get("", short, ids=["3000000000001", "3000000000002"])
    assert [(load.limit, load.calls) for load in client.usage.loads] == [("app", 60), ("page", 60)]


def test_a_batch_tells_of_every_object(client: GraphClient, sandbox: Sandbox) -> None:
    sandbox.assume(page_calls_per_engaged_user=10, ads_calls=4)
    token = extend_user_token(client, log_in(client, ["pages_show_list", "ads_read"]))
    pages = [page.token for page in list_pages(client, token)[:2]]
    client.batch(token, [*(Call("me", token=page) for page in pages), Call("act_4000000000001/campaigns")])
    assert [(load.limit, load.calls) for load in client.usage.loads if load.of] == [
        ("pages", 10),
        ("pages", 10),
        ("ads_management", 25),
    ]


def test_a_header_with_a_secret_in_it_is_kept_without() -> None:
    told = {"x-app-usage": '{"note": "EAA_SANDBOX_USER_0123456789abcdef"}'}
    assert "0123456789" not in repr(Wire().record(NOW, "GET", ("h", "/"), {}, (200, {}, told), ()))
