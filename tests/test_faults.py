"""Faults: each way a call can fail, alone and inside a batch, which calls it befalls, and the same in every run."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fbnb.client import Call, GraphClient
from fbnb.errors import DialogRefused, FbnbError, GraphError, InputError, TemporaryFailure, TransportError, UnreadableAnswer
from fbnb.flows.login import log_in
from fbnb.flows.marketing import list_ad_accounts, list_campaigns
from fbnb.flows.oidc import discover
from fbnb.kit import sandbox_client
from fbnb.resources import rows
from fbnb.retries import NO_RETRIES
from fbnb.sandbox import Sandbox
from fbnb.sandbox.wording import numbers
from fbnb.tokens import AccessToken

WAYS: list[tuple[str, type[FbnbError], str]] = [
    ("timeout", TransportError, "ReadTimeout"),
    ("reset", TransportError, "ReadError"),
    ("html", UnreadableAnswer, "HTTP 500 came back as an HTML page"),
    ("truncated", UnreadableAnswer, "cut off: its JSON breaks off after 20 bytes"),
    ("slow", TransportError, "ReadTimeout"),
    ("lost", TransportError, "ReadError"),
]
ROWS = dict.fromkeys(number for row in rows("errors.csv") for number in numbers(row) if row["type"] != "redirect")


@pytest.fixture
def once(client: GraphClient) -> GraphClient:
    """The client, which takes the first answer for final."""
    return client.with_retries(NO_RETRIES)


def refused(client: GraphClient, token: AccessToken, path: str = "me") -> GraphError:
    with pytest.raises(GraphError) as caught:
        client.get(path, token)
    return caught.value


@pytest.mark.parametrize(("way", "error", "words"), WAYS)
def test_each_way_to_go_wrong(
    way: str, error: type[FbnbError], words: str, once: GraphClient, sandbox: Sandbox, short: AccessToken
) -> None:
    sandbox.fail(way, seconds=90)
    with pytest.raises(error, match=words):
        once.get("me", short)
    sandbox.heal()
    assert once.get("me", short)


@pytest.mark.parametrize("number", ROWS)
def test_every_code_of_the_table_can_be_met(number: str, once: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.fail(number)
    told = refused(once, short)
    assert number == (f"{told.code}/{told.subcode}" if told.subcode else str(told.code))
    assert told.message
    assert told.fbtrace_id


@pytest.mark.parametrize(
    "row", [row for row in rows("errors.csv") if row["example"] and numbers(row)], ids=lambda row: row["example"][:40]
)
def test_every_message_of_the_table_can_be_met(
    row: dict[str, str], once: GraphClient, sandbox: Sandbox, short: AccessToken
) -> None:
    sandbox.fail(numbers(row)[0], words=row["example"])
    if row["type"] == "redirect":
        with pytest.raises(DialogRefused, match=numbers(row)[0]):
            log_in(once)
        return
    told = refused(once, short)
    assert once.wire.last()[0].answer["error"]["message"].startswith(row["example"][:20])
    assert told.type == row["type"]


@pytest.mark.parametrize(
    ("what", "message", "status"),
    [
        (1, "An unknown error occurred", 500),
        (2, "Service temporarily unavailable", 500),
        (4, "(#4) Application request limit reached", 400),
        ("190/460", "Error validating access token: The session has been invalidated because", 400),
        (32, "(#32) Page request limit reached", 400),
    ],
)
def test_a_code_has_graphs_own_words(
    what: int | str, message: str, status: int, once: GraphClient, sandbox: Sandbox, short: AccessToken
) -> None:
    sandbox.fail(what)
    told = refused(once, short)
    assert told.message.startswith(message)
    assert told.status == status


@pytest.mark.parametrize(("what", "transient"), [(1, True), (2, True), (4, None), ("190/463", None)])
def test_one_and_two_call_themselves_transient(
    what: int | str, transient: bool | None, once: GraphClient, sandbox: Sandbox, short: AccessToken
) -> None:
    sandbox.fail(what)
    refused(once, short)
    assert once.wire.last()[0].answer["error"].get("is_transient") is transient


def test_words_choose_among_the_messages_of_a_code(once: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.fail(190, words="belongs to a Page that has been deleted")
    assert refused(once, short).message == "This Page access token belongs to a Page that has been deleted."


def test_the_next_so_many_calls_and_then_no_more(once: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.fail(2, times=3)
    for _ in range(3):
        assert refused(once, short).code == 2
    assert once.get("me", short)


def test_only_calls_of_a_path_and_a_method(once: GraphClient, sandbox: Sandbox) -> None:
    token = log_in(once, ["ads_read"])
    sandbox.fail("80004/2446079", path="act_*/campaigns", method="GET")
    account = list_ad_accounts(once, token)[0]
    with pytest.raises(GraphError) as caught:
        list_campaigns(once, account.id, token)
    assert caught.value.subcode == 2446079
    sandbox.heal()
    sandbox.fail(2, path="me", method="POST")
    assert once.get("me", token)


def test_the_first_fault_that_fits_comes_first(once: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.fail(1, times=1)
    sandbox.fail(2)
    assert [refused(once, short).code, refused(once, short).code] == [1, 2]


def test_a_time_out_does_nothing_and_a_lost_answer_is_of_something_done(
    once: GraphClient, sandbox: Sandbox, short: AccessToken
) -> None:
    for way, left in (("timeout", True), ("reset", True), ("html", True), ("lost", False), ("truncated", False)):
        before = sandbox.checkpoint()
        sandbox.fail(way, times=1)
        with pytest.raises(FbnbError):
            once.delete("me/permissions/pages_show_list", short)
        rows = once.get("me/permissions", short)["data"]
        assert any(row == {"permission": "pages_show_list", "status": "granted"} for row in rows) is left, way
        sandbox.rewind(before)


@pytest.mark.parametrize(("way", "seconds"), [("timeout", 60), ("slow", 60), ("reset", 0), ("lost", 0)])
def test_the_clock_moves_as_long_as_the_client_waits(
    way: str, seconds: int, once: GraphClient, sandbox: Sandbox, short: AccessToken
) -> None:
    sandbox.fail(way, seconds=61)
    start = sandbox.clock.now()
    with pytest.raises(TransportError):
        once.get("me", short)
    assert sandbox.clock.now() - start == timedelta(seconds=seconds)


def test_a_slow_answer_arrives(once: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.fail("slow", seconds=60)
    start = sandbox.clock.now()
    assert once.get("me", short)
    assert sandbox.clock.now() - start == timedelta(seconds=60)


def test_a_page_of_error_has_the_status_it_is_given(once: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    for status in (500, 502, 503):
        sandbox.fail("html", status=status, times=1, retry_after=7)
        with pytest.raises(UnreadableAnswer, match=f"HTTP {status}"):
            once.get("me", short)
    assert once.wire.last()[0].headers["retry-after"] == "7"


# Inside a batch, and inside ids=


@pytest.mark.parametrize("way", ["timeout", "reset", "lost"])
def test_in_a_batch_what_does_not_arrive_is_null(way: str, once: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.fail(way, path="me")
    assert once.batch(short, [Call("me"), Call("me/permissions", {"limit": 1})])[0] is None
    assert once.batch(short, [Call("me/permissions")])[0]


@pytest.mark.parametrize(("what", "error"), [(2, TemporaryFailure), ("html", UnreadableAnswer), ("truncated", UnreadableAnswer)])
def test_in_a_batch_the_rest_is_its_own(
    what: int | str, error: type[FbnbError], once: GraphClient, sandbox: Sandbox, short: AccessToken
) -> None:
    sandbox.fail(what, path="me")
    failed, answered = once.batch(short, [Call("me"), Call("me/permissions")])
    assert isinstance(failed, error)
    assert isinstance(answered, dict)


def test_a_code_befalls_each_call_of_a_batch(once: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.fail(2, times=2)
    told = once.batch(short, [Call("me")] * 3)
    assert [type(answer) for answer in told] == [TemporaryFailure, TemporaryFailure, dict]


@pytest.mark.parametrize(("way", "error"), [(way, error) for way, error, _ in WAYS])
def test_without_a_path_a_way_befalls_the_whole_batch(
    way: str, error: type[FbnbError], once: GraphClient, sandbox: Sandbox, short: AccessToken
) -> None:
    sandbox.fail(way, times=1, seconds=90)
    with pytest.raises(error):
        once.batch(short, [Call("me"), Call("me")])
    sandbox.fail(way, times=1, seconds=90)
    with pytest.raises(error):
        once.get("", short, ids=["3000000000001", "3000000000002"])
    assert len(once.batch(short, [Call("me"), Call("me")])) == 2


def test_slow_calls_of_a_batch_add_up(once: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.fail("slow", path="me", seconds=20)
    start = sandbox.clock.now()
    assert None not in once.batch(short, [Call("me")] * 2)
    assert sandbox.clock.now() - start == timedelta(seconds=40)
    with pytest.raises(TransportError):
        once.batch(short, [Call("me")] * 4)


def test_a_call_that_needs_one_whose_answer_is_lost_is_null_too(once: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.fail("lost", path="me")
    batch = (
        '[{"relative_url": "me", "name": "first"}, {"relative_url": "{result=first:$.id}"}, {"relative_url": "me/permissions"}]'
    )
    told = once.post("", short, batch=batch)["data"]
    assert [answer is None for answer in told] == [True, True, False]


@pytest.mark.parametrize("what", [2, "timeout", "html", "truncated", "lost"])
def test_one_id_that_fails_fails_them_all(what: int | str, once: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.fail(what, path="3000000000002")
    with pytest.raises(FbnbError):
        once.get("", short, ids=["3000000000001", "3000000000002"])
    assert once.get("", short, ids=["3000000000001"])


# Where else


def test_a_dialog_has_errors_of_its_own_and_no_others(once: GraphClient, sandbox: Sandbox) -> None:
    sandbox.fail("timeout", times=1)
    sandbox.fail(1349168, times=1)
    with pytest.raises(DialogRefused, match="1349168"):
        log_in(once)
    with pytest.raises(TransportError):
        log_in(once)


def test_a_public_document_can_be_lost_but_not_refused(once: GraphClient, sandbox: Sandbox) -> None:
    sandbox.fail(2)
    assert discover(once)
    sandbox.fail("reset")
    with pytest.raises(TransportError):
        discover(once)


# Of the world: repeatable, undone, on time


def story(sandbox: Sandbox) -> list[str]:
    client = sandbox_client(sandbox).with_retries(NO_RETRIES)
    token = log_in(client)
    for what in (2, "timeout", "lost"):
        sandbox.fail(what, chance=0.3)
    told = list[str]()
    for _ in range(40):
        try:
            told.append(str(client.get("me", token)))
        except FbnbError as error:
            told.append(str(error))
    return told


def test_chance_is_the_same_in_every_run() -> None:
    first = story(Sandbox())
    assert first == story(Sandbox())
    assert 10 < sum("Mara Quay" in told for told in first) < 20


def test_a_rewind_brings_faults_back_and_takes_them_away(once: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    before = sandbox.checkpoint()
    sandbox.fail(2, times=2)
    within = sandbox.checkpoint()
    for _ in range(2):
        sandbox.rewind(within)
        assert [refused(once, short).code, refused(once, short).code] == [2, 2]
        assert once.get("me", short)
    sandbox.rewind(before)
    assert once.get("me", short)


def test_an_outage_can_be_scheduled(once: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.schedule(sandbox.event.fail("html"), minutes=10)
    sandbox.schedule(sandbox.event.heal(), minutes=20)
    assert once.get("me", short)
    sandbox.clock.advance(minutes=15)
    with pytest.raises(UnreadableAnswer):
        once.get("me", short)
    sandbox.clock.advance(minutes=5)
    assert once.get("me", short)
    assert [words for _, words in sandbox.happened] == ["Calls begin to fail: html", "Calls fail no more"]


@pytest.mark.parametrize(
    ("what", "how", "words"),
    [
        ("nonsense", {}, "There are timeout, reset"),
        (7777, {}, r"There is no code 7777.*There are .*190, "),
        ("190/9999", {}, "There are .*190/460"),
        (190, {"words": "no such words"}, "There are: "),
        (2, {"times": 0}, "one call or more"),
        (2, {"times": 1.5}, "one call or more"),
        (2, {"chance": 0}, "above 0"),
        (2, {"chance": float("nan")}, "above 0"),
        ("slow", {"seconds": float("inf")}, "Seconds are 0 or more"),
        (4, {"retry_after": -1}, "Seconds are 0 or more"),
        ("html", {"status": 404}, "a 5xx"),
        (2, {"status": 99}, "200 to 599"),
    ],
)
def test_what_cannot_be_is_said_at_once(what: int | str, how: dict[str, Any], words: str, sandbox: Sandbox) -> None:
    with pytest.raises(InputError, match=words):
        sandbox.fail(what, **how)
    assert sandbox.happened == []
