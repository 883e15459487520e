"""The controls over HTTP: who may use them, and how each refusal reads; nothing that is refused changes anything."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from fbnb.redact import Secret
from fbnb.sandbox import Sandbox

KEY = "the-key-of-this-run"
BEARER = {"authorization": f"Bearer {KEY}"}


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Sandbox, httpx.Client]]:
    sandbox = Sandbox()
    with sandbox.serve(key=Secret(KEY)) as url, httpx.Client(base_url=url, headers=BEARER, trust_env=False) as caller:
        yield sandbox, caller


@pytest.fixture
def caller(served: tuple[Sandbox, httpx.Client]) -> Iterator[httpx.Client]:
    """A caller with the key, of a sandbox that a test leaves as it was."""
    sandbox, caller = served
    before = sandbox.checkpoint()
    yield caller
    assert sandbox.checkpoint() == before


def error(answer: httpx.Response) -> Any:
    """What a refusal says; always as JSON, and always with a remedy."""
    assert answer.headers["content-type"] == "application/json"
    told = answer.json()["error"]
    assert told["message"]
    assert told["remedy"]
    return told


def test_a_control_is_told_and_answers_in_json(served: tuple[Sandbox, httpx.Client]) -> None:
    sandbox, caller = served
    answer = caller.post("/_sandbox/clock", json={"days": 60})
    assert (answer.status_code, answer.json()) == (200, {"now": "2027-01-01T09:00:00+00:00"})
    assert sandbox.clock.now().isoformat() == answer.json()["now"]
    assert caller.post("/_sandbox/reset").json() == caller.get("/_sandbox/clock").json() == {"now": "2026-11-02T09:00:00+00:00"}


def test_the_controls_are_listed(caller: httpx.Client) -> None:
    assert "GET /_sandbox/state" in caller.get("/_sandbox/").json()


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer another"},
        {"authorization": f"Basic {KEY}"},
        {"authorization": "Bearer é".encode()},  # no ASCII
    ],
)
def test_without_the_key_of_the_run_nothing_is_done(headers: dict[str, Any], caller: httpx.Client) -> None:
    answer = caller.post("/_sandbox/clock", json={"days": 1}, headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert "FB_CONTROL_KEY" in error(answer)["remedy"]


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},  # a name that was made to lead here
        {"host": "127.0.0.1.evil.example"},
        {"host": "graph.facebook.com"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
    ],
)
def test_no_page_of_another_site_gets_in_even_with_the_key(headers: dict[str, str], caller: httpx.Client) -> None:
    answer = caller.post("/_sandbox/clock", json={"days": 1}, headers=headers)
    assert answer.status_code == 403
    assert "another site" in error(answer)["message"]


def test_a_form_that_another_site_posts_is_refused(caller: httpx.Client) -> None:
    form = {"origin": "http://evil.example", "authorization": ""}
    assert error(caller.post("/_sandbox/reset", data={"days": "1"}, headers=form))
    assert caller.post("/_sandbox/reset", data={"days": "1"}, headers=form).status_code == 403
    assert caller.options("/_sandbox/reset", headers=form).status_code == 403, "no preflight either"


def test_a_request_without_a_host_is_refused(caller: httpx.Client) -> None:
    near = http.client.HTTPConnection("127.0.0.1", caller.base_url.port or 0)
    near.putrequest("GET", "/_sandbox/state", skip_host=True)
    near.putheader("Authorization", f"Bearer {KEY}")
    near.endheaders()
    assert near.getresponse().status in {400, 403}
    near.close()


def test_what_is_no_control_is_404_and_a_method_it_does_not_take_405(caller: httpx.Client) -> None:
    for path in ("nope", "clock/now", "clock/", "state%00"):
        answer = caller.get(f"/_sandbox/{path}")
        assert answer.status_code == 404
        assert "clock" in error(answer)["remedy"]
    answer = caller.put("/_sandbox/faults", json={})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST, DELETE")
    assert error(answer)["remedy"] == "It takes POST and DELETE."


@pytest.mark.parametrize("body", ["[]", "days=1", '{"days": "2"}', '{"days": -1}', '{"days": 1e99}', '{"parsecs": 1}', "\udcff"])
def test_what_a_control_cannot_be_told_is_400(body: str, caller: httpx.Client) -> None:
    answer = caller.post("/_sandbox/clock", content=body.encode("utf-8", "surrogateescape"))
    assert answer.status_code == 400
    assert "days" in json.dumps(error(answer)) or "_sandbox" in error(answer)["remedy"]


def test_a_control_is_no_call_of_graph(served: tuple[Sandbox, httpx.Client]) -> None:
    sandbox, caller = served
    for path in ("", "state", "nope", "a/b"):
        caller.get(f"/_sandbox/{path}")
    assert sandbox.requests == []


def test_a_key_that_nobody_was_told_opens_nothing() -> None:
    sandbox = Sandbox()
    before = sandbox.checkpoint()
    with sandbox.serve() as url:
        assert httpx.post(f"{url}/_sandbox/clock", json={"days": 1}, headers=BEARER, trust_env=False).status_code == 401
    assert sandbox.checkpoint() == before
