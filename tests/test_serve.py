"""The sandbox over HTTP: by which names and in which ways it is asked, where its links lead, and how its faults are met."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, urlsplit

import httpx
import pytest
from by_hand import Read, Wire, asked, request, served
from hypothesis import given
from hypothesis import strategies as st
from test_routes import params, paths, tried

from fbnb.errors import InputError
from fbnb.flows.login import log_in
from fbnb.kit import sandbox_client
from fbnb.sandbox import Sandbox
from fbnb.sandbox.messages import DIALOG_HOST, GRAPH_HOST

APP, SECRET = "1000000000001", "decafbadc0ffee00decafbadc0ffee01"
NAME = f"/v26.0/{APP}?access_token={APP}%7C{SECRET}&fields=name"
DISCOVERY = "/.well-known/openid-configuration"
DIALOG = f"/v26.0/dialog/oauth?client_id={APP}&redirect_uri=http://localhost:8400/callback"


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Sandbox, str]]:
    with served() as (sandbox, url):
        yield sandbox, url


@pytest.fixture
def here(shared: tuple[Sandbox, str]) -> Sandbox:
    """The sandbox that is served, as it was at first."""
    sandbox, _ = shared
    sandbox.reset()
    return sandbox


@pytest.fixture
def url(shared: tuple[Sandbox, str], here: Sandbox) -> str:
    return shared[1]


@pytest.fixture
def caller(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, trust_env=False, timeout=10) as caller:
        yield caller


def name(read: Read | None) -> str:
    """What the app is called, as Graph says it."""
    assert read
    return str(read.told["name"])


# One core, two carriers


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[httpx.BaseTransport, httpx.BaseTransport, str]]:
    sandbox, _ = tried()
    with sandbox.serve() as url, httpx.HTTPTransport() as wire:
        yield sandbox.transport, wire, url


@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "DELETE", "PUT"]),
    host=st.sampled_from([GRAPH_HOST] * 3 + [DIALOG_HOST]),
    path=st.one_of(paths.map(lambda path: f"v26.0/{path}"), paths, st.just("v26.0/dialog/oauth")),
    sent=params,
    token=st.integers(0, 7),
    in_body=st.booleans(),
)
def test_both_carriers_bring_the_same_answer(
    both: tuple[httpx.BaseTransport, httpx.BaseTransport, str],
    method: str,
    host: str,
    path: str,
    sent: dict[str, str],
    token: int,
    in_body: bool,
) -> None:
    (sandbox, tokens), (in_process, wire, url) = tried(), both
    before, answers = sandbox.checkpoint(), list[tuple[int, list[tuple[bytes, bytes]], bytes]]()
    told = {"access_token": tokens[token]} | sent
    for transport, origin in ((in_process, f"https://{host}"), (wire, url)):
        address, by_name = f"{origin}/{quote(path)}", {"host": host}
        made = httpx.Request(method, address, headers=by_name, params=None if in_body else told, data=told if in_body else None)
        response = transport.handle_request(made)
        response.read()
        headers = [(key.lower(), value) for key, value in response.headers.raw if key.lower() not in {b"date", b"content-length"}]
        answers.append((response.status_code, headers, response.content))
        sandbox.rewind(before)
    assert answers[0] == answers[1]


# By which names it is asked


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_links_lead_back_by_the_name_it_was_asked_by(name: str, here: Sandbox, url: str) -> None:
    own = f"http://{name}:{urlsplit(url).port}"
    token = log_in(sandbox_client(here), "pages_show_list").value.reveal()
    client = {"access_token": f"{APP}|c0ffee00decafbadc0ffee00decafba1", "scope": "email"}
    with httpx.Client(base_url=own, trust_env=False) as caller:
        pages = caller.get("/v26.0/me/accounts", params={"access_token": token, "limit": 1}).json()
        assert pages["paging"]["next"].startswith(f"{own}/v26.0/me/accounts?")
        assert caller.get(pages["paging"]["next"]).json()["data"] != pages["data"]
        device = caller.post("/v26.0/device/login", data=client).json()
        assert device["verification_uri"] == f"{own}/device"
        assert "<form" in caller.get(device["verification_uri"]).text
        oidc = caller.get(DISCOVERY).json()
        assert "<form" in caller.get(f"{oidc['authorization_endpoint']}?{urlsplit(DIALOG).query}").text
        assert caller.get(oidc["jwks_uri"]).json()["keys"]
        me = caller.get("/v26.0/me", params={"access_token": token, "fields": "picture"}).json()
        picture = caller.get(me["picture"]["data"]["url"], follow_redirects=True)
        assert (picture.status_code, picture.url.host) == (200, name)


def test_it_can_be_served_on_ipv6() -> None:
    with Sandbox().serve(host="::1") as url, httpx.Client(base_url=url, trust_env=False) as caller:
        assert url.startswith("http://[::1]:")
        assert caller.get(NAME).json()["name"] == "Harbour Notes"
        assert caller.get(DISCOVERY).json()["jwks_uri"].startswith(f"{url}/")


@pytest.mark.parametrize(
    ("host", "path", "begins"),
    [
        ("graph.facebook.com", "/v26.0/nonsense", '{"error":'),
        ("GRAPH.facebook.com:443", "/v26.0/dialog/oauth", '{"error":'),
        ("graph-video.facebook.com", "/v26.0/me", '{"error":'),
        ("www.facebook.com", "/v26.0/dialog/oauth", "<!doctype html>"),
        ("m.facebook.com", "/dialog/oauth", "<!doctype html>"),
        ("facebook.com", "/device/", "<!doctype html>"),
        ("www.facebook.com", "/v26.0/me", '{"error":'),
        ("elsewhere.example", "/v26.0/dialog/oauth/", "<!doctype html>"),
    ],
)
def test_graph_and_the_dialog_are_told_apart_by_host_or_path(host: str, path: str, begins: str, caller: httpx.Client) -> None:
    assert caller.get(path, headers={"host": host}).text.startswith(begins)


def test_who_asks_by_graphs_own_name_is_led_to_graph(caller: httpx.Client) -> None:
    told = caller.get(DISCOVERY, headers={"host": "m.facebook.com"}).json()
    assert told["jwks_uri"].startswith("https://www.facebook.com/")


@pytest.mark.parametrize("host", ["elsewhere.example", "127.0.0.1.elsewhere.example", "localhost:1:2", "127.0.0.1/", ""])
def test_no_other_name_stands_in_a_link(host: str, url: str, caller: httpx.Client) -> None:
    assert caller.get(DISCOVERY, headers={"host": host}).json()["jwks_uri"].startswith(f"{url}/")


# In which ways


def test_many_requests_go_over_one_connection(url: str) -> None:
    with Wire(url) as wire:
        for method in ("GET", "POST", "HEAD", "GET", "DELETE", "OPTIONS") * 20:
            wire.send(request(NAME, method=method, body=b"a=b" if method == "POST" else b""))
            read = wire.read(head=method == "HEAD")
            assert read
            assert "connection" not in read.headers
        wire.send(request(NAME, "connection: close"))
        assert name(wire.read()) == "Harbour Notes"
        assert wire.read() is None


def test_requests_that_do_not_wait_are_answered_in_order(url: str) -> None:
    names = [f"name{number}" for number in range(50)]
    with Wire(url) as wire:
        wire.send(b"".join(request(f"/{name}?access_token={APP}%7C{SECRET}") for name in names))
        told = [read.told["error"]["message"] for _ in names if (read := wire.read())]
    assert [message.rpartition(" ")[2] for message in told] == names


def test_a_body_is_waited_for(url: str) -> None:
    with Wire(url) as wire:
        wire.send(request("/v26.0/oauth/access_token", "expect: 100-continue", "content-length: 4", method="POST"))
        assert wire.socket.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.send(b"co")
        time.sleep(0.05)
        wire.send(b"de")
        assert (read := wire.read())
        assert read.told["error"]["message"] == "Missing client_id parameter."


def test_a_body_in_chunks_is_put_together(url: str) -> None:
    form = f"client_id={APP}&client_secret={SECRET}&grant_type=client_credentials"
    chunks = "".join(f"1\r\n{letter}\r\n" for letter in form)
    sent = request("/oauth/access_token", "transfer-encoding: chunked", method="POST") + f"{chunks}0\r\n\r\n".encode()
    assert (read := asked(url, sent))
    assert read.told["token_type"] == "bearer"


def test_http_1_0_is_answered_and_the_connection_closed(url: str) -> None:
    with Wire(url) as wire:
        wire.send(f"GET {NAME} HTTP/1.0\r\n\r\n".encode())
        assert name(wire.read()) == "Harbour Notes"
        assert wire.read() is None


@pytest.mark.parametrize("origin", ["http://graph.facebook.com", "HTTP://127.0.0.1:1", "https://graph.facebook.com:443"])
def test_a_request_as_to_a_proxy_names_a_whole_address(origin: str, url: str) -> None:
    assert name(asked(url, request(f"{origin}{NAME}"))) == "Harbour Notes"


def test_a_whole_address_says_which_host_is_meant(url: str) -> None:
    read = asked(url, request(f"http://www.facebook.com{DISCOVERY}"))
    assert read
    assert read.told["jwks_uri"].startswith("https://www.facebook.com/")


@pytest.mark.parametrize("target", ["*", NAME, "/_sandbox"])
def test_a_page_of_another_site_may_ask(target: str, url: str) -> None:
    read = asked(url, request(target, "origin: https://app.example", "access-control-request-method: POST", method="OPTIONS"))
    assert read
    assert (read.status, read.headers["access-control-allow-origin"]) == (200, "*")


DIALOG = "/v26.0/dialog/oauth?client_id=1000000000001&scope=email&redirect_uri=http%3A%2F%2Flocalhost%3A8400%2Fcallback"


@pytest.mark.parametrize(
    "sent",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://evil.example", "host": "evil.example"},
        {"origin": "http://localhost:1"},
        {"origin": "https://evil.example", "host": "www.facebook.com"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", [DIALOG, "/device?user_code=X"])
def test_a_page_of_another_site_presses_no_button(path: str, sent: dict[str, str], caller: httpx.Client, here: Sandbox) -> None:
    told = caller.post(path, headers=sent)
    assert (told.status_code, told.headers.get("location")) == (403, None)
    assert not here.world.codes


def test_the_dialogs_own_form_is_taken_and_a_programs_post(caller: httpx.Client, url: str) -> None:
    for sent in ({}, {"origin": url}, {"origin": "https://www.facebook.com", "host": "www.facebook.com"}):
        assert "code=" in caller.post(DIALOG, headers=sent).headers["location"]


def test_a_link_presses_no_button(caller: httpx.Client, here: Sandbox) -> None:
    assert "<form" in caller.get(f"{DIALOG}&method=post").text
    assert not here.world.codes


@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "BREW"])
def test_a_method_that_graph_does_not_take_is_refused_as_graph_refuses(method: str, url: str) -> None:
    read = asked(url, request(f"/v26.0/{APP}", method=method))
    assert read
    assert (read.status, read.told["error"]["code"]) == (400, 100)


@pytest.mark.parametrize("path", ["/a%0Ab", "/%00", "/%ff", "/v26.0/%F0%9F%90%9F", "/..%2f", "//", "/v26.0/me%3Fid", "/%25"])
def test_an_odd_path_is_refused_as_graph_refuses(path: str, url: str) -> None:
    read = asked(url, request(path))
    assert read
    assert (read.status, set(read.told)) == (400, {"error"})


@pytest.mark.parametrize("end", ["naïve", " ", "#", "# ", "#é", "?a=b c", "\r\nset-cookie: a=b", "%0d%0aset-cookie:%20a=b"])
def test_no_redirect_brings_a_header_of_its_own(end: str, caller: httpx.Client) -> None:
    told = {"client_id": APP, "redirect_uri": f"http://localhost:8400/callback{end}", "state": f"s{end}"}
    answer = caller.post("/dialog/oauth", data=told)
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("http://localhost:8400/callback")
    assert "set-cookie" not in answer.headers


# How its faults are met


@pytest.fixture
def token(here: Sandbox) -> str:
    return log_in(sandbox_client(here)).value.reveal()


def test_a_reset_is_one(here: Sandbox, url: str, token: str) -> None:
    here.fail("reset", times=1)
    with Wire(url) as wire:
        wire.send(request(NAME))
        with pytest.raises(ConnectionResetError):
            wire.socket.recv(1)
    assert name(asked(url, request(NAME))) == "Harbour Notes"


def test_httpx_meets_a_reset(here: Sandbox, caller: httpx.Client) -> None:
    here.fail("reset", times=1)
    with pytest.raises(httpx.ReadError):
        caller.get(NAME)
    assert caller.get(NAME).status_code == 200


def test_what_is_lost_was_done(here: Sandbox, caller: httpx.Client, token: str) -> None:
    here.fail("lost", times=1)
    with pytest.raises(httpx.ReadError):
        caller.delete("/v26.0/me/permissions", params={"access_token": token})
    assert caller.get("/v26.0/me", params={"access_token": token}).json()["error"]["code"] == 190


def test_a_time_out_is_the_callers_own_and_holds_nobody_else_up(here: Sandbox, caller: httpx.Client) -> None:
    here.fail("timeout", path="me")
    with ThreadPoolExecutor(10) as pool:
        waiting = [pool.submit(caller.get, "/v26.0/me", timeout=0.5) for _ in range(10)]
        assert [caller.get(NAME).status_code for _ in range(20)] == [200] * 20
        assert not any(call.done() for call in waiting)
        assert all(isinstance(call.exception(), httpx.ReadTimeout) for call in waiting)


def test_what_is_slow_arrives_late(here: Sandbox, caller: httpx.Client) -> None:
    here.fail("slow", times=1, seconds=0.3)
    start = time.perf_counter()
    assert caller.get(NAME).status_code == 200
    assert time.perf_counter() - start >= 0.3


def test_a_page_of_error_comes_in_place_of_json(here: Sandbox, caller: httpx.Client) -> None:
    here.fail("html", times=1, status=503, retry_after=7)
    answer = caller.get(NAME)
    assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert answer.headers["retry-after"] == "7"


def test_json_that_is_cut_off_is_so_within_its_length(here: Sandbox, caller: httpx.Client) -> None:
    here.fail("truncated", times=1)
    answer = caller.get(NAME)
    assert int(answer.headers["content-length"]) == len(answer.content)
    with pytest.raises(json.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize("way", ["timeout", "slow"])
def test_stopping_waits_for_nobody(way: str) -> None:
    sandbox = Sandbox()
    sandbox.fail(way)
    with sandbox.serve() as url:
        wires = [Wire(url) for _ in range(5)]
        for wire in wires:
            wire.send(request(NAME))
        wires.append(Wire(url))  # who has said nothing yet
        time.sleep(0.1)
        start = time.perf_counter()
    assert time.perf_counter() - start < 1
    for wire in wires:
        with wire:
            assert wire.read() is None
    with pytest.raises(ConnectionRefusedError):
        Wire(url)


def test_a_port_is_free_again_at_once() -> None:
    with Sandbox().serve() as url, Wire(url) as wire:
        wire.send(request(NAME))
        assert wire.read()
    with Sandbox().serve(int(url.rpartition(":")[2])) as again:
        assert again == url


def test_two_are_served_side_by_side() -> None:
    with served() as (_, one), served() as (other_sandbox, other):
        other_sandbox.fail(2)
        assert name(asked(one, request(NAME))) == "Harbour Notes"
        assert (read := asked(other, request(NAME)))
        assert read.told["error"]["code"] == 2


def test_a_port_that_is_taken_is_named(url: str) -> None:
    port = int(url.rpartition(":")[2])
    with pytest.raises(InputError, match=f"port {port}"), Sandbox().serve(port):
        pass


def test_what_is_not_loopback_is_refused() -> None:
    with pytest.raises(InputError, match="loopback only"), Sandbox().serve(host="0.0.0.0"):
        pass
