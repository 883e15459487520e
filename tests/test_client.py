"""The client: what it sends, what it makes of what comes back, and what it never lets out."""

from __future__ import annotations

import copy
import json
import math
import os
import pickle
import ssl
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from capture import Capture, Failing
from ports import free_port

from fbnb.client import Call, GraphClient, Proof, appsecret_proof, live_transport, no_consent
from fbnb.clock import Clock, ManualClock, ShiftedClock, SystemClock
from fbnb.errors import DialogRefused, GraphError, InputError, SettingError, TokenExpired, TransportError, UnreadableAnswer
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.pytest_plugin import GraphServer
from fbnb.redact import Secret
from fbnb.retries import NO_RETRIES, Retries
from fbnb.sandbox import Sandbox
from fbnb.sandbox.transport import ServedTransport
from fbnb.settings import Settings, Target
from fbnb.tokens import AccessToken, fingerprint

SECRET = "decafbadc0ffee00decafbadc0ffee01"
TOKEN = AccessToken(Secret("EAA_SANDBOX_USER_0123456789abcdef"))
NINE = datetime(2026, 11, 2, 9, tzinfo=UTC)


def client_of(transport: httpx.BaseTransport, **more: Any) -> GraphClient:
    return GraphClient(Settings(app_id="1000000000001", app_secret=Secret(SECRET)), transport, ManualClock(NINE), **more)


@pytest.mark.parametrize(
    ("key", "token", "at", "proof"),
    [
        ("foo_secret", "123|foo_secret", None, "de753c58fd58b03afca2340bbaeb4ecf987b5de4c09e39a63c944dd25efbc234"),
        ("foo_secret", "long_token", None, "7e91300ea91be4166282611d4fc700b473466f3ea2981dafbf492fc096995bf1"),
        ("app_secret_1", "EAAtoken", 1700000000, "104fbd7755d6001ec15ae8825117ecf35bf47ea87fefe01b76584070b895249a"),
    ],
)
def test_proof_vectors(key: str, token: str, at: int | None, proof: str) -> None:
    instant = datetime.fromtimestamp(at, UTC) if at else None
    assert appsecret_proof(AccessToken(Secret(token)), Secret(key), instant) == proof


def test_a_get_carries_version_token_and_proof() -> None:
    capture = Capture()
    client_of(capture).get("/me/", TOKEN, fields=["id", "name"], limit=3, summary=True, nothing=None)
    proof = appsecret_proof(TOKEN, Secret(SECRET))
    assert capture.last == (
        "GET",
        "graph.facebook.com",
        "/v26.0/me",
        {"fields": "id,name", "limit": "3", "summary": "true", "access_token": TOKEN.value.reveal(), "appsecret_proof": proof},
    )
    assert capture.requests[0].extensions["timeout"] == {"connect": 10, "read": 60, "write": 60, "pool": 60}


def test_a_post_carries_a_form_and_a_delete_a_query() -> None:
    capture = Capture([True, {"success": True}])
    client = client_of(capture)
    assert client.post("1/feed", TOKEN, message="a b&c") == {"success": True}
    assert capture.requests[0].url.query == b""
    assert capture.requests[0].headers["content-type"] == "application/x-www-form-urlencoded"
    assert capture.last[3]["message"] == "a b&c"
    assert client.delete("1", TOKEN) == {"success": True}
    assert capture.last[0] == "DELETE"


def test_an_installed_client_has_no_secret_to_give_away() -> None:
    capture = Capture()
    phone = client_of(capture).without_secret()
    phone.get("me", TOKEN)
    assert phone.settings.app_secret is None
    assert set(capture.last[3]) == {"access_token"}


def test_a_public_document_is_asked_for_on_the_dialogs_host_without_a_token() -> None:
    capture = Capture([{"issuer": "x"}])
    client = client_of(capture)
    assert client.public(".well-known/openid-configuration/") == {"issuer": "x"}
    assert capture.last == ("GET", "www.facebook.com", "/.well-known/openid-configuration", {})
    assert client.wire.last()[0].host == "www.facebook.com"


def test_the_proof_may_be_timed_or_left_out() -> None:
    capture = Capture()
    client_of(capture, proof=Proof.TIMED).get("me", TOKEN)
    sent = capture.last[3]
    assert sent["appsecret_time"] == str(int(NINE.timestamp()))
    assert sent["appsecret_proof"] == appsecret_proof(TOKEN, Secret(SECRET), NINE)
    client_of(capture, proof=Proof.NONE).get("me", TOKEN)
    assert set(capture.last[3]) == {"access_token"}


