"""A call as it is typed: taken apart, refused where it is wrong, made once, and its answer as rows."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from capture import Capture, Failing
from hands import live_client

from fbnb.client import GraphClient
from fbnb.errors import InputError, PermissionMissing, TemporaryFailure, TokenExpired, TransportError, UnreadableAnswer
from fbnb.flows.login import log_in
from fbnb.inquiry import Inquiry, brief, table_of
from fbnb.sandbox import Sandbox
from fbnb.tokens import AccessToken

CANARY = "EAA" + "CanaryUser" * 6
PROOF = "0123456789abcdef" * 4


def test_what_is_typed_is_read() -> None:
    inquiry = Inquiry.of(
        " /me/accounts/ ", method=" get ", version=" v25.0 ", fields="id,\n name  category,", parameters="limit=5\n\n after = x=y"
    )
    assert (inquiry.method, inquiry.version, inquiry.path) == ("GET", "v25.0", "me/accounts")
    assert inquiry.fields == "id,name,category"
    assert inquiry.parameters == {"limit": "5", "after": "x=y"}


def test_parameters_may_be_a_json_object() -> None:
    written = '{"limit": 5, "is_published": false, "since": {"day": 1}, "ids": ["1", "2"], "message": "two\\nlines", "name": "é"}'
    assert Inquiry.of("me", parameters=f"  {written}").parameters == {
        "limit": "5",
        "is_published": "false",
        "since": '{"day": 1}',
        "ids": '["1", "2"]',
        "message": "two\nlines",
        "name": "é",
    }


@pytest.mark.parametrize(
    "parameters",
    [{}, {"limit": "5", "q": "a=b"}, {"message": "two\nlines"}, {"message": " spaced "}, {"a=b": "1"}, {"{": "1"}, {"empty": ""}],
)
def test_parameters_are_written_so_that_they_read_the_same_again(parameters: dict[str, str]) -> None:
    assert Inquiry.of("me", parameters=Inquiry("me", parameters=parameters).written).parameters == parameters


@pytest.mark.parametrize(
    "address",
    [
        "https://graph.facebook.com/v25.0/me/accounts?fields=id,name&limit=3",
        "http://GRAPH.facebook.com/v25.0/me/accounts/?fields=id%2Cname&limit=3#_=_",
        "graph.facebook.com/v25.0/me/accounts?fields=id,name&limit=3",
        "/v25.0/me/accounts?limit=3&fields=id,name",
        f"https://graph.facebook.com/v25.0/me/accounts?fields=id,name&limit=3&access_token={CANARY}&appsecret_proof={PROOF}"
        "&appsecret_time=1793610000",
        "v25.0/me/accounts?fields=id,name&limit=3&access_token=EAA…User",
    ],
)
def test_a_whole_address_is_taken_apart_and_its_token_left_out(address: str) -> None:
    inquiry = Inquiry.of(address, version="v26.0", fields="category", parameters="limit=9\nafter=x")
    assert inquiry == Inquiry("me/accounts", "GET", "v25.0", "id,name", {"limit": "3", "after": "x"})
    assert "Canary" not in repr(inquiry)


def test_an_address_without_a_version_or_fields_leaves_what_was_typed() -> None:
    inquiry = Inquiry.of("https://graph.facebook.com/me", version="v25.0", fields="id")
    assert inquiry == Inquiry("me", version="v25.0", fields="id")


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/v26.0/me",
        "//evil.example/v26.0/me",
        "https://graph.facebook.com@evil.example/me",
        "https://graph.facebook.com.evil.example/me",
        "https://graph.facebook.com:8443/me",
        "https://www.facebook.com/v26.0/dialog/oauth?client_id=1",
        "ftp://graph.facebook.com/me",
        "javascript:alert(1)",
        "https://[/me",
        f"https://user:{CANARY}@evil.example/?access_token={CANARY}",
    ],
)
def test_no_other_host_is_called(address: str) -> None:
    with pytest.raises(InputError, match=r"no address of graph\.facebook\.com, and nothing is sent elsewhere") as wrong:
        Inquiry.of(address)
    assert "Canary" not in str(wrong.value)


@pytest.mark.parametrize(
    "path", ["me/../../evil.example", "\\\\evil.example", "@evil.example", "%2f%2fevil.example/x", ":443@evil"]
)
def test_whatever_the_path_the_request_goes_to_graph(path: str) -> None:
    transport = Capture()
    Inquiry(path).ask(live_client(transport), None)
    assert [request.url.host for request in transport.requests] == ["graph.facebook.com"]
    assert transport.requests[0].url.scheme == "https"


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ({"path": ""}, "The path is empty"),
        ({"path": " / "}, "The path is empty"),
        ({"path": "https://graph.facebook.com/v26.0/"}, "The path is empty"),
        ({"path": "me accounts"}, "a character in it that no path has"),
        ({"path": "me\x00"}, "a character in it that no path has"),
        ({"path": "me", "method": "PUT"}, "no method 'PUT'. GET reads"),
        ({"path": "me", "method": ""}, "no method ''"),
        ({"path": "me", "version": "26"}, r"no version '26'. Did you mean v26\.0\?"),
        ({"path": "v26/me"}, r"no version 'v26'. Did you mean v26\.0\?"),
        ({"path": "me", "version": ""}, "no version ''"),
        ({"path": "me", "parameters": "limit"}, "Parameter 1 is not written name=value"),
        ({"path": "me", "parameters": "limit=5\n=7"}, "Parameter 2 is not written name=value"),
        ({"path": "me", "parameters": "limit=5\nlimit=6"}, "given twice"),
        ({"path": "me", "parameters": '{"limit": 5'}, "begin as a JSON object and are none"),
        ({"path": "me", "parameters": "{" * 100_000}, "begin as a JSON object and are none"),
        ({"path": "me", "parameters": '{"": 5}'}, "No parameter is called ''"),
        ({"path": "me", "parameters": "token=5"}, "No parameter is called 'token'"),
        ({"path": "me", "parameters": "path=5"}, "No parameter is called 'path'"),
        ({"path": "me", "parameters": "self=5"}, "No parameter is called 'self'"),
    ],
)
def test_what_cannot_be_right_is_said(typed: dict[str, str], problem: str) -> None:
    with pytest.raises(InputError, match=problem) as wrong:
        Inquiry.of(**typed)
    assert wrong.value.remedy


@pytest.mark.parametrize(
    "typed",
    [
        {"path": f"debug_token?input_token={CANARY}"},
        {"path": f"me/{CANARY}"},
        {"path": "me", "fields": CANARY},
        {"path": "me", "version": CANARY},
        {"path": "me", "method": CANARY},
        {"path": "me", "parameters": f"access_token={CANARY}"},
        {"path": "me", "parameters": "access_token=CanaryOfNoShape"},
        {"path": "me", "parameters": f'{{"message": {{"deep": ["{CANARY}"]}}}}'},
        {"path": "me", "parameters": f"{CANARY}=1"},
        {"path": "me", "parameters": CANARY},
        {"path": "me", "parameters": f'{{"{CANARY}'},
        {"path": "oauth/access_token", "parameters": "client_secret=CanaryOfNoShape"},
        {"path": "me", "parameters": "message=what is left of EAA…User"},
        {"path": "me", "parameters": "message=1000000000001|…"},
        {"path": "me", "parameters": "message=…"},
        {"path": "me", "parameters": "input_token=…"},
        {"path": "me/EAA…User"},
    ],
)
def test_a_secret_is_refused_and_not_repeated(typed: dict[str, str]) -> None:
    with pytest.raises(InputError) as wrong:
        Inquiry.of(**typed)
    assert "Canary" not in f"{wrong.value}{wrong.value!r}{wrong.value.__dict__}"


def test_a_call_is_made_with_its_own_version_and_kept_on_the_clients_wire(client: GraphClient, short: AccessToken) -> None:
    before = client.wire.count
    reply = Inquiry.of("me", version="v25.0", fields="id,name").ask(client, short)
    assert client.wire.since(before) == [reply.exchange]
    assert reply.exchange.path == "/v25.0/me"
    assert reply.exchange.params["fields"] == "id,name"
    assert reply.exchange.answer == {"id": "2100000000001", "name": "Mara Quay"}
    assert reply.error is None
    assert client.settings.version == "v26.0"
    assert short.value.reveal() not in repr(reply)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_each_method_carries_what_was_typed(method: str) -> None:
    transport = Capture()
    Inquiry.of("123/feed", method=method, fields="id", parameters="message=a & b=c").ask(live_client(transport), None)
    assert transport.last == (method, "graph.facebook.com", "/v26.0/123/feed", {"fields": "id", "message": "a & b=c"})


def test_without_fields_none_are_sent() -> None:
    transport = Capture()
    Inquiry("me").ask(live_client(transport), AccessToken.of(CANARY))
    assert set(transport.last[3]) == {"access_token", "appsecret_proof"}


def test_a_refusal_is_part_of_the_reply(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.clock.advance(hours=3)
    reply = Inquiry("me").ask(client, short)
    assert isinstance(reply.error, TokenExpired)
    assert reply.exchange.status == 400
    assert reply.exchange.answer["error"]["fbtrace_id"] == reply.error.fbtrace_id
    assert reply.error.__traceback__ is None


def test_a_missing_permission_is_one_too(client: GraphClient) -> None:
    reply = Inquiry("me/adaccounts").ask(client, log_in(client, ["email"]))
    assert isinstance(reply.error, PermissionMissing)


@pytest.mark.parametrize(
    ("transport", "error"),
    [
        (Capture([(502, "<html>")]), UnreadableAnswer),
        (Capture([(500, {"error": {"message": "x", "code": 2}})]), TemporaryFailure),
        (Failing(lambda request: httpx.ConnectError("down", request=request)), TransportError),
    ],
)
def test_the_first_answer_is_final_and_nothing_waits(transport: Any, error: type[Exception]) -> None:
    client = live_client(transport)
    reply = Inquiry("me").ask(client, AccessToken.of(CANARY))
    assert isinstance(reply.error, error)
    assert client.wire.count == 1
    assert reply.exchange.number == 1


def test_what_was_never_sent_is_raised(client: GraphClient) -> None:
    before = client.wire.count
    with pytest.raises(InputError, match="not an access token"):
        Inquiry("me").ask(client, "EAAx")  # type: ignore[arg-type]
    assert client.wire.count == before


def test_an_address_out_of_an_answer_leads_on(client: GraphClient, short: AccessToken) -> None:
    first = Inquiry.of("me/accounts", parameters="limit=2", fields="name").ask(client, short)
    second = Inquiry.of(first.exchange.answer["paging"]["next"]).ask(client, short)
    assert second.error is None
    assert second.inquiry.fields == "name"
    assert second.exchange.answer["data"] != first.exchange.answer["data"]


def test_several_ids_need_no_path(client: GraphClient, short: AccessToken) -> None:
    for typed in ("?ids=2100000000001&fields=name", "https://graph.facebook.com/v26.0/?ids=2100000000001&fields=name"):
        inquiry = Inquiry.of(typed)
        assert (inquiry.path, inquiry.parameters) == ("", {"ids": "2100000000001"})
        assert inquiry.ask(client, short).exchange.answer["2100000000001"]["name"] == "Mara Quay"


def test_a_list_is_a_row_for_each_item() -> None:
    table = table_of({"data": [{"id": "1", "tasks": ["A", "B"]}, {"id": "2", "name": "é", "left": None}], "paging": {}})
    assert table.columns == ("id", "tasks", "name", "left")
    assert table.rows == (("1", '["A", "B"]', "", ""), ("2", "", "é", "null"))
    assert table.count == 2


def test_an_object_is_a_row_for_each_field() -> None:
    table = table_of({"id": "1", "fan_count": 5, "is_on": True, "location": {"city": "Kiel"}})
    assert table.columns == ("field", "value")
    assert table.rows == (("id", "1"), ("fan_count", "5"), ("is_on", "true"), ("location", '{"city": "Kiel"}'))
    assert table_of({"data": {"is_valid": True}}).rows == (("is_valid", "true"),)
    assert table_of({"error": {"code": 190}}).rows == (("code", "190"),)


@pytest.mark.parametrize(
    ("answer", "rows"),
    [
        ({"data": []}, ()),
        ({}, ()),
        ([], ()),
        ({"data": ["a", 1, None]}, (("a",), ("1",), ("null",))),
        (None, (("null",),)),
        ("x", (("x",),)),
    ],
)
def test_every_answer_has_rows(answer: object, rows: tuple[tuple[str, ...], ...]) -> None:
    table = table_of(answer)
    assert (table.rows, table.count) == (rows, len(rows))


def test_of_a_long_list_the_first_part_and_the_count() -> None:
    for answer in ({"data": [{"id": n} for n in range(1000)]}, {str(n): n for n in range(1000)}):
        table = table_of(answer)
        assert (len(table.rows), table.count) == (50, 1000)
    wide = table_of([{f"{n}": n for n in range(70)}, {"other": 1}])
    assert (len(wide.columns), len(wide.rows[0]), wide.width) == (50, 50, 71)
    assert brief("x" * 81) == "x" * 80 + "…"
    assert brief(list(range(100))) == json.dumps(list(range(100)))[:80] + "…"
