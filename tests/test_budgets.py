"""Budgets: the last call that is served, the first that is not, and when calls are served again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbnb.client import Call, GraphClient
from fbnb.errors import FbnbError, InputError, RateLimited, TokenInvalid
from fbnb.flows.app_tokens import compose_app_token
from fbnb.flows.debug_token import debug_token
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.kit import sandbox_client
from fbnb.retries import NO_RETRIES
from fbnb.sandbox import Sandbox
from fbnb.sandbox.traffic import count, regained, used
from fbnb.tokens import AccessToken

BAKERY, ADS, CAMPAIGN = "3000000000001", "act_4000000000001", "4100000000001"
SCOPES = ["pages_show_list", "pages_read_engagement", "ads_read"]


@dataclass(frozen=True)
class Setting:
    """A client that takes the first answer for final, a token of 60 days, and the Bakery's own."""

    sandbox: Sandbox
    client: GraphClient
    user: AccessToken
    page: AccessToken

    def served(self, path: str, token: AccessToken) -> bool:
        """Whether one more call is; whatever else it is refused for counts as served."""
        try:
            self.client.get(path, token)
        except RateLimited:
            return False
        return True

    def number(self, path: str, token: AccessToken) -> str:
        """Graph's number for the one call too many."""
        with pytest.raises(RateLimited) as caught:
            self.client.get(path, token)
        return f"{caught.value.code}/{caught.value.subcode}" if caught.value.subcode else str(caught.value.code)


@pytest.fixture
def setting(sandbox: Sandbox) -> Setting:
    client = sandbox_client(sandbox).with_retries(NO_RETRIES)
    user = extend_user_token(client, log_in(client, SCOPES))
    page = next(page.token for page in list_pages(client, user) if page.id == BAKERY)
    assert page
    sandbox.world.traffic.clear()
    return Setting(sandbox, client, user, page)


Who = Callable[[Setting], AccessToken]


def user(setting: Setting) -> AccessToken:
    return setting.user


def page(setting: Setting) -> AccessToken:
    return setting.page


def app(setting: Setting) -> AccessToken:
    return compose_app_token(setting.client.settings)


BUDGETS = [
    ("calls_per_user", "me", user, "4", 60),
    ("calls_per_user", "1000000000001", app, "4", 60),
    ("calls_of_one_user", "me", user, "17", 60),
    ("calls_per_user", BAKERY, user, "32", 60),
    ("calls_of_one_user", f"{BAKERY}/posts", user, "32", 60),
    ("page_calls_per_engaged_user", BAKERY, page, "80001", 24 * 60),
    ("page_calls_per_engaged_user", "me", page, "80001", 24 * 60),
    ("ads_calls", f"{ADS}/campaigns", user, "80004/2446079", 60),
    ("insights_calls", f"{ADS}/insights", user, "80000/2446079", 60),
]


@pytest.mark.parametrize(("default", "path", "who", "number", "minutes"), BUDGETS)
def test_the_last_call_the_first_too_many_and_the_window_after(
    default: str, path: str, who: Who, number: str, minutes: int, setting: Setting
) -> None:
    token = who(setting)
    setting.sandbox.assume(**{default: 3})
    assert [setting.served(path, token) for _ in range(3)] == [True] * 3
    assert setting.number(path, token) == number
    setting.sandbox.clock.advance(minutes=minutes - 1, seconds=59)
    assert setting.number(path, token) == number
    setting.sandbox.clock.advance(minutes=minutes)
    assert setting.served(path, token)


def test_calls_leave_the_window_one_by_one_and_refused_ones_stay_in_it_as_long(setting: Setting) -> None:
    setting.sandbox.assume(calls_per_user=2)
    told = list[bool]()
    for minutes in (0, 20, 20, 20, 20):  # at 0, 20, 40 (one too many), 60 (20 and 40 are in the window), 80
        setting.sandbox.clock.advance(minutes=minutes)
        told.append(setting.served("me", setting.user))
    assert told == [True, True, False, False, False]
    setting.sandbox.clock.advance(minutes=60)
    assert setting.served("me", setting.user)


