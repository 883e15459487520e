"""The Stepper, clicked without a browser: it shows what the walk did and will do, goes back, and keeps no secret."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from capture import Capture
from hands import click, live_client, saved, shown

from fbnb.client import GraphClient
from fbnb.flows.login import log_in
from fbnb.flows.revoke import list_permissions
from fbnb.pytest_plugin import GraphServer
from fbnb.sandbox import Sandbox
from fbnb.settings import Target
from fbnb.store import TokenStore
from fbnb.store_walks import walk_store
from fbnb.tokens import AccessToken
from fbnb.walk import Step, Walk
from fbnb.walks import walk_app_tokens, walk_login, walk_long_lived, walk_page_tokens, walk_revoke
from fbnb.widgets.stepper import Stepper
from fbnb.widgets.words import said


def press(stepper: Stepper, times: int) -> None:
    for _ in range(times):
        stepper.next_button.click()


def test_it_shows_request_answer_and_what_is_held(client: GraphClient) -> None:
    stepper = Stepper(walk_login(client))
    assert "Next is step 1 of 5" in shown(stepper)
    assert "You hold nothing yet" in shown(stepper)
    press(stepper, 5)
    assert stepper.walk.done
    assert stepper.next_button.disabled
    assert "GET /v26.0/oauth/access_token?" in stepper.wire.value
    assert "Answered 200" in stepper.wire.value
    assert "You now hold</caption>" in stepper.held.value
    assert "AccessToken(USER EAA…" in stepper.held.value
    stepper.over_button.click()
    assert not stepper.next_button.disabled
    assert "Next is step 1 of 5" in shown(stepper)


def test_the_request_is_shown_before_it_is_sent(client: GraphClient) -> None:
    stepper = Stepper(walk_login(client))
    assert "Next will send nothing" in stepper.request.value
    press(stepper, 4)
    assert "Next will send to graph.facebook.com" in stepper.request.value
    assert "GET /v26.0/oauth/access_token?client_id=1000000000001" in stepper.request.value
    assert client.wire.count == 1, "the dialog alone"
    press(stepper, 1)
    assert stepper.request.value == ""


def test_the_inputs_of_a_step_have_defaults_and_can_be_changed(client: GraphClient) -> None:
    stepper = Stepper(walk_login(client, ["email", "pages_show_list"]))
    assert stepper.inputs == {}
    press(stepper, 1)
    assert stepper.inputs["scopes"].value == "email,pages_show_list"
    stepper.inputs["scopes"].value = "user_friends"
    assert 'scopes = "user_friends"' in stepper.code.value
    press(stepper, 4)
    granted = {permission.name for permission in list_permissions(client, stepper.walk.held["user token"])}
    assert granted == {"public_profile", "user_friends"}


def test_a_mistyped_input_is_said_and_stays_to_be_mended(client: GraphClient) -> None:
    stepper = Stepper(walk_login(client))
    press(stepper, 1)
    stepper.inputs["scopes"].value = "emial"
    press(stepper, 1)
    assert "It did not work. There is no permission &#x27;emial&#x27;. Did you mean email?" in stepper.where.value
    assert stepper.inputs["scopes"].value == "emial"
    stepper.inputs["scopes"].value = "email"
    press(stepper, 1)
    assert "step 3 of 5" in stepper.where.value


def test_a_token_typed_as_an_input_does_not_stay(client: GraphClient, short: AccessToken) -> None:
    stepper = Stepper(walk_login(client))
    press(stepper, 1)
    stepper.inputs["scopes"].value = short.value.reveal()
    assert short.value.reveal() not in shown(stepper) + str(stepper.inputs["scopes"].get_state()) + stepper.code.value
    assert "EAA…" in stepper.inputs["scopes"].value


def test_back_really_goes_back(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    stepper = Stepper(walk_revoke(client, log_in(client, ["email"])))
    assert stepper.back_button.disabled
    press(stepper, 2)
    sandbox.clock.advance(days=1)
    stepper.back_button.click()
    assert "Next is step 2 of 5: take one of them back." in stepper.where.value
    assert "taken back" not in stepper.held.value
    press(stepper, 1)
    stepper.back_button.click()
    stepper.inputs["permission"].value = "pages_show_list"
    press(stepper, 4)
    assert "TokenInfo(USER, not valid" in stepper.held.value
    stepper.over_button.click()
    assert stepper.back_button.disabled
    assert sandbox.clock.now() == short.issued_at
    assert client.get("me", short)["name"] == "Mara Quay", "what the walk had taken back is given again"


@pytest.mark.parametrize(
    ("way", "code"),
    [
        ("fbnb", "from fbnb import extend_user_token\n# token: AccessToken(USER EAA…"),
        (
            "curl",
            'curl "https://graph.facebook.com/v26.0/oauth/access_token?grant_type=fb_exchange_token&client_id=1000000000001',
        ),
        ("httpx", 'httpx.get("https://graph.facebook.com/v26.0/oauth/access_token", params={'),
    ],
)
def test_a_step_can_be_copied_with_its_secrets_as_variables(way: str, code: str, client: GraphClient, short: AccessToken) -> None:
    stepper = Stepper(walk_long_lived(client, short))
    stepper.copy_as.value = way
    assert stepper.code.value.startswith(code)
    if way != "fbnb":
        assert "CLIENT_SECRET" in stepper.code.value
        assert "FB_EXCHANGE_TOKEN" in stepper.code.value
    press(stepper, 3)
    assert "debug_token" in stepper.code.value, "the last step, at the end"


def test_a_token_put_into_the_code_does_not_stay(client: GraphClient, short: AccessToken) -> None:
    stepper = Stepper(walk_long_lived(client, short))
    stepper.copy_as.value = "curl"
    stepper.code.value = stepper.code.value.replace("$FB_EXCHANGE_TOKEN", short.value.reveal())
    assert short.value.reveal() not in saved(stepper)


def test_a_step_that_sends_nothing_has_nothing_to_copy_but_its_code(client: GraphClient) -> None:
    stepper = Stepper(walk_login(client))
    assert stepper.code.value == "state = client.nonce()"
    stepper.copy_as.value = "curl"
    assert stepper.code.value == "# Nothing to copy: this step sends nothing that is known beforehand."


def test_a_walk_of_ones_own_can_be_driven_too(client: GraphClient) -> None:
    stepper = Stepper(Walk(client, "mine", [Step("count", "many", lambda c, held: list(range(50)))]))
    assert stepper.code.value == ""
    press(stepper, 1)
    assert "50: 0, 1, 2" in stepper.held.value
    assert "19 and 30 more" in stepper.held.value


def test_a_click_from_the_browser_is_a_click_and_a_double_click_is_one(client: GraphClient) -> None:
    stepper = Stepper(walk_login(client))
    for _ in range(3):
        click(stepper.next_button)
    assert "Next is step 2 of 5" in stepper.where.value


def test_a_refusal_is_shown_where_the_person_looks(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    stepper = Stepper(walk_long_lived(client, short))
    sandbox.clock.advance(hours=3)
    press(stepper, 1)
    assert "It was refused. Graph refused (190/463)" in stepper.where.value
    assert not stepper.next_button.disabled
    stepper.back_button.click()
    assert stepper.where.value == said("Next is step 1 of 3: extend it, with the app secret.")
    stepper.back_button.click()
    assert "There is no step to go back from" in stepper.where.value


def test_long_lists_are_shortened(client: GraphClient, short: AccessToken) -> None:
    stepper = Stepper(walk_page_tokens(client, short))
    press(stepper, 2)
    assert "… and 7 more" in stepper.wire.value
    assert "8: Harbour Bakery, Lighthouse Books" in stepper.held.value


BACK = "http://localhost:8400/callback?code=a-secret-code&state=the-state#_=_"


def live(answers: list[Any] | None = None) -> tuple[Stepper, Capture]:
    """A login on live Graph, before its dialog; and what was sent."""
    capture = Capture(answers or [{"access_token": "EAAx", "expires_in": 5}])
    stepper = Stepper(walk_login(live_client(capture)))
    press(stepper, 2)
    return stepper, capture


def test_live_the_redirect_is_pasted_beside_the_button() -> None:
    stepper, capture = live()
    assert "Address it led to" not in shown(stepper), "it is asked for where there is a dialog"
    press(stepper, 1)
    assert "Paste the address it led to" in stepper.where.value
    assert "dialog/oauth" in stepper.held.value
    assert 'href="https://www.facebook.com/v26.0/dialog/oauth?' in shown(stepper)
    stepper.pasted.value = BACK
    assert stepper.pasted.value == ""
    assert "••••••••" in shown(stepper)
    press(stepper, 1)
    assert "Address it led to" not in shown(stepper)
    assert len(capture.requests) == 0, "no rehearsal has sent anything"
    press(stepper, 2)
    assert stepper.walk.done
    assert "a-secret-code" not in saved(stepper)
    stepper.back_button.click()
    assert "step 5 of 5: exchange the code. What was done at Graph stays done." in stepper.where.value


@pytest.mark.parametrize(
    ("pasted", "told"),
    [
        ("rubbish", "That is not a URL."),
        ("http://localhost:8400/elsewhere?code=a-secret-code", "That URL leads to localhost:8400/elsewhere"),
    ],
)
def test_a_mistyped_paste_is_said_and_can_be_pasted_again(pasted: str, told: str) -> None:
    stepper, _ = live()
    press(stepper, 1)
    stepper.pasted.value = pasted
    press(stepper, 1)
    assert told in stepper.where.value
    assert "step 3 of 5" in stepper.where.value
    stepper.pasted.value = BACK
    press(stepper, 3)
    assert stepper.walk.done
    assert "a-secret-code" not in saved(stepper)


def test_live_a_step_that_makes_its_own_state_takes_up_the_same_login() -> None:
    nonces = iter(["first", "second", "third"])
    client = replace(live_client(Capture([{"access_token": "EAAx", "expires_in": 5}])), nonce=lambda: next(nonces))
    stepper = Stepper(Walk(client, "mine", [Step("log in", "token", lambda c, held: log_in(c, ["email"]))]))
    press(stepper, 1)
    assert "state=first" in shown(stepper)
    press(stepper, 1)
    assert "state=first" in shown(stepper)
    stepper.pasted.value = BACK.replace("the-state", "first")
    press(stepper, 1)
    assert stepper.walk.done, stepper.where.value
    stepper.over_button.click()
    press(stepper, 1)
    assert "state=second" in shown(stepper)


def test_starting_over_empties_what_was_pasted() -> None:
    stepper, _ = live()
    press(stepper, 1)
    stepper.pasted.value = BACK
    stepper.over_button.click()
    assert stepper.pasted.value == ""
    press(stepper, 3)
    assert "Open the address, and log in." in stepper.where.value


def test_what_is_held_is_redacted_and_cut_off(client: GraphClient, short: AccessToken) -> None:
    text = short.value.reveal()
    steps = [
        Step("a list", "listed", lambda c, held: [text, SimpleNamespace(name=5)]),
        Step("a long text", "long", lambda c, held: "x" * 100_000),
        Step("many requests", "asked", lambda c, held: [c.get("me", short) for _ in range(30)]),
    ]
    stepper = Stepper(Walk(client, "mine", steps))
    press(stepper, 3)
    assert text not in saved(stepper)
    assert "2: &#x27;EAA…" in stepper.held.value
    assert "(100000 characters)" in stepper.held.value
    assert stepper.wire.value.count("Answered 200") == 20
    assert "and 10 more requests" in stepper.wire.value


def test_a_defect_in_a_step_of_ones_own_is_said(client: GraphClient) -> None:
    stepper = Stepper(Walk(client, "mine", [Step("divide", "quotient", lambda c, held: 1 / 0)]))
    press(stepper, 1)
    assert "in a function of yours: ZeroDivisionError" in stepper.where.value


def test_the_code_names_what_the_walk_was_made_with(client: GraphClient, short: AccessToken) -> None:
    stepper = Stepper(walk_long_lived(client, short))
    told = f"# token: AccessToken(USER {short.hint}, expires 2026-11-02 11:00 UTC)"
    assert stepper.code.value == f"from fbnb import extend_user_token\n{told}\nlong = extend_user_token(client, token)"


def test_what_is_not_known_beforehand_is_not_called_nothing(client: GraphClient, own: TokenStore) -> None:
    stepper = Stepper(walk_store(client, own))
    press(stepper, 2)
    assert "Next will send what is shown once it was sent" in stepper.request.value
    assert stepper.code.value.startswith("# store: TokenStore\n# scopes: ('email'")
    stepper.copy_as.value = "curl"
    assert "sends nothing that is known beforehand" in stepper.code.value
    stepper.over_button.click()
    assert "What the store has taken in stays in it." in stepper.where.value


def test_a_served_sandbox_is_where_the_copied_request_goes(graph_server: GraphServer) -> None:
    settings = replace(graph_server.client.settings, target=Target.SERVED, served=graph_server.url)
    stepper = Stepper(walk_app_tokens(replace(graph_server.client, settings=settings)))
    stepper.copy_as.value = "curl"
    assert stepper.code.value.startswith(f'curl "{graph_server.url}/v26.0/oauth/access_token?')
