"""The debugger: paste or pick, read it in words, extend it; what was pasted stays nowhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import ipywidgets as w
import pytest
from capture import Failing
from hands import bare, click, everything

from fbnb.client import GraphClient
from fbnb.flows.app_tokens import compose_app_token, compose_client_token
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.flows.session_info import get_session_info_token
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.tokens import AccessToken, TokenKind
from fbnb.widgets.token_debugger import TokenDebugger

CANARY = "EAA" + "CanaryUser" * 6


@pytest.fixture
def debugger(client: GraphClient, short: AccessToken) -> TokenDebugger:
    return TokenDebugger(client, [short])


def paste(debugger: TokenDebugger, text: str) -> None:
    debugger.pasted.set_state({"value": text})  # as the browser does


def everywhere(debugger: TokenDebugger) -> str:
    """All that could be saved or shown of it."""
    states = [f"{widget.get_state()}{widget!r}" for widget in everything(debugger.view)]
    inner = f"{vars(debugger)}{vars(debugger.picker)}{debugger!r}"
    return f"{states}{debugger.snapshot()}{debugger._repr_mimebundle_()}{inner}"


def test_a_picked_token_is_read_in_words(debugger: TokenDebugger, short: AccessToken) -> None:
    assert debugger.info is None
    assert "Nothing was debugged yet." in debugger.snapshot()
    click(debugger.debug_button)
    assert debugger.info
    assert debugger.info.kind is TokenKind.USER
    assert f"What Graph says of {short.hint}" in debugger.table.value
    assert "the list of Pages the person can work on" in debugger.table.value
    assert f'aria-live="polite">{short.hint}: Live.' in bare(debugger.message.value)


def test_an_error_is_explained(debugger: TokenDebugger, sandbox: Sandbox) -> None:
    sandbox.log_out("Mara Quay")
    debugger.debug_button.click()
    assert "logged_out_or_session_invalid" in debugger.table.value
    assert "what to do" in debugger.table.value
    assert "Dead." in debugger.message.value


def test_a_pasted_token_goes_to_the_picker_and_its_field_is_emptied(client: GraphClient) -> None:
    page = list_pages(client, log_in(client, ["pages_show_list"]))[0].token
    assert page
    debugger = TokenDebugger(client)
    paste(debugger, f"  {page.value.reveal()}\n")
    assert debugger.pasted.value == ""
    assert f"Picked what was pasted, {page.hint}." in debugger.message.value
    assert debugger.info is None
    debugger.debug_button.click()
    assert debugger.info
    assert debugger.info.profile_id == "3000000000001"
    assert f"PAGE {page.hint} pasted" in debugger.snapshot(), "its kind is told by Graph"
    assert len(debugger.picker.tokens) == 1


def test_one_that_is_there_already_keeps_its_name(debugger: TokenDebugger, client: GraphClient, short: AccessToken) -> None:
    debugger.picker.add(extend_user_token(client, short))
    paste(debugger, short.value.reveal())
    assert debugger.picker.token == short
    assert len(debugger.picker.tokens) == 2


@pytest.mark.parametrize("compose", [compose_app_token, compose_client_token])
def test_app_and_client_tokens_are_told_by_their_bar(compose: Any, client: GraphClient) -> None:
    token: AccessToken = compose(client.settings)
    debugger = TokenDebugger(client)
    paste(debugger, token.value.reveal())
    debugger.debug_button.click()
    assert debugger.picker.token
    assert debugger.picker.token.kind is token.kind
    assert "it lives until the " in debugger.table.value
    assert token.value.reveal() not in everywhere(debugger)
    debugger.extend_button.click()
    assert "has no end to put off" in debugger.message.value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("   ", "The access token is empty."),
        (f'"{CANARY}"', "stands in quotes"),
        (f"Bearer {CANARY}", "has a space in it"),
        (f"{CANARY}\n{CANARY}", "has a line break in it"),
        (f"{CANARY}é", "a character in it that no token has"),
    ],
)
def test_what_cannot_be_a_token_is_refused_and_does_not_stay(text: str, problem: str, debugger: TokenDebugger) -> None:
    before = debugger.picker.tokens
    paste(debugger, text)
    assert problem in debugger.message.value
    assert 'role="alert"' in debugger.message.value
    assert debugger.pasted.value == ""
    assert debugger.picker.tokens == before
    assert CANARY not in everywhere(debugger)


@pytest.mark.parametrize(
    "text", [CANARY, "no-token-shape-at-all-canary", "1000000000001|CanaryApp0123456789", "<script>x</script>"]
)
def test_a_pasted_text_stays_nowhere(text: str, client: GraphClient) -> None:
    debugger = TokenDebugger(client)
    paste(debugger, text)
    assert text not in everywhere(debugger)
    debugger.debug_button.click()
    assert debugger.info
    assert not debugger.info.is_valid
    debugger.extend_button.click()
    assert "A dead token is not extended." in debugger.message.value
    assert text not in everywhere(debugger)


def test_a_real_token_stays_nowhere_either(client: GraphClient, short: AccessToken) -> None:
    debugger = TokenDebugger(client)
    paste(debugger, short.value.reveal())
    debugger.debug_button.click()
    debugger.extend_button.click()
    assert debugger.extended
    for token in (short, debugger.extended):
        assert token.hint in everywhere(debugger)
        assert token.value.reveal() not in everywhere(debugger)


def test_nothing_to_debug_is_said(client: GraphClient) -> None:
    debugger = TokenDebugger(client)
    for button in (debugger.debug_button, debugger.extend_button):
        debugger.message.value = ""
        button.click()
        assert "There is no token to look at. Paste one." in debugger.message.value
    assert debugger.info is None


def test_extend_adds_the_new_token_and_debugs_it(debugger: TokenDebugger, short: AccessToken) -> None:
    debugger.extend_button.click()
    new = debugger.extended
    assert new
    assert debugger.picker.token
    assert [token.fingerprint for token in debugger.picker.tokens] == [short.fingerprint, new.fingerprint]
    assert debugger.picker.token.fingerprint == new.fingerprint
    assert f"Extended: the new token, {new.hint}, expires 2027-01-01 09:00 UTC." in debugger.message.value
    assert f"The old one, {short.hint}, lives on to its own end." in debugger.message.value
    assert f"What Graph says of {new.hint}" in debugger.table.value
    assert "60 days left" in debugger.table.value


def test_a_double_click_extends_once(debugger: TokenDebugger) -> None:
    for _ in range(2):
        click(debugger.extend_button)
    assert len(debugger.picker.tokens) == 2


def test_what_cannot_be_extended_says_what_to_do(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    page = list_pages(client, short)[0].token
    assert page
    debugger = TokenDebugger(client, [page])
    debugger.extend_button.click()
    assert "A Page token is not extended. Extend the user token" in debugger.message.value
    debugger.show(short)
    sandbox.clock.advance(hours=3)
    debugger.extend_button.click()
    assert "A dead token is not extended. The token&#x27;s time ran out. Log in again" in debugger.message.value
    assert debugger.extended is None


def test_a_new_token_is_not_lost_when_it_cannot_be_debugged(client: GraphClient, short: AccessToken) -> None:
    class Third(httpx.BaseTransport):
        asked = 0

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            self.asked += 1
            if self.asked >= 3:
                raise httpx.ConnectError("gone", request=request)
            return client.transport.handle_request(request)

    debugger = TokenDebugger(replace(client, transport=Third()), [short])
    debugger.extend_button.click()
    assert debugger.extended
    told = f"Extended: the new token, {debugger.extended.hint}, expires 2027-01-01 09:00 UTC. The old one, {short.hint}, lives on"
    assert f'role="status" aria-live="polite">{told}' in bare(debugger.message.value)
    assert "Debugging it failed: No answer from graph.facebook.com" in debugger.message.value
    assert debugger.extended in debugger.picker.tokens
    assert debugger.info is None


def test_the_same_token_again_is_no_new_one_beside_an_old(client: GraphClient, short: AccessToken) -> None:
    class Same(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if "oauth/access_token" not in request.url.path:
                return client.transport.handle_request(request)
            return httpx.Response(200, json={"access_token": short.value.reveal(), "expires_in": 5_184_000})

    debugger = TokenDebugger(replace(client, transport=Same()), [short])
    debugger.extend_button.click()
    assert f"Extended: the same token, {short.hint}, expires 2027-01-01 09:00 UTC.</div>" in debugger.message.value
    assert len(debugger.picker.tokens) == 1


def test_a_session_info_token_is_said_to_call_nothing_and_is_not_extended(client: GraphClient, short: AccessToken) -> None:
    debugger = TokenDebugger(client, [get_session_info_token(client, short)])
    debugger.debug_button.click()
    assert "can call</th>" in bare(debugger.table.value)
    assert "nothing: it can only be asked about, with debug_token" in debugger.table.value
    sent = client.wire.count
    debugger.extend_button.click()
    assert "A session-info token is not extended: it can only be asked about. Extend the token" in debugger.message.value
    assert (client.wire.count, debugger.extended) == (sent, None)


def test_a_token_is_handed_over(debugger: TokenDebugger, client: GraphClient, short: AccessToken) -> None:
    long = extend_user_token(client, short)
    debugger.show(long)
    assert debugger.picker.token
    assert debugger.picker.token.fingerprint == long.fingerprint
    assert f"What Graph says of {long.hint}" in debugger.table.value


def test_an_error_leaves_the_last_answer_as_it_was(client: GraphClient, short: AccessToken) -> None:
    debugger = TokenDebugger(client, [short])
    debugger.debug_button.click()
    info, table = debugger.info, debugger.table.value
    debugger._client = replace(client, transport=Failing(lambda request: httpx.ReadTimeout("slow", request=request)))
    debugger.debug_button.click()
    assert 'role="alert"' in debugger.message.value
    debugger.show(AccessToken(Secret(CANARY)))
    assert "Check the network" in debugger.message.value
    assert (debugger.info, debugger.table.value) == (info, table)
    assert CANARY not in everywhere(debugger)


def test_it_follows_the_clock_and_leaves_the_pick_alone(debugger: TokenDebugger, client: GraphClient, sandbox: Sandbox) -> None:
    debugger.refresh()
    assert debugger.info is None, "nothing is on show yet"
    debugger.debug_button.click()
    other = log_in(client, ["email"])
    debugger.picker.add(other)
    sandbox.clock.advance(hours=3)
    debugger.refresh()
    assert debugger.info
    assert not debugger.info.is_valid
    assert "Dead." in debugger.message.value
    assert debugger.picker.token == other


def test_every_input_has_a_label(debugger: TokenDebugger) -> None:
    inputs = (debugger.picker.menu, debugger.pasted, debugger.debug_button, debugger.extend_button)
    assert [each.description for each in inputs] == ["Token", "Or paste one", "Debug", "Extend"]
    assert isinstance(debugger.pasted, w.Password)