def test_an_app_has_a_budget_for_each_person_who_uses_it(setting: Setting) -> None:
    setting.sandbox.assume(calls_per_user=2)
    log_in(setting.client.acting_as(setting.sandbox.person("Ben Tide")))
    assert [setting.served("me", setting.user) for _ in range(5)] == [True] * 4 + [False]


def test_each_draws_on_what_is_its_own(setting: Setting) -> None:
    setting.sandbox.assume(calls_per_user=1, page_calls_per_engaged_user=1, ads_calls=1, insights_calls=1)
    calls = [("me", setting.user), (BAKERY, setting.page), (f"{ADS}/campaigns", setting.user), (f"{ADS}/insights", setting.user)]
    assert all(setting.served(path, token) for path, token in calls)
    assert not any(setting.served(path, token) for path, token in calls)


def test_a_campaigns_insights_are_its_accounts(setting: Setting) -> None:
    setting.sandbox.assume(insights_calls=1)
    campaign = setting.sandbox.world.seed.ad_accounts[0].campaigns[0].id
    assert setting.served(f"{campaign}/insights", setting.user)
    assert not setting.served(f"{ADS}/insights", setting.user)


def test_each_call_of_a_batch_and_each_id_counts(setting: Setting) -> None:
    setting.sandbox.assume(calls_per_user=4)
    told = setting.client.batch(setting.user, [Call("me")] * 3)
    assert not any(isinstance(answer, FbnbError) for answer in told)
    with pytest.raises(RateLimited):
        setting.client.get("", setting.user, ids=[BAKERY, "3000000000002"])


def test_the_token_is_judged_before_the_budget_and_the_budget_before_the_request(setting: Setting) -> None:
    setting.sandbox.assume(calls_per_user=1)
    assert setting.served("me", setting.user)
    with pytest.raises(RateLimited):
        setting.client.get("me", setting.user, fields="nonsense")
    setting.sandbox.change_password("Mara Quay")
    with pytest.raises(TokenInvalid):
        setting.client.get("me", setting.user)


def test_what_is_called_without_a_live_token_counts_for_nobody(setting: Setting) -> None:
    setting.sandbox.assume(calls_per_user=1)
    for _ in range(3):
        log_in(setting.client)
        with pytest.raises(TokenInvalid):
            setting.client.get("me", AccessToken.of("EAA_SANDBOX_USER_nonsense"))
    assert setting.sandbox.world.traffic == {}


def test_asking_about_a_token_is_a_call_of_who_asks(setting: Setting) -> None:
    setting.sandbox.assume(calls_per_user=1)
    token = compose_app_token(setting.client.settings)
    assert debug_token(setting.client, setting.user, using=token).is_valid
    with pytest.raises(RateLimited):
        debug_token(setting.client, setting.user, using=token)


# What the headers say


def headers(setting: Setting, path: str, token: AccessToken, calls: int) -> dict[str, object]:
    for _ in range(calls):
        setting.served(path, token)
    told = setting.client.wire.last()[0].headers
    return {name: json.loads(value) for name, value in told.items() if name.endswith("-usage")}


def share(percent: int) -> dict[str, int]:
    return {"call_count": percent, "total_cputime": 0, "total_time": 0}


def test_nothing_is_told_below_a_hundredth(setting: Setting) -> None:
    assert headers(setting, "me", setting.user, 1) == {}
    assert headers(setting, "me", setting.user, 1) == {"x-app-usage": share(1)}


def test_a_page_read_with_a_persons_token_tells_of_app_and_page(setting: Setting) -> None:
    setting.sandbox.assume(calls_per_user=3)
    assert headers(setting, BAKERY, setting.user, 2) == {"x-app-usage": share(66), "x-page-usage": share(66)}


def test_a_business_use_case_tells_when_calls_are_served_again(setting: Setting) -> None:
    setting.sandbox.assume(page_calls_per_engaged_user=2)
    case = {"type": "pages", **share(50), "estimated_time_to_regain_access": 0}
    assert headers(setting, BAKERY, setting.page, 1) == {"x-business-use-case-usage": {BAKERY: [case]}}
    setting.sandbox.clock.advance(minutes=10)
    case |= share(150) | {"estimated_time_to_regain_access": 24 * 60}
    assert headers(setting, BAKERY, setting.page, 2) == {"x-business-use-case-usage": {BAKERY: [case]}}


