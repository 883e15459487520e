"""A request says the same in every encoding, over HTTP and in process; what is malformed says nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from by_hand import served

APP, SECRET = "1000000000001", "decafbadc0ffee00decafbadc0ffee01"
WHOLE = {"client_id": APP, "client_secret": SECRET, "grant_type": "client_credentials"}
EXCHANGE = {"method": "POST", "path": "/v26.0/oauth/access_token"}
GRANT = {"grant_type": "client_credentials"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
PARTS = {"content-type": "multipart/form-data; boundary=b"}
JSON = {"content-type": "application/json"}
Ask = Callable[[dict[str, Any]], httpx.Response]


@pytest.fixture(scope="module")
def carriers() -> Iterator[dict[str, tuple[httpx.BaseTransport, str]]]:
    """What carries a request, and where to."""
    with served() as (sandbox, url), httpx.HTTPTransport() as wire:
        yield {"in process": (sandbox.transport, "https://graph.facebook.com"), "served": (wire, url)}


@pytest.fixture(params=["in process", "served"])
def ask(request: pytest.FixtureRequest, carriers: dict[str, tuple[httpx.BaseTransport, str]]) -> Ask:
    transport, origin = carriers[request.param]

    def ask(told: dict[str, Any]) -> httpx.Response:
        # What comes in pieces goes out in chunks, and can be sent once.
        told = EXCHANGE | {name: value() if callable(value) else value for name, value in told.items()}
        method, path = told.pop("method"), told.pop("path")
        response = transport.handle_request(httpx.Request(method, f"{origin}{path}", **told))
        response.read()
        return response

    return ask


def basic(text: str, scheme: str = "Basic") -> dict[str, str]:
    return {"authorization": f"{scheme} {base64.b64encode(text.encode('latin-1')).decode()}"}


def parts(*fields: str) -> bytes:
    return "".join(f"--b\r\ncontent-disposition: form-data; {field}\r\n" for field in fields).encode() + b"--b--\r\n"


def pieces(content: bytes) -> Iterator[bytes]:
    yield from (content[at : at + 7] for at in range(0, len(content), 7))


A_FILE = {"files": {**{name: (None, value) for name, value in WHOLE.items()}, "source": ("a.jpg", b"\xff\xd8\x00", "image/jpeg")}}
SAME: dict[str, dict[str, Any]] = {
    "query": {"method": "GET", "params": WHOLE},
    "query of a POST": {"params": WHOLE},
    "form": {"data": WHOLE},
    "form of a GET": {"method": "GET", "data": WHOLE},
    "form in chunks": {"content": lambda: pieces(urlencode(WHOLE).encode()), "headers": FORM},
    "form that names no type": {"content": urlencode(WHOLE)},
    "form that names a charset": {
        "content": urlencode(WHOLE),
        "headers": {"content-type": "application/x-www-form-urlencoded;charset=UTF-8"},
    },
    "form of two of each, the last of which counts": {"content": f"client_id=1&client_secret=&{urlencode(WHOLE)}"},
    "form with empty and odd pairs": {"content": f"&&=&==&a&=b&%&{urlencode(WHOLE)}&"},
    "parts": {"files": {name: (None, value) for name, value in WHOLE.items()}},
    "parts in chunks": {
        "content": lambda: pieces(parts(*(f'name="{name}"\r\n\r\n{value}' for name, value in WHOLE.items()))),
        "headers": PARTS,
    },
    "parts with a file": A_FILE,
    "parts whose boundary is quoted": {
        "content": parts(*(f'name="{name}"\r\n\r\n{value}' for name, value in WHOLE.items())),
        "headers": {"content-type": 'Multipart/Form-Data; charset=utf-8; boundary="b"'},
    },
    "JSON": {"json": WHOLE},
    "JSON that names a charset": {"content": json.dumps(WHOLE), "headers": {"content-type": "Application/JSON; charset=utf-8"}},
    "JSON with numbers": {"json": WHOLE | {"client_id": int(APP), "debug": None, "more": {"a": [1.5, True]}}},
    "Basic and form": {"data": GRANT, "headers": basic(f"{APP}:{SECRET}")},
    "Basic and query": {"method": "GET", "params": GRANT, "headers": basic(f"{APP}:{SECRET}")},
    "Basic, percent-encoded": {"data": GRANT, "headers": basic(f"%31{APP[1:]}:{SECRET}")},
    "Basic in another case": {"data": GRANT, "headers": basic(f"{APP}:{SECRET}", scheme="basic")},
    "form rather than Basic": {"data": WHOLE, "headers": basic("1:wrong")},
    "half in the query and half in the form": {"params": GRANT, "data": {"client_id": APP, "client_secret": SECRET}},
    "form rather than query": {"params": {"client_id": "1", "client_secret": "wrong"}, "data": WHOLE},
    "GET that says POST": {"method": "GET", "params": WHOLE | {"method": "post"}},
    "no version": {"path": "/oauth/access_token", "data": WHOLE},
    "slashes": {"path": "//v26.0/oauth/access_token//", "data": WHOLE},
    "percent-encoded path": {"path": "/v26.0/%6fauth%2Faccess_token", "data": WHOLE},
}


@pytest.mark.parametrize("way", SAME)
def test_it_says_the_same(way: str, ask: Ask) -> None:
    answer = ask(SAME[way])
    assert (answer.status_code, answer.json()["token_type"]) == (200, "bearer"), answer.text


NOTHING: dict[str, dict[str, Any]] = {
    "nothing": {},
    "form of bytes that are no text": {"content": b"\xff\xfe=\x80&\x00=\x00", "headers": FORM},
    "form in UTF-16": {"content": urlencode(WHOLE).encode("utf-16"), "headers": FORM},
    "parts with no boundary": {"content": parts('name="client_id"\r\n\r\n1'), "headers": {"content-type": "multipart/form-data"}},
    "parts with another boundary": {"content": parts('name="client_id"\r\n\r\n1').replace(b"--b", b"--c"), "headers": PARTS},
    "parts with an endless boundary": {
        "content": parts('name="client_id"\r\n\r\n1'),
        "headers": {"content-type": f"multipart/form-data; boundary={'b' * 5000}"},
    },
    "parts that are none": {"content": urlencode(WHOLE), "headers": PARTS},
    "parts with no name": {"content": parts("\r\n\r\n1", 'name=""\r\n\r\n1'), "headers": PARTS},
    "parts with a broken head": {"content": b"--b\r\ncontent-disposition\r\n\r\n1\r\n--b--", "headers": PARTS},
    "parts that end midway": {"content": parts('name="client_id"\r\n\r\n1')[:30], "headers": PARTS},
    "JSON that breaks off": {"content": json.dumps(WHOLE)[:-1], "headers": JSON},
    "JSON that is a list": {"json": [WHOLE]},
    "JSON that is a text": {"json": "client_id"},
    "JSON that is no text": {"content": b'{"client_id": "\xff"}', "headers": JSON},
    "JSON with half a character": {"content": r'{"client_id": "\ud800"}', "headers": JSON},
    "JSON with half a character for a name": {"content": r'{"\udc00": "1"}', "headers": JSON},
    "JSON that is deep": {"content": '{"a":' * 100_000, "headers": JSON},
    "JSON that is deep, and ends": {"content": f'{{"a": {"[" * 900}{"]" * 900}}}', "headers": JSON},
    "JSON with an endless number": {"content": f'{{"a": {"9" * 5000}}}', "headers": JSON},
    "JSON in a form": {"content": json.dumps(WHOLE), "headers": FORM},
    "form in JSON": {"content": urlencode(WHOLE), "headers": JSON},
    "form in a text": {"params": {"a": urlencode(WHOLE)}, "headers": {"content-type": ";;;=;"}},
    "Basic that is no base64": {"headers": {"authorization": "Basic ====="}},
    "Basic that is no text": {"headers": basic("\xff:\xff")},
    "Basic with nothing behind it": {"headers": {"authorization": "Basic"}},
}


@pytest.mark.parametrize("way", NOTHING)
def test_what_cannot_be_read_says_nothing(way: str, ask: Ask) -> None:
    answer = ask(NOTHING[way])
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "Missing client_id parameter.")


TOKEN = f"{APP}|{SECRET}"
TOKENS: dict[str, dict[str, Any]] = {
    "query": {"params": {"access_token": TOKEN}},
    "form": {"data": {"access_token": TOKEN}},
    "Bearer": {"headers": {"authorization": f"Bearer {TOKEN}"}},
    "OAuth": {"headers": {"authorization": f"OAuth {TOKEN}"}},
    "bearer, and blanks": {"headers": {"authorization": f"bearer   {TOKEN}"}},
    "query rather than header": {"params": {"access_token": TOKEN}, "headers": {"authorization": "Bearer wrong"}},
    "body rather than query": {"params": {"access_token": "wrong"}, "data": {"access_token": TOKEN}},
    "an empty one, and the header": {"params": {"access_token": ""}, "headers": {"authorization": f"Bearer {TOKEN}"}},
}


@pytest.mark.parametrize("way", TOKENS)
def test_it_brings_the_same_token(way: str, ask: Ask) -> None:
    answer = ask({"method": "GET", "path": f"/v26.0/{APP}"} | TOKENS[way])
    assert answer.json()["name"] == "Harbour Notes"


@pytest.mark.parametrize("header", ["", "Bearer", "Token x", TOKEN, f"Basic {TOKEN}"])
def test_a_header_without_a_token_brings_none(header: str, ask: Ask) -> None:
    answer = ask({"method": "GET", "path": f"/v26.0/{APP}", "headers": {"authorization": header}})
    assert answer.json()["error"]["code"] == 104


@pytest.mark.parametrize("text", ["naïve", "🐟", "a+b&c=d%e;", "\x00\x7f", "--b", '"\\', "x" * 100_000])
def test_a_text_arrives_as_it_was_sent(text: str, ask: Ask) -> None:
    client = {"access_token": f"{APP}|c0ffee00decafbadc0ffee00decafba1"}
    for told in ({"data": {"scope": text}}, {"json": {"scope": text}}, {"files": {"scope": (None, text)}}):
        answer = ask({"path": "/v26.0/device/login", "params": client} | told)
        assert answer.json()["error"]["message"] == "(#100) Invalid Scopes: " + text.replace('"', "")


def test_a_head_is_a_get_without_its_body(ask: Ask) -> None:
    told = {"path": f"/v26.0/{APP}", "params": {"access_token": TOKEN}}
    got, head = ask(told | {"method": "GET"}), ask(told | {"method": "HEAD"})
    assert (got.status_code, head.status_code, head.content) == (200, 200, b"")
    assert got.headers["content-type"] == head.headers["content-type"]
