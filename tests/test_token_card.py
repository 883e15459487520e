"""A token at a glance: the card follows Graph and the clock, and says what is in the way."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
from capture import Capture, Failing
from hands import bare

from fbnb.client import GraphClient
from fbnb.flows.login import log_in
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.settings import Settings
from fbnb.tokens import AccessToken
from fbnb.widgets.token_card import TokenCard

CANARY = "EAA" + "CanaryUser" * 6


def test_it_is_asked_when_built(client: GraphClient, short: AccessToken) -> None:
    before = len(client.wire.exchanges)
    card = TokenCard(client, short)
    asked = client.wire.exchanges[-1]
    assert len(client.wire.exchanges) == before + 1
    assert asked.path.endswith("/debug_token")
    assert asked.params["access_token"] == "1000000000001|…", "with the app's token"
    assert card.info
    assert card.info.is_valid
    assert 'aria-live="polite">Live.</div>' in bare(card.message.value)
    assert "90 days left" in card.table.value
    assert "the list of Pages the person can work on (pages_show_list)" in card.table.value
    assert "<caption" in card.table.value
    assert "<th scope=row>" in bare(card.table.value)


def test_it_follows_the_clock_and_says_what_helps(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    card = TokenCard(client, short)
    sandbox.clock.advance(hours=1)
    card.refresh()
    assert "1 hour left" in card.snapshot()
    sandbox.clock.advance(hours=2)
    assert "Live." in card.message.value, "until it is told to look"
    card.refresh()
    assert "Dead. The token&#x27;s time ran out. Log in again" in card.message.value
    assert "over since 1 hour" in card.table.value
    assert "can call" not in card.table.value


def test_it_follows_what_happened(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    card = TokenCard(client, short)
    sandbox.remove_app("Mara Quay")
    card.refresh()
    assert "Dead. The person removed the app" in card.message.value


def test_a_token_that_is_not_made_yet(client: GraphClient, sandbox: Sandbox) -> None:
    before = sandbox.checkpoint()
    card = TokenCard(client, log_in(client))
    sandbox.rewind(before)
    card.refresh()
    assert "Not made yet" in card.message.value
    assert "USER EAA…" in card.table.value


def test_what_is_in_the_way_is_said_and_what_is_known_is_shown(client: GraphClient, short: AccessToken) -> None:
    broken = replace(client, transport=Failing(lambda request: httpx.ConnectError(f"refused {CANARY}", request=request)))
    card = TokenCard(broken, short)
    assert card.info is None
    assert 'role="alert"' in card.message.value
    assert "Check the network" in card.message.value
    assert "By its own clock alone: live." in card.message.value
    assert "2026-11-02 11:00 UTC, 1 hour left" in card.table.value, "the retries took time"
    assert CANARY not in card.snapshot()


def test_an_answer_once_had_does_not_stay_when_the_next_fails(client: GraphClient, short: AccessToken) -> None:
    data = {"is_valid": True, "type": "USER", "scopes": ["email"], "application": "<b>"}
    card = TokenCard(replace(client, transport=Capture([{"data": data}, {}])), short)
    assert "(email)" in card.table.value
    card.refresh()
    assert card.info is None
    assert "(email)" not in card.snapshot()


def test_without_an_app_secret_it_says_what_to_set(client: GraphClient, short: AccessToken) -> None:
    card = TokenCard(replace(client, settings=Settings(app_id="1000000000001")), short)
    assert "FBNB_APP_SECRET" in card.message.value


@pytest.mark.parametrize("text", [CANARY, "no-token-shape-at-all-canary", "a b\n"])
def test_no_text_of_a_token_is_shown_whatever_it_is(text: str, client: GraphClient) -> None:
    card = TokenCard(client, AccessToken(Secret(text), label=f"<i>{CANARY}"))
    assert card.info is None or not card.info.is_valid
    for place in (card.snapshot(), str(card.view.get_state()), *(str(each.get_state()) for each in card.view.children)):
        assert text not in place
        assert "<i>" not in place
    assert text not in f"{vars(card)}"