def test_nothing_is_sent_that_would_be_a_cookie_or_a_user_agent_of_ours() -> None:
    capture = Capture()
    client_of(capture).get("me", TOKEN)
    assert set(capture.requests[0].headers) <= {"host", "content-length", "content-type"}


def listed(*ids: str, next: str | None = None) -> dict[str, Any]:
    return {"data": [{"id": id} for id in ids], "paging": {"next": next} if next else {}}


def test_paging_follows_next_with_our_own_credentials() -> None:
    link = "https://graph.facebook.com/v25.0/9/accounts?limit=2&after=abc&access_token=theirs&appsecret_proof=theirs"
    capture = Capture([listed("1", "2", next=link), listed(), listed("3")])
    capture.answers[1] = listed(next=link.replace("abc", "def"))
    client = client_of(capture)
    assert [item["id"] for item in client.items("me/accounts", TOKEN)] == ["1", "2", "3"]
    assert len(capture.requests) == 3
    proof = appsecret_proof(TOKEN, Secret(SECRET))
    expected = {"limit": "2", "after": "def", "access_token": TOKEN.value.reveal(), "appsecret_proof": proof}
    assert capture.last == ("GET", "graph.facebook.com", "/v25.0/9/accounts", expected)
    assert "theirs" not in repr(client.wire.exchanges)


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v26.0/me",
        "http://graph.facebook.com/me",
        "https://graph.facebook.com.evil.example/",
        "https://[half",
    ],
)
def test_paging_never_leaves_graphs_own_host(link: str) -> None:
    capture = Capture([listed("1", next=link)])
    with pytest.raises(UnreadableAnswer, match="next page of the list"):
        list(client_of(capture).items("me/accounts", TOKEN))
    assert len(capture.requests) == 1


def test_paging_in_circles_ends() -> None:
    link = "https://graph.facebook.com/v26.0/me/accounts?after=abc"
    with pytest.raises(UnreadableAnswer, match="already given"):
        list(client_of(Capture([listed("1", next=link)] * 3)).items("me/accounts", TOKEN))


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((200, "<!DOCTYPE html><html>Sign in to the proxy</html>"), "an HTML page"),
        ((502, "<html>Bad gateway</html>"), "HTTP 502 came back as an HTML page"),
        ((200, '{"data": [{"id": "1"'), "cut off"),
        ((200, ""), "empty body"),
        ((200, "access_token=x&expires=5"), "not as Graph's JSON"),
        ((200, b"\xff\xfe\x00"), "not as Graph's JSON"),
        ((302, ""), "redirects are not followed"),
        ((200, "[1, 2]"), "not as Graph's JSON"),
    ],
)
def test_an_answer_that_is_not_graphs_says_so(answer: Any, problem: str) -> None:
    capture = Capture([answer])
    with pytest.raises(UnreadableAnswer, match=problem):
        client_of(capture, retries=NO_RETRIES).get("me", TOKEN)
    assert len(capture.requests) == 1


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ('"\\ud83d"', "\ud83d"),
        ('"caf\\u00e9"', "café"),
        ("123456789012345678901234567890", 123456789012345678901234567890),
        ("1e400", math.inf),
        ("-Infinity", -math.inf),
    ],
)
def test_what_other_decoders_refuse_is_read_all_the_same(body: str, name: object) -> None:
    assert client_of(Capture([f'{{"name": {body}}}'])).get("me", TOKEN) == {"name": name}


def test_a_batch_goes_in_parts_in_which_nothing_is_quoted_once_more() -> None:
    capture = Capture([[{"code": 200, "body": "{}"}]])
    client_of(capture).batch(TOKEN, [Call("me", {"fields": "id,name"})])
    sent = capture.requests[0]
    assert sent.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'{"method": "GET", "relative_url": "me?fields=id%2Cname"}' in sent.read()


def test_an_error_with_status_200_is_still_an_error() -> None:
    with pytest.raises(TokenExpired):
        client_of(Capture([{"error": {"message": "Session has expired", "code": 190, "error_subcode": 463}}])).get("me", TOKEN)


def test_nothing_coming_back_is_a_transport_error_and_noted() -> None:
    client = client_of(Failing(lambda request: httpx.ConnectTimeout(f"timed out at {request.url}")))
    with pytest.raises(TransportError, match="ConnectTimeout") as caught:
        client.get("me", TOKEN)
    assert caught.value.__cause__ is caught.value.__context__ is None
    assert TOKEN.value.reveal() not in str(caught.value)
    assert client.wire.last()[0].status is None


