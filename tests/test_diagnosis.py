"""Any error that anyone pastes gets a cause and a remedy; nothing crashes it, and no token comes back out."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from score import judged, misses, shares
from shell import shown

from fbnb import Cause, Diagnosis, diagnose
from fbnb.client import GraphClient
from fbnb.errors import FbnbError, TokenExpired, TokenMalformed, TransportError, UnreadableAnswer, graph_error
from fbnb.flows.debug_token import debug_token
from fbnb.flows.login import log_in
from fbnb.resources import rows
from fbnb.sandbox import Sandbox
from fbnb.tokens import AccessToken

EXPIRED = {"error": {"message": "Session has expired on Monday", "type": "OAuthException", "code": 190, "error_subcode": 463}}
TOKEN = "EAA" + "CanaryUser" * 6
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["error", "code", "message", "headers", "data"]), inner),
)


def test_the_labelled_errors_are_told_apart() -> None:
    rows = judged()
    score = shares(rows)
    assert len(rows) == 160
    assert score["cause"] >= 0.95, misses(rows)["cause"]
    assert score["cause or first of also"] >= 0.98, misses(rows)
    assert score["retryable"] >= 0.97, misses(rows)["retryable"]
    assert score["needs_person"] >= 0.90, misses(rows)["needs_person"]


def test_the_causes_are_the_categories_and_each_has_its_meaning() -> None:
    assert {row["category"] for row, _ in judged()} == set(Cause)
    assert {row["cause"] for row in rows("causes.csv")} == set(Cause)
    assert all(cause.means.endswith(".") for cause in Cause)


SHAPES: dict[str, Any] = {
    "an answer": EXPIRED,
    "JSON": json.dumps(EXPIRED),
    "JSON in JSON": json.dumps({"body": json.dumps(EXPIRED)}),
    "JSON cut short": json.dumps(EXPIRED)[:60],
    "bytes": json.dumps(EXPIRED).encode(),
    "an item of a batch": [None, {"code": 200, "body": "{}"}, {"code": 400, "body": json.dumps(EXPIRED)}],
    "debug_token's answer": {"data": {"is_valid": False, "error": {"code": 190, "subcode": 463, "message": ""}}},
    "a bare error object": EXPIRED["error"],
    "an HTTP answer": httpx.Response(400, json=EXPIRED),
    "its header alone": 'OAuth "Facebook Platform" "invalid_token" "Error validating access token: Session has expired"',
    "an answer with the header": httpx.Response(401, headers={"www-authenticate": 'OAuth "x" "Session has expired"'}),
    "our exception": graph_error(400, EXPIRED),
    "another's exception": type("GraphAPIError", (Exception,), {"code": 190, "error_subcode": 463})("boom"),
    "an exception with an answer": type("ApiError", (Exception,), {"response": httpx.Response(400, json=EXPIRED)})("boom"),
    "an exception that asks to be called": type("FacebookRequestError", (Exception,), {"api_error_subcode": lambda self: 463})(),
    "JSONP": f"/**/ jQuery2110({json.dumps(EXPIRED)});",
    "a JS object": "{ error: { message: 'Error', code: 190, error_subcode: 463 } }",
    "a PHP array": "Array ( [error] => Array ( [code] => 190 [error_subcode] => 463 ) )",
    "a Ruby hash": '{"error"=>{"code"=>190, "error_subcode"=>463}}',
    "a Python dict": "{u'error': {u'code': 190, u'error_subcode': 463}}",
    "an Objective-C dictionary": 'error = { code = 190; "error_subcode" = 463; };',
    "a Java exception": "com.restfb.exception.FacebookOAuthException: of type OAuthException: x (code 190, subcode 463)",
    "a C# exception": "(OAuthException - #190) Session has expired on Monday",
    "a log of Unity's": "InnerErrorCode: 190, InnerErrorSubcode: 463",
    "an Android repr": "{HttpStatus: 400, errorCode: 190, subErrorCode: 463, errorType: OAuthException, errorMessage: x}",
    "a table": "code    | 190\nsubcode | 463",
    "numbers alone": "190/463",
    "the words alone": "Session has expired",
    "the words, broken over lines": "> Session has\n>   expired".replace(">", " "),
    "escaped": r"{\"error\":{\"message\":\"Session has expired\",\"code\":190}}",
    "in an address": "https://x.example/?message=Session+has+expired%20on",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_one_error_in_every_shape(shape: str) -> None:
    assert diagnose(SHAPES[shape]).cause is Cause.EXPIRED


OTHERS: list[tuple[Any, Cause]] = [
    (
        {"error_type": "OAuthException", "code": 400, "error_message": "Matching code was not found or was already used"},
        Cause.CODE_USED,
    ),
    ({"error": "invalid_grant", "error_description": "Invalid verification code"}, Cause.BAD_PARAMETER),
    ("https://x.example/cb?error=access_denied&error_code=200&error_reason=user_denied#_=_", Cause.USER_CANCELLED),
    ("https://x.example/cb?error_code=1349048&error_message=Impossible+de+charger", Cause.REDIRECT_MISMATCH),
    ("<html><head><title>502 Bad Gateway</title></head></html>", Cause.TRANSIENT),
    ("<html><head><title>400 Bad Request</title></head></html>", Cause.OTHER),
    (TransportError("No answer came back."), Cause.TRANSIENT),
    (UnreadableAnswer("HTTP 502 came with what is not JSON."), Cause.TRANSIENT),
    (TimeoutError("The read operation timed out"), Cause.TRANSIENT),
    (httpx.ConnectError("[Errno 111] Connection refused"), Cause.TRANSIENT),
    ("(#80099) Some new limit", Cause.RATE_LIMITED),
    ("(#287) Some new permission", Cause.MISSING_PERMISSION),
    ({"error": {"code": 190, "error_subcode": 9999}}, Cause.LOGGED_OUT_OR_SESSION_INVALID),
    ({"error": {"code": 987654}}, Cause.OTHER),
    ("", Cause.OTHER),
    (None, Cause.OTHER),
    (object(), Cause.OTHER),
    ("(190)", Cause.LOGGED_OUT_OR_SESSION_INVALID),
    ("404", Cause.OTHER),
    ({"data": {"app_id": "1", "is_valid": True}}, Cause.OTHER),
    ({"error": {"code": Decimal(190), "error_subcode": Decimal(463)}}, Cause.EXPIRED),
    (json.dumps(EXPIRED).encode("utf-16"), Cause.EXPIRED),
]


@pytest.mark.parametrize(("given_", "cause"), OTHERS)
def test_other_errors(given_: Any, cause: Cause) -> None:
    assert diagnose(given_).cause is cause


def test_what_the_sandbox_says_of_a_token_is_understood(client: GraphClient, sandbox: Sandbox) -> None:
    token = log_in(client, ["email"])
    sandbox.change_password("Mara Quay")
    with pytest.raises(FbnbError) as refused:
        client.get("me", token)
    for given_ in (refused.value, client.wire.last()[0], debug_token(client, token)):
        assert diagnose(given_).cause is Cause.PASSWORD_CHANGED, type(given_)


def test_where_it_came_from_decides_between_two_causes() -> None:
    words = "Invalid OAuth access token signature."
    assert diagnose(words, where="GET /me").cause is Cause.MALFORMED_TOKEN
    found = diagnose(words, where="GET /debug_token")
    assert found.cause is Cause.APP_SECRET_OR_PROOF
    assert found.evidence == ('"access token signature"', "where: debug_token")


def test_a_status_alone_says_little_but_not_nothing() -> None:
    assert diagnose("", http_status=503).cause is Cause.TRANSIENT
    assert diagnose("", http_status=429).cause is Cause.RATE_LIMITED
    assert diagnose(EXPIRED, http_status=500).cause is Cause.EXPIRED


@pytest.mark.parametrize(
    ("words", "also"),
    [
        ("Invalid OAuth access token signature.", Cause.APP_SECRET_OR_PROOF),
        ("Error validating verification code. Please make sure your redirect_uri is identical", Cause.APP_SECRET_OR_PROOF),
        ({"error": {"code": 100, "error_subcode": 33}}, Cause.MISSING_PERMISSION),
        ("(#10) To use 'Page Public Content Access', your use must be reviewed and approved", Cause.APP_CONFIG),
        ({"error": {"code": 1, "message": "An unknown error occurred"}}, Cause.BAD_PARAMETER),
    ],
)
def test_where_the_words_are_known_to_mislead_it_says_what_else_it_may_be(words: Any, also: Cause) -> None:
    found = diagnose(words)
    assert also in found.also
    assert found.cause not in found.also


def test_it_says_what_decided_and_what_to_do() -> None:
    found = diagnose(EXPIRED)
    assert found == Diagnosis(Cause.EXPIRED, (), TokenExpired.remedy, False, True, ("code 190", "subcode 463"))
    assert diagnose("the user LOGGED OUT yesterday").evidence == ('"user LOGGED OUT"',)


def test_our_own_error_keeps_its_own_remedy() -> None:
    assert diagnose(TransportError("Nothing.", remedy="Plug it in.")).remedy == "Plug it in."


def test_every_row_has_a_remedy() -> None:
    assert all(
        diagnose(row["example"] or {"code": row["code"], "error_subcode": row["subcode"]}).remedy for row in rows("errors.csv")
    )


def test_of_a_long_log_the_last_error_counts() -> None:
    noise = "12:00 GET /me answered 200\n" * 20_000
    assert (
        diagnose(noise + "(#4) Application request limit reached\n" + noise + json.dumps(EXPIRED) + noise).cause is Cause.EXPIRED
    )


def test_a_notebook_shows_it_as_lines_or_as_a_table() -> None:
    found = diagnose(EXPIRED)
    assert str(found).splitlines()[0] == "cause: expired. The token's time ran out."
    assert str(found) in shown("found", {"found": found})
    assert "<th scope=row>what to do</th>" in found._repr_html_()
    assert "<b>" not in diagnose("error validating access token: session has expired <b>")._repr_html_()


class _Hostile(Exception):
    def __str__(self) -> str:
        raise ValueError("no")

    def __getattr__(self, name: str) -> object:
        raise RuntimeError(name)


class _Lazy(dict[str, Any]):
    def items(self) -> Any:
        raise RuntimeError("no request is being answered")


def _nested(depth: int) -> Any:
    value: Any = EXPIRED
    for _ in range(depth):
        value = {"error": value}
    return value


def test_nothing_is_too_deep_too_odd_or_too_long() -> None:
    endless: dict[str, Any] = {}
    endless["error"] = endless
    assert diagnose(_nested(10_000)).cause is Cause.EXPIRED
    odd: list[Any] = [endless, _Hostile(), _Lazy(), [[]] * 9, {1: {2: b"\xff"}}, "[" * 100_000, "\ud800", object, int]
    assert all(diagnose(each).remedy for each in odd)


@pytest.mark.parametrize(
    "unit", ["a", " ", "\\", '\\"', "<a ", "(#", "code ", "user ", "%41", "&amp;", "error: ", "requires x_y ", "1/"]
)
def test_a_megabyte_takes_less_than_a_second(unit: str) -> None:
    begun = time.process_time()
    diagnose(unit * (1_000_000 // len(unit)))
    assert time.process_time() - begun < 1


@given(st.text() | st.binary() | ANY_JSON | st.characters(categories=["Cs"]))
@example("\udfff(#190)")
def test_nothing_crashes_it(anything: Any) -> None:
    found = diagnose(anything, where=str(anything), http_status=400)
    assert found.remedy
    assert json.dumps([*found.evidence, str(found)]).encode()


@given(st.sampled_from(judged()), st.integers(0, 400))
def test_no_token_that_was_pasted_comes_back_out(labelled: tuple[dict[str, Any], Diagnosis], at: int) -> None:
    payload = labelled[0]["payload"]
    text = payload if isinstance(payload, str) else json.dumps(payload)
    for secret in (TOKEN, "of-no-shape-at-all"):
        found = diagnose(f"{text[:at]} {secret} {text[at:]}", where=f"GET /me?access_token={secret}")
        assert secret[:12] not in f"{found!r}{found}{found._repr_html_()}"


def test_of_a_phrase_with_a_gap_only_the_words_of_the_table_are_kept() -> None:
    found = diagnose("Session key 18.0,of-no-shape-at-all is malformed.")
    assert found.evidence == ('"Session key …is malformed"',)


TOKEN_GIVEN = '{"access_token": "EAA_SANDBOX_USER_0123456789abcdef", "token_type": "bearer", "expires_in": 5183944}'


@pytest.mark.parametrize(
    ("pasted", "cause", "words"),
    [
        (TOKEN_GIVEN, Cause.OTHER, "Nothing is refused"),
        ("KeyError: 'access_token'", Cause.OTHER, "Nothing in it is known"),
        ("400 for url: https://graph.facebook.com/me?access_token=EAA_SANDBOX_0", Cause.OTHER, "Nothing in it is known"),
        ("error 190", Cause.LOGGED_OUT_OR_SESSION_INVALID, "debug_token says why"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate has expired", Cause.OTHER, "certificates"),
    ],
)
def test_what_only_mentions_a_token_accuses_nobody(pasted: str, cause: Cause, words: str) -> None:
    found = diagnose(pasted)
    assert found.cause is cause
    assert words in found.remedy


def test_an_exchange_says_itself_which_call_it_was(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.reset_secret()
    with pytest.raises(TokenMalformed):
        debug_token(client, short)
    assert diagnose(client.wire.last()[0]).cause is Cause.APP_SECRET_OR_PROOF
    assert diagnose("Invalid OAuth access token signature.").cause is Cause.MALFORMED_TOKEN
