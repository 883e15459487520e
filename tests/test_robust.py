"""The served sandbox under load and under abuse: nothing is lost or mixed, nothing hangs, nothing is a 500."""

from __future__ import annotations

import json
import logging
import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import httpx
import pytest
from by_hand import UNLIMITED, Wire, asked, request, served
from hypothesis import given
from hypothesis import strategies as st
from test_routes import IDS, NAMES, VALUES, tried

from fbnb.sandbox import Sandbox
from fbnb.sandbox.routes import ROUTES
from fbnb.sandbox.seed import App, Person

APP, SECRET = "1000000000001", "decafbadc0ffee00decafbadc0ffee01"
NAME = f"/v26.0/{APP}?access_token={APP}%7C{SECRET}&fields=name"
EXCHANGE = "/v26.0/oauth/access_token"
AN_APP = {"client_id": APP, "client_secret": SECRET}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served() as (_, url):
        yield url


@pytest.fixture
def unharmed(url: str, caplog: pytest.LogCaptureFixture) -> Iterator[str]:
    """Where it is served. Whatever a test does there, the next request is answered, and nobody complains."""
    with caplog.at_level(logging.WARNING):
        yield url
        read = asked(url, request(NAME))
    assert read
    assert read.told["name"] == "Harbour Notes"
    assert not caplog.get_records("call")


# Many at once


def at_once(act: Callable[[Any], Any], those: Sequence[Any]) -> list[Any]:
    """What an act on each leads to, all of them at the same time."""
    ready = threading.Barrier(len(those))

    def one(item: Any) -> Any:
        ready.wait()
        return act(item)

    with ThreadPoolExecutor(len(those)) as pool:
        return list(pool.map(one, those))


@dataclass(frozen=True)
class Login:
    """A person who logs in to an app, over HTTP."""

    caller: httpx.Client
    app: App
    person: Person
    state: str

    @property
    def issuer(self) -> tuple[str, str]:
        """What debug_token is to say of the token: whose it is."""
        return self.app.id, self.person.app_scoped_ids[self.app.id]

    def code(self) -> str:
        told = {
            "client_id": self.app.id,
            "redirect_uri": self.app.redirect_uris[0],
            "state": self.state,
            "_person": self.person.id,
        }
        led = parse_qs(urlsplit(self.caller.post("/dialog/oauth", data=told).headers["location"]).query)
        assert led["state"] == [self.state]
        return led["code"][0]

    def exchange(self, code: str) -> str:
        """The token for a code; "" where it is refused."""
        told = {
            "client_id": self.app.id,
            "client_secret": self.app.secret,
            "redirect_uri": self.app.redirect_uris[0],
            "code": code,
        }
        return str(self.caller.post(EXCHANGE, data=told).json().get("access_token", ""))

    def told(self, token: str) -> tuple[str, str]:
        """Whose a token is, as debug_token says."""
        params = {"input_token": token, "access_token": f"{self.app.id}|{self.app.secret}"}
        data = self.caller.get("/v26.0/debug_token", params=params).json()["data"]
        return data["app_id"], data["user_id"]


def test_fifty_clients_at_once_lose_and_mix_nothing() -> None:
    # As many connections kept as there are: a pool with too many idle ones closes some, now and then one just taken into use.
    kept = httpx.Limits(max_keepalive_connections=None)
    with served() as (sandbox, url), httpx.Client(base_url=url, trust_env=False, timeout=60, limits=kept) as caller:
        (notes, planner), (mara, ben, ines) = sandbox.world.seed.apps, sandbox.world.seed.people
        pairs = [(notes, mara), (notes, ben), (planner, mara), (planner, ben), (planner, ines)] * 10
        logins = [Login(caller, app, person, f"state{n}") for n, (app, person) in enumerate(pairs)]
        twice = list(zip(logins, at_once(Login.code, logins), strict=True)) * 2
        exchanged = zip(twice, at_once(lambda pair: pair[0].exchange(pair[1]), twice), strict=True)
        tokens = [(login, token) for (login, _), token in exchanged if token]
        assert Counter(login.state for login, _ in tokens) == Counter(login.state for login in logins)  # each code once
        assert len({token for _, token in tokens}) == 50
        assert at_once(lambda pair: pair[0].told(pair[1]), tokens) == [login.issuer for login, _ in tokens]
        assert Counter(record.asked.path for record in sandbox.requests) == {
            "dialog/oauth": 50,
            "oauth/access_token": 100,
            "debug_token": 50,
        }
        assert {record.asked.get("state") for record in sandbox.requests} == {"", *(login.state for login in logins)}


