"""The Marketing API with the same tokens: accounts, campaigns, figures, and the ways it says no."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from capture import Capture

from fbnb.client import GraphClient
from fbnb.errors import (
    GraphError,
    NotFound,
    PermissionMissing,
    RequestInvalid,
    TokenExpired,
    TokenMalformed,
    UnreadableAnswer,
    WrongTokenKind,
)
from fbnb.flows.app_tokens import compose_app_token
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.marketing import AdAccount, Campaign, Insight, list_ad_accounts, list_campaigns, read_insights
from fbnb.flows.page_tokens import list_pages
from fbnb.flows.system_user import create_system_user, generate_system_user_token, install_app
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.tables import ad_account_table, campaign_table, insight_table
from fbnb.tokens import AccessToken

ACCOUNT = "act_4000000000001"
YESTERDAY = date(2026, 11, 1)


@pytest.fixture
def ads(client: GraphClient) -> AccessToken:
    return extend_user_token(client, log_in(client, ["ads_read"]))


def old(client: GraphClient, version: str) -> GraphClient:
    return replace(client, settings=replace(client.settings, version=version))


def test_an_account_in_words(client: GraphClient, ads: AccessToken) -> None:
    expected = AdAccount(ACCOUNT, "Harbour Street Ads", "active", "EUR", "Europe/Berlin")
    assert list_ad_accounts(client, ads) == [expected]


@pytest.mark.parametrize(("number", "word"), [(1, "active"), (2, "disabled"), (101, "closed"), (77, "77"), (None, "None")])
def test_a_status_that_is_not_known_stays_a_number(number: int | None, word: str, client: GraphClient, ads: AccessToken) -> None:
    row = {"id": "act_1", "account_status": number}
    assert list_ad_accounts(replace(client, transport=Capture([{"data": [row]}])), ads)[0].status == word


def test_campaigns_with_budgets_in_minor_units(client: GraphClient, ads: AccessToken) -> None:
    first, second, _ = list_campaigns(client, ACCOUNT, ads)
    assert first == Campaign("4100000000001", "Autumn bread", "OUTCOME_TRAFFIC", "ACTIVE", 2500)
    assert (second.name, second.status, second.daily_budget) == ("Book club", "PAUSED", 900)


def test_a_campaign_without_a_daily_budget_has_none(client: GraphClient, ads: AccessToken) -> None:
    told = Capture([{"data": [{"id": "1", "status": "PAUSED", "effective_status": "ARCHIVED"}]}])
    assert list_campaigns(replace(client, transport=told), ACCOUNT, ads) == [Campaign("1", "", "", "ARCHIVED", None)]


def test_texts_on_the_wire_are_numbers_afterwards(client: GraphClient, ads: AccessToken) -> None:
    (found,) = read_insights(client, "4100000000001", ads, days="yesterday")
    assert found == Insight(YESTERDAY, YESTERDAY, 3400, Decimal("21.76"), "4100000000001", "Autumn bread")
    answer: Any = client.wire.last()[0].answer
    assert (answer["data"][0]["impressions"], answer["data"][0]["spend"]) == ("3400", "21.76")


def test_the_default_is_the_thirty_days_before_today(client: GraphClient, ads: AccessToken) -> None:
    (all_of_it,) = read_insights(client, ACCOUNT, ads, level="account")
    assert (all_of_it.start, all_of_it.stop) == (date(2026, 10, 3), YESTERDAY)
    by_campaign = read_insights(client, ACCOUNT, ads)
    assert sum(found.impressions for found in by_campaign) == all_of_it.impressions == 129_140


@pytest.mark.parametrize(
    ("days", "first", "last"),
    [
        ("today", date(2026, 11, 2), date(2026, 11, 2)),
        ("yesterday", YESTERDAY, YESTERDAY),
        ("last_7d", date(2026, 10, 26), YESTERDAY),
        ("last_14d", date(2026, 10, 19), YESTERDAY),
        ("last_90d", date(2026, 8, 4), YESTERDAY),
        ("this_month", date(2026, 11, 1), date(2026, 11, 2)),
        ("last_month", date(2026, 10, 1), date(2026, 10, 31)),
        ((date(2026, 10, 30), date(2026, 10, 31)), date(2026, 10, 30), date(2026, 10, 31)),
        ((date(2026, 10, 30), date(2027, 10, 31)), date(2026, 10, 30), date(2026, 11, 2)),
    ],
)
def test_the_days_that_a_span_means(days: Any, first: date, last: date, client: GraphClient, ads: AccessToken) -> None:
    (found,) = read_insights(client, ACCOUNT, ads, level="account", days=days)
    assert (found.start, found.stop) == (first, last)


@pytest.mark.parametrize(("every", "spans"), [(1, 7), (2, 4), (7, 1), (90, 1), (None, 1)])
def test_a_row_for_each_so_many_days_adds_up_to_the_same(
    every: int | None, spans: int, client: GraphClient, ads: AccessToken
) -> None:
    rows = read_insights(client, ACCOUNT, ads, level="account", days="last_7d", every=every)
    assert len(rows) == spans
    assert sum(row.impressions for row in rows) == 52_200
    assert [row.start for row in rows[1:]] == [row.stop + timedelta(days=1) for row in rows[:-1]]


def test_days_on_which_nothing_was_shown_have_no_row(client: GraphClient, ads: AccessToken) -> None:
    assert read_insights(client, ACCOUNT, ads, days=(date(2026, 1, 1), date(2026, 1, 31))) == []
    week = date(2026, 10, 18), date(2026, 10, 24)
    assert [row.start.day for row in read_insights(client, "4100000000002", ads, days=week, every=1)] == [18, 19, 20]


def test_a_day_ends_at_midnight_of_the_accounts_own_time_zone(client: GraphClient, sandbox: Sandbox, ads: AccessToken) -> None:
    sandbox.clock.advance(hours=13, minutes=59, seconds=59)
    (before,) = read_insights(client, ACCOUNT, ads, level="account", days="yesterday")
    sandbox.clock.advance(seconds=1)
    (after,) = read_insights(client, ACCOUNT, ads, level="account", days="yesterday")
    assert (before.start.isoformat(), after.start.isoformat()) == ("2026-11-01", "2026-11-02")
    assert client.now().hour == 23


def test_a_long_list_comes_in_several_answers(client: GraphClient, ads: AccessToken) -> None:
    before = client.wire.count
    assert len(read_insights(client, ACCOUNT, ads, level="account", every=1)) == 30
    assert client.wire.count - before == 2


@pytest.mark.parametrize("scopes", ["email", "pages_show_list,business_management"])
def test_without_the_permission(scopes: str, client: GraphClient) -> None:
    token = log_in(client, scopes)
    for call in (lambda: list_ad_accounts(client, token), lambda: list_campaigns(client, ACCOUNT, token)):
        with pytest.raises(PermissionMissing, match="NOT grant ads_management or ads_read"):
            call()


def test_ads_management_reads_as_well(client: GraphClient) -> None:
    assert len(list_campaigns(client, ACCOUNT, log_in(client, ["ads_management"]))) == 3


def test_without_a_role_on_the_account(client: GraphClient, sandbox: Sandbox, ads: AccessToken) -> None:
    for id in ("act_4000000000002", ACCOUNT):
        sandbox.change_role("Mara Quay", "Harbour Street Ads")
        with pytest.raises(PermissionMissing, match="NOT grant"):
            read_insights(client, id, ads)
    assert list_ad_accounts(client, ads) == []


def test_with_a_page_token(client: GraphClient) -> None:
    page = list_pages(client, log_in(client, ["ads_read", "pages_show_list"]))[0].token
    assert page
    with pytest.raises(PermissionMissing, match="NOT grant"):
        list_campaigns(client, ACCOUNT, page)
    with pytest.raises(PermissionMissing, match="NOT grant"):
        list_ad_accounts(client, page)


def test_with_an_app_token_or_a_dead_one(client: GraphClient, sandbox: Sandbox, ads: AccessToken) -> None:
    with pytest.raises(WrongTokenKind, match="2500"):
        list_ad_accounts(client, compose_app_token(client.settings))
    with pytest.raises(TokenMalformed):
        list_ad_accounts(client, AccessToken(Secret("rubbish")))
    sandbox.clock.advance(days=59, hours=23, minutes=59, seconds=59)
    assert list_ad_accounts(client, ads)
    sandbox.clock.advance(seconds=1)
    with pytest.raises(TokenExpired):
        list_ad_accounts(client, ads)


def test_a_system_user_with_a_role_reads_too(client: GraphClient, sandbox: Sandbox) -> None:
    admin = log_in(client, ["business_management"])
    robot = create_system_user(client, "5000000000001", "Report Robot", admin)
    install_app(client, robot.id, admin)
    token = generate_system_user_token(client, robot, ["ads_read"], admin)
    assert list_ad_accounts(client, token) == []
    sandbox.change_role("Report Robot", "Harbour Street Ads", "analyst")
    assert len(list_campaigns(client, ACCOUNT, token)) == 3


@pytest.mark.parametrize("id", ["4000000000001", "act_4000000000009", "3000000000001", "4199999999999"])
def test_what_is_no_ad_account(id: str, client: GraphClient, ads: AccessToken) -> None:
    with pytest.raises(NotFound, match=f"'{id}'"):
        list_campaigns(client, id, ads)
    with pytest.raises(NotFound, match=f"'{id}'"):
        read_insights(client, id, ads)


@pytest.mark.parametrize(("version", "served"), [("v26.0", True), ("v25.0", True), ("v24.0", False), ("v15.0", False)])
def test_ads_have_a_schedule_of_versions_of_their_own(version: str, served: bool, client: GraphClient, ads: AccessToken) -> None:
    dated = old(client, version)
    assert dated.get("me", ads)["name"] == "Mara Quay", "the rest of Graph serves it"
    if served:
        assert len(list_campaigns(dated, ACCOUNT, ads)) == 3
        return
    for call in (lambda: list_campaigns(dated, ACCOUNT, ads), lambda: list_ad_accounts(dated, ads)):
        with pytest.raises(RequestInvalid, match=r"2635.*latest version: v26\.0"):
            call()


def test_a_world_may_upgrade_what_is_retired(client: GraphClient, sandbox: Sandbox, ads: AccessToken) -> None:
    sandbox.world.defaults = msgspec.structs.replace(sandbox.world.defaults, retired_ads_version="upgrade")
    assert len(list_campaigns(old(client, "v24.0"), ACCOUNT, ads)) == 3


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"days": "last_century"}, "date_preset must be one of"),
        ({"days": (date(2026, 10, 2), date(2026, 10, 1))}, "since is after until"),
        ({"every": 0}, "time_increment"),
        ({"every": 91}, "time_increment"),
        ({"level": "planet"}, "level must be one of"),
    ],
)
def test_a_question_that_cannot_be_right(asked: dict[str, Any], words: str, client: GraphClient, ads: AccessToken) -> None:
    with pytest.raises(RequestInvalid, match=words):
        read_insights(client, ACCOUNT, ads, **asked)


@pytest.mark.parametrize("row", [{}, {"date_start": "x", "date_stop": "y"}, {"date_start": "2026-10-01"}, "row"])
def test_an_answer_of_another_shape_says_so(row: Any, client: GraphClient, ads: AccessToken) -> None:
    with pytest.raises(UnreadableAnswer):
        read_insights(replace(client, transport=Capture([{"data": [row]}])), ACCOUNT, ads)
    with pytest.raises(UnreadableAnswer):
        list_ad_accounts(replace(client, transport=Capture([{"data": [row]}])), ads)


def test_the_tables(client: GraphClient, ads: AccessToken) -> None:
    assert ad_account_table(list_ad_accounts(client, ads)).to_dict("records") == [
        {"name": "Harbour Street Ads", "id": ACCOUNT, "status": "active", "currency": "EUR", "timezone": "Europe/Berlin"}
    ]
    campaigns, insights = list_campaigns(client, ACCOUNT, ads), read_insights(client, ACCOUNT, ads, days="yesterday")
    table = campaign_table(campaigns, insights)
    assert table.loc["Autumn bread"].to_dict() == {"status": "ACTIVE", "daily budget": 25, "impressions": 3400, "spend": 21.76}
    assert table["impressions"].isna().to_dict() == {"Autumn bread": False, "Book club": True, "Christmas orders": False}
    figures = insight_table(insights)
    assert figures["campaign"].tolist() == ["Autumn bread", "Christmas orders"]
    assert figures["cost of 1000"].tolist() == [6.4, 5.9]
    assert insight_table([Insight(YESTERDAY, YESTERDAY, 0, Decimal(0))])["cost of 1000"].tolist() == [0]


def test_no_rows_still_mean_the_right_columns() -> None:
    assert list(campaign_table([]).columns) == ["status", "daily budget", "impressions", "spend"]
    assert list(insight_table([]).columns) == ["from", "to", "campaign", "impressions", "spend", "cost of 1000"]
    assert list(ad_account_table([]).columns) == ["name", "id", "status", "currency", "timezone"]


def test_a_refusal_is_one_of_graphs(client: GraphClient) -> None:
    with pytest.raises(GraphError) as caught:
        list_campaigns(client, ACCOUNT, log_in(client))
    assert (caught.value.code, caught.value.status) == (200, 403)