@pytest.mark.parametrize("problem", [KeyboardInterrupt, SystemExit])
def test_ctrl_c_stays_ctrl_c_and_takes_no_secret_along(problem: type[BaseException]) -> None:
    with pytest.raises(problem) as caught:
        client_of(Failing(lambda request: problem(str(request.url)))).get("me", TOKEN)
    assert caught.value.__context__ is None
    assert caught.value.args == ()


@pytest.mark.parametrize("path", ["https://graph.facebook.com/me", "me?fields=id", "me#x"])
def test_a_path_is_only_a_path(path: str) -> None:
    capture = Capture()
    with pytest.raises(InputError, match="A path is"):
        client_of(capture).get(path, TOKEN)
    assert capture.requests == []


def test_a_client_nobody_sits_in_front_of() -> None:
    with pytest.raises(DialogRefused, match="Nobody is there"):
        no_consent("https://www.facebook.com/v26.0/dialog/oauth")
    assert repr(client_of(Capture())) == "GraphClient(sandbox, app 1000000000001, v26.0)"


def test_the_live_transport_takes_proxy_and_certificates_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, root: Any
) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    assert "HTTPProxy" not in type(_pool(live_transport())).__name__
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert type(_pool(live_transport())).__name__ == "HTTPProxy"
    monkeypatch.setenv("NO_PROXY", ".facebook.com")
    assert type(_pool(live_transport())).__name__ == "ConnectionPool"
    bundle = tmp_path / "corporate.pem"
    bundle.write_text((root / "tests" / "data" / "corporate-ca.pem").read_text())
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    context = _pool(live_transport())._ssl_context
    assert isinstance(context, ssl.SSLContext)
    assert "Corporate Test CA" in str(context.get_ca_certs())
    assert len(context.get_ca_certs()) == 1


def _pool(transport: httpx.BaseTransport) -> Any:
    return transport._pool  # type: ignore[attr-defined]


def test_a_refused_proxy_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:hunter2@127.0.0.1:9")
    with pytest.raises(TransportError, match="HTTPS_PROXY") as caught:
        client_of(live_transport()).get("me", TOKEN)
    assert "hunter2" not in str(caught.value)


def test_a_served_sandbox_that_is_gone_is_named(graph_server: GraphServer) -> None:
    gone = replace(graph_server.client.settings, target=Target.SERVED, served=f"http://127.0.0.1:{free_port()}")
    client = GraphClient(gone, ServedTransport(gone.served), retries=NO_RETRIES)
    with pytest.raises(TransportError, match=f"^No answer from {gone.served}: .* fbnb sandbox serves one there"):
        client.get("me", TOKEN)


def test_a_client_that_was_given_its_secret_proves_what_it_sends() -> None:
    capture = Capture()
    client_of(capture).without_secret().with_secret(Secret(SECRET)).get("me", TOKEN)
    assert capture.last[3]["appsecret_proof"] == appsecret_proof(TOKEN, Secret(SECRET))
    with pytest.raises(SettingError, match="does not look like an app secret"):
        client_of(capture).with_secret(Secret("hunter2"))


# Which token was refused

DEAD = {"error": {"message": "Session has expired", "code": 190, "error_subcode": 463}}
OTHER = AccessToken(Secret("EAA_SANDBOX_PAGE_0123456789abcdef"))


@pytest.mark.parametrize(
    ("token", "params", "named"),
    [
        (TOKEN, {}, TOKEN),
        (TOKEN, {"input_token": OTHER}, TOKEN),
        (TOKEN, {"access_token": OTHER}, TOKEN),
        (None, {"access_token": OTHER}, OTHER),
        (None, {"access_token": OTHER.value}, OTHER),
        (None, {"access_token": OTHER.value.reveal()}, OTHER),
    ],
)
def test_a_refusal_names_the_token_it_is_about(token: AccessToken | None, params: dict[str, Any], named: AccessToken) -> None:
    with pytest.raises(TokenExpired) as caught:
        client_of(Capture([(400, DEAD)])).get("me", token, **params)
    error = pickle.loads(pickle.dumps(caught.value))
    assert error.fingerprint == caught.value.fingerprint == named.fingerprint == fingerprint(named.value.reveal())
    assert named.fingerprint not in f"{error} {error!r}"