# What is no HTTP, or hardly

BROKEN = {
    "nothing that is HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20,
    "no version": b"GET /\r\n\r\n",
    "another version": b"GET / HTTP/9.9\r\nhost: a\r\n\r\n",
    "no host": b"GET /v26.0/me HTTP/1.1\r\n\r\n",
    "two hosts": request("/v26.0/me", "host: other"),
    "a blank in the path": request("/v26.0/m e"),
    "bytes in the path": request("/v26.0/na\xefve"),
    "bytes in the query": request("/v26.0/me?a=\xff\xfe"),
    "a NUL in the path": request("/v26.0/\x00"),
    "a NUL in a header": request("/v26.0/me", "authorization: Bearer \x00"),
    "a header that is none": request("/v26.0/me", "nonsense"),
    "a header that is folded": request("/v26.0/me", "a: b", " c: d"),
    "a blank before a colon": request("/v26.0/me", "a : b"),
    "lengths that differ": request("/v26.0/me", "content-length: 1", "content-length: 2", method="POST"),
    "a length that is none": request("/v26.0/me", "content-length: -1", method="POST"),
    "a length and chunks": request("/v26.0/me", "content-length: 1", "transfer-encoding: chunked", method="POST") + b"0\r\n\r\n",
    "an encoding that is none": request("/v26.0/me", "transfer-encoding: gzip", method="POST"),
    "a chunk without a length": request("/v26.0/me", "transfer-encoding: chunked", method="POST") + b"zz\r\n",
    "1 MB in the path": request(f"/v26.0/{'a' * 1_000_000}"),
    "1 MB in the query": request(f"/v26.0/me?access_token={'a' * 1_000_000}"),
    "1 MB in a header": request("/v26.0/me", f"authorization: Bearer {'a' * 1_000_000}"),
    "1 MB of headers": request("/v26.0/me", *(f"a{n}: {'a' * 1000}" for n in range(1000))),
    "a length beyond all measure": request("/v26.0/me", f"content-length: {10**15}", method="POST"),
    "CONNECT": request("graph.facebook.com:443", method="CONNECT"),
    "a method that is none": b"G\xcbT / HTTP/1.1\r\nhost: a\r\n\r\n",
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_no_http_is_refused_or_hung_up_on(what: str, unharmed: str) -> None:
    read = asked(unharmed, BROKEN[what])
    assert read is None or 400 <= read.status < 500


FORM, JSON = "content-type: application/x-www-form-urlencoded", "content-type: application/json"
PARTS = "content-type: multipart/form-data; boundary=b"
HUGE = {
    "1 MB in a form": (FORM, b"client_id=" + b"a" * 1_000_000),
    "1 MB in JSON": (JSON, json.dumps({"client_id": "a" * 1_000_000}).encode()),
    "1 MB in a part": (
        PARTS,
        b'--b\r\ncontent-disposition: form-data; name="client_id"\r\n\r\n' + b"a" * 1_000_000 + b"\r\n--b--",
    ),
    "1 MB of a part's head": (PARTS, b"--b\r\ncontent-disposition: " + b"a" * 1_000_000),
    "a file of 7 MB": (PARTS, b'--b\r\ncontent-disposition: form-data; name="a"; filename="b"\r\n\r\n' + b"\r\n--" * 1_750_000),
    "10,000 fields": (FORM, urlencode({f"field{n}": n for n in range(10_000)}).encode()),
    "10,000 fields in JSON": (JSON, json.dumps({f"field{n}": n for n in range(10_000)}).encode()),
    "10,000 parts": (PARTS, b'--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n' * 10_000 + b"--b--"),
    "1 MB between other boundaries": (PARTS, b"--c\r\n" * 200_000),
    "a million ampersands": (FORM, b"&" * 1_000_000),
    "a million percents": (FORM, b"client_id=" + b"%" * 1_000_000),
    "JSON a million deep": (JSON, b'{"client_id":' + b"[" * 1_000_000),
}


@pytest.mark.parametrize("what", HUGE)
def test_what_is_huge_is_refused_as_graph_refuses(what: str, unharmed: str) -> None:
    kind, body = HUGE[what]
    read = asked(unharmed, request(EXCHANGE, kind, method="POST", body=body))
    assert read
    assert (read.status, read.told["error"]["code"]) == (400, 101)


def test_ten_thousand_fields_in_the_query_are_none_too_many(unharmed: str) -> None:
    read = asked(unharmed, request(f"{NAME}&{'&'.join(f'a{n}' for n in range(10_000))}"))
    assert read
    assert read.told["name"] == "Harbour Notes"


def test_a_body_beyond_all_measure_is_refused_before_it_has_come(unharmed: str) -> None:
    for length in ("content-length: 8000001", "transfer-encoding: chunked"):
        with Wire(unharmed) as wire:
            wire.send(request(EXCHANGE, length, method="POST"))
            if length.endswith("chunked"):
                wire.send(b"%x\r\n%b\r\n" % (8_000_001, b"a" * 8_000_001))
            assert (read := wire.read())
            assert read.status == 413


CALLS: list[object] = [
    [{"relative_url": "\ud800"}],
    [{"method": "\ud800", "relative_url": "me"}],
    [{"relative_url": "me", "body": "\udfff=1"}],
    [{"relative_url": "me", "name": "\ud800", "depends_on": "\ud800"}],
    [{"\ud800": "me"}],
    [{"relative_url": "\x00"}, {"relative_url": "a\r\nb: c"}, {"relative_url": "me?%ff=%fe"}, {"relative_url": "🐟"}],
    [{"method": ["GET"], "relative_url": {"a": 1}, "body": 7, "access_token": None}],
    *([{"relative_url": json.loads("[" * deep + "]" * deep)}] for deep in (1, 900)),
    "🐟",
]


@pytest.mark.parametrize("calls", CALLS, ids=ascii)
def test_an_odd_batch_is_refused_or_answered_call_by_call(calls: object, unharmed: str) -> None:
    body = urlencode({"access_token": f"{APP}|{SECRET}", "batch": json.dumps(calls)}).encode()
    read = asked(unharmed, request("/v26.0/", FORM, method="POST", body=body))
    assert read
    assert read.status == 400 or all(item["code"] in {400, 404} for item in read.told)


def test_whoever_hangs_up_midway_harms_nobody(unharmed: str) -> None:
    whole = request(EXCHANGE, FORM, method="POST", body=b"client_id=1")
    for end in range(1, len(whole), 7):
        for abruptly in (False, True):
            with Wire(unharmed) as wire:
                if abruptly:
                    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                wire.send(whole[:end])


def test_a_length_that_promises_too_much_is_waited_for(unharmed: str) -> None:
    with Wire(unharmed, wait=0.2) as wire:
        wire.send(request(EXCHANGE, FORM, "content-length: 100", method="POST") + b"client_id=1")
        with pytest.raises(TimeoutError):
            wire.read()


def test_a_length_that_promises_too_little_is_taken_at_its_word(unharmed: str) -> None:
    with Wire(unharmed) as wire:
        wire.send(request(EXCHANGE, FORM, "content-length: 9", method="POST") + b"client_id=1\r\n\r\n")
        first, second = wire.read(), wire.read()
    assert first
    assert first.told["error"]["message"] == "Missing client_id parameter."
    assert second is None or second.status == 400


def test_whoever_is_slow_holds_nobody_up(unharmed: str) -> None:
    with Wire(unharmed) as slow:
        for byte in request(NAME):
            slow.send(bytes([byte]))
            if byte == ord("\n"):
                assert asked(unharmed, request(NAME))
                time.sleep(0.01)
        assert (read := slow.read())
        assert read.told["name"] == "Harbour Notes"


def test_whoever_does_not_read_holds_nobody_up(unharmed: str) -> None:
    with Wire(unharmed) as wire:
        wire.send(request(NAME) * 100)
        assert asked(unharmed, request(NAME))


def test_what_cannot_happen_is_said_as_graph_says_it_and_logged_without_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    sandbox = Sandbox()
    told = AN_APP | {"redirect_uri": "http://localhost:8400/callback"}
    with sandbox.serve() as url:
        sandbox.world.people.clear()  # and yet someone is to be in front of the dialog
        read = asked(url, request(f"/dialog/oauth?{urlencode(told)}"))
        assert asked(url, request(NAME))
    assert read
    assert (read.status, read.told["error"]["code"]) == (500, 1)
    assert "ValueError" in caplog.text
    assert SECRET not in caplog.text


# Anything at all, of every route


@pytest.fixture(scope="module")
def tried_out() -> Iterator[tuple[Sandbox, str]]:
    sandbox, _ = tried()
    sandbox.assume(**UNLIMITED)
    with sandbox.serve() as url:
        yield sandbox, url


def encoded(kind: str, told: dict[str, str]) -> tuple[str, bytes]:
    """The header that names a kind of body, and the body."""
    if "json" in kind:
        return kind, json.dumps(told).encode()
    if "multipart" in kind:
        made = httpx.Request("POST", "http://a", files={name: (None, value) for name, value in told.items()} or {"": b""})
        return made.headers["content-type"], made.read()
    return kind, urlencode(told).encode()


A_DIALOG = AN_APP | {"redirect_uri": "http://localhost:8400/callback", "_person": "2000000000001"}
routes = st.builds(
    lambda route, ids: re.sub(r"{[^}]*}", lambda _: next(ids), route.path),
    st.sampled_from(ROUTES),
    st.permutations(IDS).map(iter),
)
fields = st.dictionaries(
    st.sampled_from(
        [*NAMES, *"_person _decline _pages _cancel _asked _listed _grant_email _page_3000000000001 user_code".split()]
    ),
    st.sampled_from([*VALUES, "2000000000001", "http://localhost:8400/callback", "rerequest", "code token"])
    | st.text(max_size=12),
    max_size=6,
)
kinds = st.sampled_from([FORM[14:], JSON[14:], "multipart/form-data", "", "application/json; charset=utf-16", ";;"])
visible = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_categories=["Cc"]), max_size=12)


