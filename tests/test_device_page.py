"""The page on which a device's code is typed in, and what the app on it then asks."""

from __future__ import annotations

import pytest
from forms import Visit

from fbnb.client import GraphClient
from fbnb.errors import LoginDeclined, LoginPending
from fbnb.flows.device_login import DeviceLogin, poll_device_login, start_device_login
from fbnb.flows.revoke import list_permissions
from fbnb.sandbox import Sandbox


@pytest.fixture
def login(client: GraphClient) -> DeviceLogin:
    return start_device_login(client, ["email"])


def at(sandbox: Sandbox, user_code: str, **asked: str) -> Visit:
    return Visit(sandbox, "/device", {"user_code": user_code} | asked)


def test_the_page_asks_for_a_code_and_for_nothing_else(sandbox: Sandbox) -> None:
    seen = Visit(sandbox, "/device", {}).seen()
    assert [(form.method, form.fields, list(form.buttons)) for form in seen.forms] == [("get", {"user_code": ""}, ["Continue"])]
    assert "No device is waiting" not in seen.text


def test_a_wrong_code_is_said_where_a_screen_reader_finds_it(sandbox: Sandbox, login: DeviceLogin) -> None:
    seen = at(sandbox, "WRONG").seen()
    assert "No device is waiting with that code." in seen.text
    field = next(told for tag, told in seen.tags if tag == "input")
    alert = next(told for _, told in seen.tags if told.get("role") == "alert")
    assert (field["value"], field["aria-invalid"], field["aria-describedby"]) == ("WRONG", "true", alert["id"])


def test_continue_logs_the_device_in(client: GraphClient, sandbox: Sandbox, login: DeviceLogin) -> None:
    visit = at(sandbox, f" {login.user_code.lower()} ")
    assert "Harbour Notes asks Mara Quay" in visit.seen().text
    assert "you are led back to your device" in visit.seen().text
    answer = visit.press("Continue")
    assert (answer.status, "It is logged in now." in answer.body) == (200, True)
    assert client.get("me", poll_device_login(client, login))["name"] == "Mara Quay"


def test_what_is_unticked_is_declined(client: GraphClient, sandbox: Sandbox, login: DeviceLogin) -> None:
    at(sandbox, login.user_code).press("Continue", "email")
    token = poll_device_login(client, login)
    assert {"email": "declined"}.items() <= {found.name: found.status for found in list_permissions(client, token)}.items()


def test_cancel_tells_the_device(client: GraphClient, sandbox: Sandbox, login: DeviceLogin) -> None:
    assert "You said no, and it will know." in at(sandbox, login.user_code).press("Cancel").body
    with pytest.raises(LoginDeclined):
        poll_device_login(client, login)


@pytest.mark.parametrize("button", ["Continue", "Cancel"])
def test_a_code_is_answered_once(sandbox: Sandbox, login: DeviceLogin, button: str) -> None:
    visit = at(sandbox, login.user_code)
    sent = visit.seen().asks.pressed(button)
    visit.answer(sent)
    assert "No device is waiting with that code." in visit.answer(sent).body


def test_a_code_that_is_over_is_no_code(sandbox: Sandbox, login: DeviceLogin) -> None:
    sandbox.clock.advance(seconds=420)
    assert "No device is waiting with that code." in at(sandbox, login.user_code).seen().text


def test_someone_without_a_role_on_the_app_cannot_answer(client: GraphClient, sandbox: Sandbox, login: DeviceLogin) -> None:
    visit = at(sandbox, login.user_code, _person=sandbox.world.person_named("Ines Voss").id)
    assert "App Not Setup This app is still in development mode" in visit.seen().text
    visit.answer({})
    with pytest.raises(LoginPending):
        poll_device_login(client, login)


def test_nobody_of_this_world_cannot_answer(sandbox: Sandbox, login: DeviceLogin) -> None:
    assert "Nobody is logged in" in at(sandbox, login.user_code, _person="nobody").seen().text


@pytest.mark.parametrize("event", ["block_app", "deactivate_app", "delete_app"])
def test_an_app_that_is_gone_connects_no_device(sandbox: Sandbox, login: DeviceLogin, event: str) -> None:
    getattr(sandbox, event)()
    seen = at(sandbox, login.user_code).seen()
    assert "Feature Unavailable" in seen.text
    assert not seen.forms