def test_a_refusal_of_a_call_without_a_token_names_none() -> None:
    with pytest.raises(TokenExpired) as caught:
        client_of(Capture([(400, DEAD)])).get("me")
    assert caught.value.fingerprint == ""


def test_an_exchange_that_is_refused_names_the_token_it_would_exchange(client: GraphClient, sandbox: Sandbox) -> None:
    token = AccessToken(Secret("EAA_SANDBOX_USER_nobodys"))
    with pytest.raises(GraphError) as caught:
        extend_user_token(client, token)
    assert caught.value.fingerprint == token.fingerprint


def test_each_refusal_in_a_batch_names_its_own_token_else_the_batchs() -> None:
    items = [{"code": 400, "body": json.dumps(DEAD)}, {"code": 200, "body": "{}"}, None, {"code": 400, "body": json.dumps(DEAD)}]
    calls = [Call("me"), Call("me"), Call("me"), Call("me", token=OTHER)]
    told = client_of(Capture([items])).batch(TOKEN, calls)
    assert [error.fingerprint for error in told if isinstance(error, GraphError)] == [TOKEN.fingerprint, OTHER.fingerprint]
    told = client_of(Capture([items[:1]])).batch(TOKEN, [Call("me", {"access_token": OTHER})])
    assert [error.fingerprint for error in told if isinstance(error, GraphError)] == [OTHER.fingerprint]


def test_a_batch_that_is_refused_as_a_whole_names_the_token_beside_it() -> None:
    with pytest.raises(TokenExpired) as caught:
        client_of(Capture([(400, DEAD)])).batch(TOKEN, [Call("me", token=OTHER)])
    assert caught.value.fingerprint == TOKEN.fingerprint


def test_a_refusal_in_a_batch_written_by_hand_blames_no_token() -> None:
    by_hand = f'[{{"relative_url": "me?access_token={OTHER.value.reveal()}"}}]'
    told = client_of(Capture([[{"code": 400, "body": json.dumps(DEAD)}]])).post("", TOKEN, batch=by_hand)
    assert told["data"][0].fingerprint == ""


# In another process


def test_a_pickled_client_leaves_its_secrets_and_whoever_sits_in_front_of_it_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(Target.LIVE, "1000000000001", Secret(SECRET), "v25.0", client_token=Secret(SECRET))
    sent = GraphClient(settings, live_transport(), consent=str, nonce=lambda: "s", proof=Proof.TIMED, retries=Retries(2, 9))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    came = pickle.loads(pickle.dumps(sent))
    assert came.settings == replace(settings, app_secret=None, client_token=None)
    assert (came.consent, came.proof, came.retries, came.wire.count) == (no_consent, Proof.TIMED, Retries(2, 9), 0)
    assert came.nonce() != came.nonce()
    assert isinstance(came.clock, SystemClock)
    assert type(_pool(came.transport)).__name__ == "HTTPProxy", "made again of what the environment names there"


def test_a_copy_keeps_its_secret() -> None:
    client = client_of(Capture())
    assert copy.copy(client).settings.app_secret == copy.deepcopy(client).settings.app_secret == Secret(SECRET)


def test_a_client_of_a_served_sandbox_works_where_it_arrives(graph_server: GraphServer) -> None:
    sent = replace(graph_server.client, clock=SystemClock())
    token = log_in(sent, ["email"])
    came = pickle.loads(pickle.dumps(sent)).with_secret(sent.settings.app_secret)
    with came.transport:
        assert isinstance(came.transport, ServedTransport)
        assert came.get("me", token)["name"] == "Mara Quay"
        assert (came.wire.count, sent.wire.count) == (1, 2)


@pytest.mark.parametrize("clock", [ManualClock(NINE), ShiftedClock(SystemClock())])
def test_a_client_whose_clock_can_be_moved_is_not_pickled(clock: Clock) -> None:
    with pytest.raises(InputError, match=r"clock stands in this process.*connect\(target=url\)"):
        pickle.dumps(replace(client_of(live_transport()), clock=clock))


def test_a_client_of_a_sandbox_in_this_process_is_not_pickled(client: GraphClient) -> None:
    with pytest.raises(InputError, match=r"connect\(target=url\)"):
        pickle.dumps(client)
    with pytest.raises(InputError, match=r"in this process cannot be reached from another.*connect\(target=url\)"):
        pickle.dumps(replace(client, clock=SystemClock()))
