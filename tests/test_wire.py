"""What is kept of a request can be shown to anyone."""

from __future__ import annotations

import pytest

from fbnb.client import GraphClient
from fbnb.errors import GraphError
from fbnb.flows.debug_token import debug_token
from fbnb.sandbox import Sandbox
from fbnb.tokens import AccessToken
from fbnb.wire import KEPT, Wire


def test_every_exchange_is_kept_redacted(client: GraphClient, short: AccessToken) -> None:
    debug_token(client, short)
    dialog, exchange, debug = client.wire.exchanges
    assert (dialog.host, dialog.status) == ("www.facebook.com", 302)
    assert dialog.headers["location"].startswith("http://localhost:8400/callback?code=…&state=")
    assert exchange.request == (
        "GET /v26.0/oauth/access_token?client_id=1000000000001&redirect_uri=http://localhost:8400/callback&client_secret=…&code=…"
    )
    assert exchange.answer == {"access_token": short.hint, "token_type": "bearer", "expires_in": 7200}
    assert exchange.headers == {"facebook-api-version": "v26.0"}
    assert debug.params == {"input_token": short.hint, "access_token": "1000000000001|…", "appsecret_proof": "…"}
    assert "issued_at" not in debug.answer_text


def test_a_refusal_is_kept_with_its_header(client: GraphClient) -> None:
    with pytest.raises(GraphError):
        client.get("me")
    assert client.wire.last()[0].status == 400
    assert "invalid_request" in client.wire.last()[0].headers["www-authenticate"]


def test_a_token_in_an_unexpected_place_is_hidden_too(client: GraphClient, short: AccessToken) -> None:
    text = short.value.reveal()
    with pytest.raises(GraphError) as caught:
        client.get(f"{text}/accounts", short, note=f"see {text}")
    assert text not in f"{client.wire.exchanges} {caught.value!r}"


def test_the_log_is_bounded_and_can_be_read_from_a_mark(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.assume(calls_per_user=10_000, calls_of_one_user=10_000)
    mark = client.wire.count
    for _ in range(KEPT + 5):
        client.get("me", short)
    assert len(client.wire.exchanges) == KEPT
    assert client.wire.since(client.wire.count - 2)[0].number == mark + KEPT + 4
    assert [exchange.number for exchange in client.wire.last(2)] == [mark + KEPT + 4, mark + KEPT + 5]
    assert Wire().last() == []