def test_what_the_header_says_is_exact(setting: Setting) -> None:
    setting.sandbox.assume(ads_calls=2)
    setting.served(f"{ADS}/campaigns", setting.user)
    setting.sandbox.clock.advance(minutes=10, seconds=30)
    told = headers(setting, f"{ADS}/campaigns", setting.user, 1)
    case = {"type": "ads_management", **share(100), "estimated_time_to_regain_access": 50}
    assert told["x-business-use-case-usage"] == {ADS[4:]: [case | {"ads_api_access_tier": "development_access"}]}
    tier = {"ads_api_access_tier": "development_access"}
    assert told["x-ad-account-usage"] == {"acc_id_util_pct": 100, "reset_time_duration": 60 * 60 - 30, **tier}
    assert setting.client.usage.minutes == 50
    setting.sandbox.clock.advance(minutes=50)
    assert setting.served(f"{ADS}/campaigns", setting.user)


def test_the_client_waits_as_long_as_a_use_case_says(setting: Setting, client: GraphClient) -> None:
    setting.sandbox.assume(ads_calls=2)
    headers(setting, f"{ADS}/campaigns", setting.user, 2)
    setting.sandbox.clock.advance(minutes=59, seconds=10)
    assert client.get(f"{ADS}/campaigns", setting.user)["data"]
    assert client.wire.last(2)[0].status == 400


# How it is counted


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(1, 3)), min_size=1, max_size=12), st.integers(1, 8))
def test_the_estimate_is_the_first_minute_at_which_a_call_is_served(steps: list[tuple[int, int]], limit: int) -> None:
    sandbox = Sandbox()
    for minutes, calls in steps:
        sandbox.clock.advance(minutes=minutes)
        for _ in range(calls):
            count(sandbox.world, "k", 60)
    estimate = regained(sandbox.world, "k", 60, limit)
    later = [0]
    while used(sandbox.world, "k", 60) >= limit:
        sandbox.clock.advance(minutes=1)
        later.append(later[-1] + 1)
    assert estimate == later[-1]
    assert len(sandbox.world.traffic["k"]) <= 60


def test_a_rewind_takes_calls_back(setting: Setting) -> None:
    setting.sandbox.assume(calls_per_user=2)
    assert setting.served("me", setting.user)
    before = setting.sandbox.checkpoint()
    for _ in range(2):
        assert [setting.served("me", setting.user) for _ in range(2)] == [True, False]
        setting.sandbox.rewind(before)


def test_two_fresh_sandboxes_say_the_same(sandbox: Sandbox) -> None:
    def story(sandbox: Sandbox) -> object:
        client = sandbox_client(sandbox).with_retries(NO_RETRIES)
        token = log_in(client)
        sandbox.assume(calls_per_user=5)
        for _ in range(8):
            client.batch(token, [Call("me")])
            sandbox.clock.advance(minutes=7)
        return [(exchange.answer, exchange.headers) for exchange in client.wire.exchanges]

    assert story(sandbox) == story(Sandbox())


# What is assumed


def test_what_is_assumed_is_undone_by_a_rewind_and_can_be_scheduled(sandbox: Sandbox) -> None:
    before = sandbox.checkpoint()
    sandbox.assume(ads_calls=7, code_seconds=5)
    assert (sandbox.world.defaults.ads_calls, sandbox.world.defaults.code_seconds) == (7, 5)
    sandbox.rewind(before)
    assert sandbox.world.defaults == Sandbox().world.defaults
    sandbox.schedule(sandbox.event.assume(ads_calls=9), hours=1)
    sandbox.clock.advance(hours=2)
    assert sandbox.world.now() - before.now == timedelta(hours=2)
    assert sandbox.world.defaults.ads_calls == 9


@pytest.mark.parametrize(
    ("defaults", "words"),
    [({"nonsense": 1}, "There are code_exchange"), ({"ads_calls": 0}, "ads_calls"), ({"ads_calls": "x"}, "int")],
)
def test_what_cannot_be_assumed_is_said_at_once(defaults: dict[str, object], words: str, sandbox: Sandbox) -> None:
    with pytest.raises(InputError, match=words):
        sandbox.assume(**defaults)
