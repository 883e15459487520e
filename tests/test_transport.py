"""The transport takes whatever HTTP can carry, and answers it as Graph would."""

from __future__ import annotations

import pickle
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbnb.errors import InputError
from fbnb.flows.login import log_in
from fbnb.kit import sandbox_client
from fbnb.sandbox import Sandbox
from fbnb.sandbox.transport import ServedTransport

APP = "1000000000001|decafbadc0ffee00decafbadc0ffee01"


def ask(sandbox: Sandbox, request: httpx.Request) -> httpx.Response:
    return sandbox.transport.handle_request(request)


@pytest.mark.parametrize(
    "request_",
    [
        httpx.Request("POST", "https://graph.facebook.com/v26.0/oauth/access_token", content=b"\xff\xfe\x00=&&&==\x80"),
        httpx.Request("GET", "https://graph.facebook.com/v26.0/me?access_token=%ff%fe&appsecret_proof=%00&limit=-1"),
        httpx.Request("GET", "https://graph.facebook.com/"),
        httpx.Request("GET", "https://graph.facebook.com/v26.0/naïve?fields=a%0Ab"),
        httpx.Request("GET", "https://graph.facebook.com/v26.0/debug_token?access_token=%F0%9F%90%9F&limit=" + "9" * 5000),
        httpx.Request(
            "GET",
            f"https://graph.facebook.com/v26.0/debug_token?access_token={APP}&appsecret_proof=x&appsecret_time={'9' * 5000}",
        ),
        httpx.Request("GET", "https://graph.facebook.com//v26.0//me//"),
        httpx.Request("GET", "https://graph.facebook.com/v26.0/debug_token?access_token=1|2|3&input_token=|"),
        httpx.Request("DELETE", "https://graph.facebook.com/v26.0/me/permissions"),
        httpx.Request("PUT", "https://graph.facebook.com/v26.0/me"),
        httpx.Request("GET", "https://elsewhere.example/v26.0/me"),
    ],
    ids=str,
)
def test_odd_requests_are_refused_as_json(request_: httpx.Request, sandbox: Sandbox) -> None:
    response = ask(sandbox, request_)
    assert response.status_code == 400
    assert response.json()["error"]["fbtrace_id"] == response.headers["x-fb-trace-id"]
    assert response.headers["www-authenticate"].startswith('OAuth "Facebook Platform" "')


@pytest.mark.parametrize("params", [{"redirect_uri": "http://[half"}, {"_person": "nobody"}, {"client_id": ""}])
def test_an_odd_dialog_is_a_page(params: dict[str, str], sandbox: Sandbox) -> None:
    data = {"client_id": "1000000000001", "redirect_uri": "http://localhost:8400/callback"} | params
    response = ask(sandbox, httpx.Request("POST", "https://www.facebook.com/v26.0/dialog/oauth", data=data))
    assert response.status_code == 200
    assert "<h1>" in response.text
    assert "location" not in response.headers


def test_the_same_token_in_query_form_and_header(sandbox: Sandbox) -> None:
    app, url = APP, "https://graph.facebook.com/v26.0/debug_token"
    requests = [
        httpx.Request("GET", url, params={"input_token": app, "access_token": app}),
        httpx.Request("GET", url, params={"input_token": app}, headers={"Authorization": f"Bearer {app}"}),
        httpx.Request("GET", url, params={"input_token": app}, headers={"authorization": f"OAuth {app}"}),
    ]
    assert len({ask(sandbox, request).text for request in requests}) == 1


def test_a_token_over_plain_http_is_refused(sandbox: Sandbox) -> None:
    response = ask(sandbox, httpx.Request("GET", "http://graph.facebook.com/v26.0/me", params={"access_token": APP}))
    assert (response.status_code, response.json()["error"]["code"]) == (400, 1)
    assert "You must use https://" in response.text


def test_an_odd_field_is_refused_in_words_and_in_a_clean_header(sandbox: Sandbox) -> None:
    token = log_in(sandbox_client(sandbox)).value.reveal()
    response = ask(
        sandbox, httpx.Request("GET", "https://graph.facebook.com/v26.0/me", params={"access_token": token, "fields": "naïve\n"})
    )
    assert "nonexisting field (naïve)" in response.json()["error"]["message"]
    assert "nonexisting field (na?ve)" in response.headers["www-authenticate"]


@given(
    method=st.sampled_from(["GET", "POST", "DELETE", "PUT"]),
    host=st.sampled_from(["graph.facebook.com", "www.facebook.com", "elsewhere.example"]),
    path=st.binary(max_size=40).map(quote),
    query=st.binary(max_size=40).map(quote),
    body=st.binary(max_size=80),
    token=st.sampled_from([b"", APP.encode()]) | st.binary(max_size=20),
)
def test_no_bytes_break_it_or_bring_a_secret_out(
    method: str, host: str, path: str, query: str, body: bytes, token: bytes
) -> None:
    sandbox, headers = Sandbox(), {b"authorization": b"Bearer " + token}
    for address in (f"{path}?{query}", f"v26.0/{path}?access_token={query}", f"v26.0/oauth/access_token?{query}"):
        request = httpx.Request(method, f"https://{host}/{address}", headers=headers, content=body)
        response = ask(sandbox, request)
        assert response.status_code in {200, 302, 400, 401, 403, 404}
        known = f"{address} {body!r} {token!r}"
        assert not [app.name for app in sandbox.world.apps.values() if app.secret in response.text and app.secret not in known]


def test_the_way_to_a_served_sandbox_is_pickled_as_its_address(sandbox: Sandbox) -> None:
    with sandbox.serve() as url, ServedTransport(url) as sent, pickle.loads(pickle.dumps(sent)) as came:
        assert (type(came), came.url) == (ServedTransport, url)
        request = httpx.Request("GET", "https://graph.facebook.com/v26.0/me")
        assert came.handle_request(request).status_code == 400


def test_the_way_to_a_sandbox_in_this_process_is_not_pickled(sandbox: Sandbox) -> None:
    with pytest.raises(InputError, match=r"cannot be reached from another\. Serve it"):
        pickle.dumps(sandbox.transport)
