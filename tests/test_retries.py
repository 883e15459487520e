"""Calling again: what is repeated, what never is, for how long, and what the error says once that is given up."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from capture import Capture
from hypothesis import example, given
from hypothesis import strategies as st

from fbnb.client import Call, GraphClient
from fbnb.clock import ManualClock
from fbnb.errors import (
    CodeRejected,
    FbnbError,
    InputError,
    RateLimited,
    TemporaryFailure,
    TransportError,
    UnreadableAnswer,
)
from fbnb.flows.business_login import exchange_business_code
from fbnb.flows.client_code import generate_client_code, redeem_client_code
from fbnb.flows.device_login import poll_device_login, start_device_login
from fbnb.flows.login import code_from_redirect, exchange_code, log_in, login_url, pkce
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.oidc import log_in_with_pkce
from fbnb.kit import sandbox_client
from fbnb.redact import Secret
from fbnb.retries import NO_RETRIES, Outcome, Repeat, Retries, repeatable
from fbnb.sandbox import Sandbox
from fbnb.settings import Settings, Target
from fbnb.tokens import AccessToken, TokenKind

PASSING: list[tuple[int | str, dict[str, Any]]] = [
    (1, {}),
    (2, {"status": 503}),
    (-1, {}),
    ("timeout", {}),
    ("reset", {}),
    ("html", {"status": 502}),
    ("html", {"status": 500, "retry_after": 3}),
    ("truncated", {}),
    ("slow", {"seconds": 61}),
    ("lost", {}),
]


@pytest.mark.parametrize(("what", "how"), PASSING)
def test_a_read_outlives_what_passes(
    what: int | str, how: dict[str, Any], client: GraphClient, sandbox: Sandbox, short: AccessToken
) -> None:
    sandbox.fail(what, times=1, **how)
    before = client.wire.count
    assert client.get("me", short)["name"] == "Mara Quay"
    assert client.wire.count - before == 2


def test_each_wait_is_twice_the_last_and_each_attempt_an_exchange(
    client: GraphClient, sandbox: Sandbox, short: AccessToken
) -> None:
    sandbox.fail(2)
    start, before = sandbox.clock.now(), client.wire.count
    with pytest.raises(TemporaryFailure, match=r"unavailable\. Tried 4 times in 7 seconds\. Call again") as caught:
        client.get("me", short)
    assert [exchange.at - start for exchange in client.wire.since(before)] == [timedelta(seconds=s) for s in (0, 1, 3, 7)]
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("what", [2, "html", "truncated", "timeout", "lost"])
def test_no_retries_is_one_attempt_and_no_word_of_it(
    what: int | str, client: GraphClient, sandbox: Sandbox, short: AccessToken
) -> None:
    sandbox.fail(what)
    before = client.wire.count
    with pytest.raises(FbnbError) as caught:
        client.with_retries(NO_RETRIES).get("me", short)
    assert client.wire.count - before == 1
    assert "Tried" not in str(caught.value)


@pytest.mark.parametrize("what", ["190/463", "190/460", 190, 10, 100, 200, 803, 4, 17, 32, 613, 368])
def test_a_refusal_that_does_not_pass_is_raised_at_once(
    what: int | str, client: GraphClient, sandbox: Sandbox, short: AccessToken
) -> None:
    sandbox.fail(what)
    before = sandbox.clock.now(), sandbox.calls
    with pytest.raises(FbnbError):
        client.get("me", short)
    assert (sandbox.clock.now(), sandbox.calls) == (before[0], before[1] + 1)


@pytest.mark.parametrize("method", ["post", "delete"])
@pytest.mark.parametrize("what", [1, 2, "html", "truncated", "timeout", "reset", "lost"])
def test_what_changes_something_is_never_sent_twice(
    what: int | str, method: str, client: GraphClient, sandbox: Sandbox, short: AccessToken
) -> None:
    sandbox.fail(what)
    before = client.wire.count
    with pytest.raises(FbnbError, match="may have been done all the same: look, before"):
        getattr(client, method)("me/permissions", short)
    assert client.wire.count - before == 1


def test_a_read_that_asks_to_be_a_deletion_is_one(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.fail("lost", path="me/permissions")
    before = client.wire.count
    with pytest.raises(TransportError):
        client.get("me/permissions", short, method="delete")
    assert client.wire.count - before == 1


@pytest.mark.parametrize("method", ["get", "delete"])
@pytest.mark.parametrize(("what", "retry_after", "waited"), [(4, 30, 30), (17, 100, 100), ("80001", 60, 60), (4, 0, 0)])
def test_a_limit_is_waited_out_when_graph_says_how_long(
    what: int | str, retry_after: int, waited: int, method: str, client: GraphClient, sandbox: Sandbox, short: AccessToken
) -> None:
    sandbox.fail(what, times=1, retry_after=retry_after)
    start = sandbox.clock.now()
    assert getattr(client, method)("me/permissions", short)
    assert sandbox.clock.now() - start == timedelta(seconds=waited)


@pytest.mark.parametrize(
    ("retry_after", "words"), [(121, "Wait 3 minutes"), (119.5, "Tried 2 times in 120"), (3600, "Wait 60 minutes")]
)
def test_a_wait_that_does_not_fit_is_named_and_left_to_the_caller(
    retry_after: float, words: str, client: GraphClient, sandbox: Sandbox, short: AccessToken
) -> None:
    sandbox.fail(4, retry_after=retry_after)
    start = sandbox.clock.now()
    with pytest.raises(RateLimited, match="Graph says so") as caught:
        client.with_retries(Retries(seconds=120.5)).get("me", short)
    assert words in str(caught.value)
    assert sandbox.clock.now() - start == timedelta(seconds=120 if retry_after < 120 else 0)


def test_a_use_case_that_is_full_says_so_in_minutes(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.fail("80004/2446079", retry_after=1500)
    with pytest.raises(RateLimited, match="Wait 25 minutes before the next call: Graph says so"):
        client.get("me", short)
    assert client.usage.minutes == 25


def test_time_outs_share_one_bound(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.fail("timeout")
    start = sandbox.clock.now()
    with pytest.raises(TransportError, match=r"ReadTimeout.* Tried 2 times in 120 seconds"):
        client.get("me", short)
    assert sandbox.clock.now() - start == timedelta(seconds=120)


def test_a_sleep_that_lasts_too_long_leaves_a_moment_for_the_call(client: GraphClient) -> None:
    class Late(ManualClock):
        def sleep(self, seconds: float) -> None:
            self.advance(seconds=seconds + 9)

    seen = list[float]()

    def attempt(left: float) -> Outcome:
        seen.append(left)
        return Outcome(TransportError("x"), passing=True)

    Retries(seconds=5).run(attempt, Repeat.READ, Late(client.now()))
    assert seen == [5, 0.1]


def test_a_body_that_drips_is_not_waited_for_without_end(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    class Dripping(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            while True:
                sandbox.clock.advance(seconds=30)
                yield b"{"

    class Drips(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, stream=Dripping())

    start = sandbox.clock.now()
    with pytest.raises(TransportError, match="ReadTimeout: The body takes longer"):
        replace(client, transport=Drips()).get("me", short)
    assert sandbox.clock.now() - start == timedelta(seconds=150)  # the first piece after two minutes is the last


def test_all_the_time_there_is_can_be_given(client: GraphClient, short: AccessToken) -> None:
    assert client.with_retries(Retries(seconds=float("inf"))).get("me", short)["name"] == "Mara Quay"


def test_a_short_bound_cuts_the_first_attempt_too(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.fail("slow", seconds=10)
    start = sandbox.clock.now()
    with pytest.raises(TransportError):
        client.with_retries(Retries(seconds=5)).get("me", short)
    assert sandbox.clock.now() - start == timedelta(seconds=5)


@pytest.mark.parametrize("wrong", [{"attempts": 0}, {"seconds": 0}, {"seconds": float("nan")}])
def test_no_attempt_and_no_time_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        Retries(**wrong)


@pytest.mark.parametrize("error", [{"code": 190, "is_transient": True}, {"code": 99, "is_transient": "true"}, {"code": 99}])
def test_what_graph_does_not_call_transient_is_not(error: dict[str, Any], client: GraphClient) -> None:
    capture = Capture([{"error": {"message": "x", **error}}])
    with pytest.raises(FbnbError):
        replace(client, transport=capture).get("me")
    assert len(capture.requests) == 1


def test_graphs_own_word_for_transient_is_believed(client: GraphClient) -> None:
    capture = Capture([(500, {"error": {"message": "x", "code": 99999, "is_transient": True}}), {"id": "1"}])
    assert replace(client, transport=capture).get("me") == {"id": "1"}


def test_a_form_over_a_limit_was_not_done_even_if_graph_calls_that_transient(client: GraphClient) -> None:
    capture = Capture([(403, {"error": {"message": "(#4) Application request limit reached", "code": 4, "is_transient": True}})])
    with pytest.raises(RateLimited) as caught:
        replace(client, transport=capture).post("me/feed")
    assert "may have been done" not in str(caught.value)


def test_a_lists_pages_are_reads_too(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    pages = client.items("me/accounts", short, limit=3)
    first = next(pages)
    sandbox.fail("lost", times=1)
    assert len([first, *pages]) == 8


def test_a_batch_is_sent_once_and_its_failed_calls_are_handed_back(
    client: GraphClient, sandbox: Sandbox, short: AccessToken
) -> None:
    sandbox.fail(2, path="me")
    before = client.wire.count
    refused, answered = client.batch(short, [Call("me"), Call("me/permissions")])
    assert isinstance(refused, TemporaryFailure)
    assert isinstance(answered, dict)
    assert client.wire.count - before == 1


@pytest.mark.parametrize("what", ["html", "truncated", "timeout", "reset", "lost"])
def test_a_batch_of_reads_outlives_what_passes(
    what: int | str, client: GraphClient, sandbox: Sandbox, short: AccessToken
) -> None:
    sandbox.fail(what, times=1)
    before = client.wire.count
    told = client.batch(short, [Call("me"), Call("me/accounts", {"limit": 1})])
    assert [type(answer) for answer in told] == [dict, dict]
    assert client.wire.count - before == 2


def test_a_batch_of_reads_that_graph_refuses_as_a_whole_for_now_is_sent_again(client: GraphClient, short: AccessToken) -> None:
    capture = Capture([(500, {"error": {"message": "x", "code": 2}}), [{"code": 200, "body": "{}"}]])
    assert replace(client, transport=capture).batch(short, [Call("me")]) == [{}]


CHANGES = [
    Call("me/permissions", method="DELETE"),
    Call("me/feed", {"message": "x"}, "POST"),
    Call("me/permissions", {"method": "delete"}),
    Call("oauth/access_token", {"grant_type": "fb_exchange_token"}),
    Call("v25.0/oauth/access_token"),
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda call: f"{call.method} {call.path}")
@pytest.mark.parametrize("what", ["html", "lost"])
def test_a_batch_with_anything_else_in_it_is_never_sent_twice(
    what: str, change: Call, client: GraphClient, sandbox: Sandbox, short: AccessToken
) -> None:
    sandbox.fail(what)
    before = client.wire.count
    with pytest.raises(FbnbError, match="may have been done all the same: look, before"):
        client.batch(short, [Call("me"), change])
    assert client.wire.count - before == 1


def test_a_batch_written_by_hand_is_never_sent_twice(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.fail("lost")
    before = client.wire.count
    with pytest.raises(TransportError):
        client.post("", short, batch='[{"method": "GET", "relative_url": "me"}]')
    assert client.wire.count - before == 1


def test_a_device_keeps_its_own_pace(client: GraphClient, sandbox: Sandbox) -> None:
    login = start_device_login(client)
    sandbox.fail("17/1349172", retry_after=1)
    before = client.wire.count
    with pytest.raises(RateLimited):
        poll_device_login(client, login)
    assert client.wire.count - before == 1


@pytest.mark.parametrize(
    ("method", "path", "may"),
    [
        ("GET", "me", Repeat.READ),
        ("GET", "/v25.0/me/accounts", Repeat.READ),
        ("GET", ".well-known/oauth/openid/jwks/", Repeat.READ),
        ("POST", "me/feed", Repeat.CHANGE),
        ("DELETE", "me/permissions", Repeat.CHANGE),
        ("GET", "oauth/access_token", Repeat.NEVER),
        ("POST", "/oauth/access_token", Repeat.NEVER),
        ("GET", "v25.0/oauth/revoke", Repeat.NEVER),
    ],
)
def test_what_may_be_repeated(method: str, path: str, may: Repeat) -> None:
    assert repeatable(method, path) is may


# A code is good once


def login_code(client: GraphClient, **params: str) -> Secret:
    redirect = client.open_dialog(login_url(client, state="s", **params))
    return code_from_redirect(redirect, state="s")


def by_login(client: GraphClient) -> object:
    return exchange_code(client, login_code(client))


def by_business(client: GraphClient) -> object:
    return exchange_business_code(client, login_code(client, config_id="7000000000001", response_type="code"))


def by_pkce(client: GraphClient) -> object:
    return log_in_with_pkce(client, [], pkce(client), nonce="n")


@pytest.mark.parametrize("what", ["lost", "truncated", "html", "timeout"])
@pytest.mark.parametrize("exchange", [by_login, by_business, by_pkce])
def test_a_lost_exchange_is_not_repeated_and_says_what_to_do(
    exchange: Callable[[GraphClient], object], what: str, client: GraphClient, sandbox: Sandbox
) -> None:
    sandbox.fail(what, path="oauth/access_token")
    with pytest.raises((TransportError, UnreadableAnswer), match=r"may have been spent.* Start the login again") as caught:
        exchange(client)
    assert sum(exchange.path.endswith("access_token") for exchange in client.wire.exchanges) == 1
    assert "\n" not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_clients_code_may_be_spent_too(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    code = generate_client_code(client, extend_user_token(client, short))
    sandbox.fail("lost", times=1)
    with pytest.raises(TransportError, match="may have been spent"):
        redeem_client_code(client, code)
    with pytest.raises(CodeRejected) as caught:
        redeem_client_code(client, code)
    assert caught.value.subcode == 36009


def test_a_code_whose_answer_was_lost_is_used(client: GraphClient, sandbox: Sandbox) -> None:
    code = login_code(client)
    sandbox.fail("lost", times=1)
    with pytest.raises(TransportError, match="36009"):
        exchange_code(client, code)
    with pytest.raises(CodeRejected) as caught:
        exchange_code(client, code)
    assert caught.value.subcode == 36009


def test_a_code_that_never_arrived_is_not_used(client: GraphClient, sandbox: Sandbox) -> None:
    code = login_code(client)
    sandbox.fail("timeout", times=1)
    with pytest.raises(TransportError, match="may have been"):
        exchange_code(client, code)
    assert exchange_code(client, code)


@pytest.mark.parametrize("what", [2, "lost", "html"])
def test_no_grant_is_asked_for_twice(what: int | str, client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.fail(what, retry_after=1)
    before = client.wire.count
    with pytest.raises(FbnbError):
        extend_user_token(client, short)
    assert client.wire.count - before == 1


# Always


WHATS = st.sampled_from([1, 2, 4, 32, "80001", "190/463", "timeout", "reset", "html", "truncated", "slow", "lost"])
FAULTS = st.tuples(WHATS, st.integers(1, 5), st.sampled_from([1.0, 0.5]), st.integers(0, 300), st.floats(0, 300))
CALLS = st.sampled_from(["get", "post", "delete", "batch", "ids", "log_in"])


def tried(call: str, client: GraphClient, token: AccessToken) -> object:
    if call == "batch":
        return client.batch(token, [Call("me"), Call("me/accounts")])
    if call == "ids":
        return client.get("", token, ids="3000000000001,3000000000002")
    return log_in(client) if call == "log_in" else getattr(client, call)("me", token)


@example([("slow", 2, 1.0, 0, 61.0)], ["get"], 61.0625, 2)  # after a wait there was no time left for another attempt
@given(st.lists(FAULTS, max_size=4), st.lists(CALLS, max_size=6), st.floats(0.5, 200), st.integers(1, 6))
def test_whatever_fails_the_bound_is_kept_and_nothing_crashes(
    faults: list[tuple[int | str, int, float, int, float]], calls: list[str], seconds: float, attempts: int
) -> None:
    sandbox = Sandbox()
    client = sandbox_client(sandbox).with_retries(Retries(attempts, seconds))
    token = log_in(client)
    for what, times, chance, retry_after, slow in faults:
        sandbox.fail(what, times=times, chance=chance, retry_after=retry_after, seconds=slow)
    for call in calls:
        start, before = sandbox.clock.now(), client.wire.count
        with suppress(FbnbError):
            tried(call, client, token)
        assert sandbox.clock.now() - start <= timedelta(seconds=seconds + 0.001)
        assert client.wire.count - before <= max(attempts, 2)


# On live Graph, and where a sandbox is served: a wait is a wait


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize(("target", "served"), [(Target.LIVE, ""), (Target.SERVED, "http://127.0.0.1:8765")])
def test_a_long_wait_shows_a_bar_where_somebody_watches(
    target: Target, served: str, terminal: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    limited = (400, {"error": {"message": "(#4) Application request limit reached", "code": 4}})
    clock = ManualClock(Sandbox().clock.now())
    settings = Settings(target, "1234567890123", Secret("0" * 32), served=served)
    client = GraphClient(settings, _Waiting([limited, {"id": "1"}]), clock)
    start = clock.now()
    assert client.get("me") == {"id": "1"}
    assert clock.now() - start == timedelta(seconds=5)
    assert ("Waiting for Graph" in capsys.readouterr().err) is terminal


class _Waiting(Capture):
    def handle_request(self, request: Any) -> Any:
        response = super().handle_request(request)
        if response.status_code == 400:
            response.headers["retry-after"] = "5"
        return response


def test_an_attempt_that_was_interrupted_is_the_last(client: GraphClient) -> None:
    stopped = KeyboardInterrupt()
    seen = list[float]()

    def attempt(left: float) -> Outcome:
        seen.append(left)
        return Outcome(stopped)

    assert Retries().run(attempt, Repeat.READ, client.clock).value is stopped
    assert seen == [120]


def test_a_code_that_met_a_passing_fault_may_be_sent_once_more(client: GraphClient, sandbox: Sandbox) -> None:
    redirect = client.open_dialog(login_url(client, "email", state="s"))
    code = code_from_redirect(redirect, state="s", redirect_uri=client.settings.redirect_uri)
    sandbox.fail(2, times=1)
    with pytest.raises(TemporaryFailure, match="if that meets 36009, start the login again"):
        exchange_code(client, code)
    assert exchange_code(client, code).kind is TokenKind.USER


@pytest.mark.parametrize("wrong", [2, "NO_RETRIES", None])
def test_what_is_no_retries_is_refused_at_once(wrong: Any, client: GraphClient) -> None:
    with pytest.raises(InputError, match="That is no Retries"):
        client.with_retries(wrong)