@given(
    method=st.sampled_from(["GET"] * 4 + ["POST"] * 4 + ["DELETE", "PUT", "HEAD", "OPTIONS"]),
    version=st.sampled_from(["", "/v26.0", "//v25.0"] * 2 + ["/v2.8", "/v99.0", "/v26.0/"]),
    path=routes | routes | st.sampled_from(["dialog/oauth", "device", "oauth/access_token"]) | st.text(max_size=12),
    query=st.builds(dict.__or__, st.sampled_from([{}, AN_APP, A_DIALOG]), fields),
    body=fields | st.binary(max_size=60),
    kind=kinds,
    token=st.integers(0, 7),
    authorization=st.just("") | visible | visible.map("Bearer {}".format) | visible.map("Basic {}".format),
)
def test_every_request_is_answered(
    tried_out: tuple[Sandbox, str],
    method: str,
    version: str,
    path: str,
    query: dict[str, str],
    body: dict[str, str] | bytes,
    kind: str,
    token: int,
    authorization: str,
) -> None:
    (sandbox, url), before = tried_out, tried_out[0].checkpoint()
    kind, content = encoded(kind, body) if isinstance(body, dict) else (kind, body)
    target = f"{version}/{quote(path)}?{urlencode({'access_token': tried()[1][token]} | query)}"
    read = asked(
        url,
        request(target, f"content-type: {kind}", f"authorization: {authorization}", method=method, body=content),
        head=method == "HEAD",
    )
    sandbox.rewind(before)
    assert read
    assert read.status in {200, 302, 400, 401, 403, 404}
    if read.status >= 400 and method != "HEAD":
        assert read.headers["content-type"] == "application/json; charset=UTF-8"
        assert {"message", "type", "code", "fbtrace_id"} <= set(read.told["error"])
