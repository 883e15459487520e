"""A device login: two codes, polls that wait, and each way in which it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from fbnb.client import GraphClient
from fbnb.errors import (
    CodeRejected,
    DialogRefused,
    InputError,
    LoginDeclined,
    LoginPending,
    RateLimited,
    RequestInvalid,
    ScopeUnknown,
    SettingError,
    TokenExpired,
    TokenMalformed,
    WrongTokenKind,
)
from fbnb.flows.app_tokens import compose_app_token
from fbnb.flows.debug_token import debug_token
from fbnb.flows.device_login import DeviceLogin, poll_device_login, start_device_login, wait_for_device_login
from fbnb.plots import qr_code
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.tokens import AccessToken
from fbnb.walks import walk_device_login


@pytest.fixture
def login(client: GraphClient) -> DeviceLogin:
    return start_device_login(client, ["email"])


def test_a_login_starts_with_a_code_to_show_and_one_to_hide(client: GraphClient, login: DeviceLogin) -> None:
    assert (len(login.user_code), login.user_code.isalpha(), login.interval) == (8, True, 5)
    assert login.expires_at == client.now() + timedelta(seconds=420)
    assert login.code.reveal() not in repr(login)
    assert repr(login).startswith(f"DeviceLogin({login.user_code} at https://www.facebook.com/device, until 2026-11-02 09:07:00")
    assert start_device_login(client).user_code != login.user_code


def test_the_qr_code_holds_the_code_to_type_and_not_the_other(login: DeviceLogin) -> None:
    assert login.qr_url == f"https://facebook.com/device?user_code={login.user_code}&qr=1"
    assert login.user_code in qr_code(login.qr_url).text


def test_whoever_types_the_code_in_is_logged_in_for_sixty_days(client: GraphClient, sandbox: Sandbox, login: DeviceLogin) -> None:
    sandbox.answer_device(login.user_code.lower(), sandbox.person("Ben Tide"))
    token = poll_device_login(client, login)
    assert client.get("me", token)["name"] == "Ben Tide"
    assert token.expires_at == client.now() + timedelta(days=60)
    assert token.data_access_until == client.now() + timedelta(days=90)
    info = debug_token(client, token)
    assert (info.scopes, info.issued_at, token.label) == (("email", "public_profile"), client.now(), "from a device")


def test_what_was_unticked_is_missing_and_the_login_stands(client: GraphClient, sandbox: Sandbox, login: DeviceLogin) -> None:
    sandbox.answer_device(login.user_code, sandbox.person(decline=["email"]))
    assert debug_token(client, poll_device_login(client, login)).scopes == ("public_profile",)


def test_the_client_token_goes_over_the_wire_and_the_secret_never(
    client: GraphClient, sandbox: Sandbox, login: DeviceLogin
) -> None:
    sandbox.answer_device(login.user_code)
    poll_device_login(client, login)
    start, poll = client.wire.exchanges
    assert (start.method, start.path, set(start.params)) == ("POST", "/v26.0/device/login", {"access_token", "scope"})
    assert (poll.method, poll.path, set(poll.params)) == ("POST", "/v26.0/device/login_status", {"access_token", "code"})
    assert start_device_login(client.without_secret()).interval == 5


def test_pending_until_answered_with_words_for_the_device(client: GraphClient, login: DeviceLogin) -> None:
    with pytest.raises(LoginPending, match=r"31/1349174.*pending action"):
        poll_device_login(client, login)
    error = client.wire.last()[0].answer["error"]
    assert error["error_user_title"] == "Device Login Authorization Pending"
    assert error["error_user_msg"].endswith("Continue polling.")


def test_too_fast_is_one_second_less_than_the_interval(client: GraphClient, sandbox: Sandbox, login: DeviceLogin) -> None:
    for seconds, expected in ((0, LoginPending), (4, RateLimited), (4, RateLimited), (5, LoginPending)):
        sandbox.clock.advance(seconds=seconds)
        with pytest.raises(expected):
            poll_device_login(client, login)


def test_too_fast_says_what_to_do(client: GraphClient, login: DeviceLogin) -> None:
    with pytest.raises(LoginPending):
        poll_device_login(client, login)
    with pytest.raises(RateLimited, match=r"17/1349172.*Wait for the interval"):
        poll_device_login(client, login)


def test_seven_minutes_to_the_second(client: GraphClient, sandbox: Sandbox, login: DeviceLogin) -> None:
    sandbox.clock.advance(seconds=419)
    with pytest.raises(LoginPending):
        poll_device_login(client, login)
    sandbox.clock.advance(seconds=1)
    with pytest.raises(CodeRejected, match=r"463/1349152.*expired.*Start the login again on the device"):
        poll_device_login(client, login)
    with pytest.raises(InputError, match="No device is waiting"):
        sandbox.answer_device(login.user_code)


def test_agreed_in_time_but_collected_too_late(client: GraphClient, sandbox: Sandbox, login: DeviceLogin) -> None:
    sandbox.answer_device(login.user_code)
    sandbox.clock.advance(seconds=420)
    with pytest.raises(CodeRejected, match="1349152"):
        poll_device_login(client, login)


def test_declined_in_words_the_world_may_change(client: GraphClient, sandbox: Sandbox, login: DeviceLogin) -> None:
    sandbox.answer_device(login.user_code, sandbox.person(cancel=True))
    with pytest.raises(LoginDeclined, match="declined"):
        poll_device_login(client, login)
    sandbox.world.defaults = msgspec.structs.replace(sandbox.world.defaults, device_declined="She said no")
    sandbox.clock.advance(seconds=5)
    with pytest.raises(LoginDeclined, match="She said no"):
        poll_device_login(client, login)


def test_the_code_is_good_for_one_token(client: GraphClient, sandbox: Sandbox, login: DeviceLogin) -> None:
    sandbox.answer_device(login.user_code)
    poll_device_login(client, login)
    sandbox.clock.advance(seconds=5)
    with pytest.raises(CodeRejected, match="Invalid device login code"):
        poll_device_login(client, login)


def test_malformed_codes_are_refused(client: GraphClient, login: DeviceLogin) -> None:
    for text in ("", "rubbish", login.code.reveal()[:-1], "ü"):
        with pytest.raises(CodeRejected, match="Invalid device login code"):
            poll_device_login(client, replace(login, code=Secret(text)))


def test_another_apps_client_token_does_not_collect(client: GraphClient, sandbox: Sandbox, login: DeviceLogin) -> None:
    pier = sandbox.world.apps["1000000000002"]
    settings = replace(client.settings, app_id=pier.id, app_secret=Secret(pier.secret), client_token=Secret(pier.client_token))
    sandbox.answer_device(login.user_code)
    with pytest.raises(CodeRejected, match="Invalid device login code"):
        poll_device_login(replace(client, settings=settings), login)
    assert poll_device_login(client, replace(login)).value


def test_only_a_client_token_starts_a_login(client: GraphClient, short: AccessToken) -> None:
    for token in (None, short, compose_app_token(client.settings)):
        with pytest.raises(WrongTokenKind, match="must be called with a client access token"):
            client.post("device/login", token)
    wrong = replace(client, settings=replace(client.settings, client_token=Secret("0" * 32)))
    with pytest.raises(TokenMalformed, match="signature"):
        start_device_login(wrong)


def test_without_a_client_token_nothing_is_sent(client: GraphClient) -> None:
    with pytest.raises(SettingError, match="FBNB_CLIENT_TOKEN"):
        start_device_login(replace(client, settings=replace(client.settings, client_token=None)))
    assert not client.wire.count


def test_a_misspelt_scope_is_found_here_and_by_graph(client: GraphClient, login: DeviceLogin) -> None:
    with pytest.raises(ScopeUnknown, match="emial"):
        start_device_login(client, ["emial"])
    token = AccessToken(Secret(f"{client.settings.app_id}|c0ffee00decafbadc0ffee00decafba1"))
    with pytest.raises(RequestInvalid, match="Invalid Scopes: emial"):
        client.without_secret().post("device/login", token, scope="emial")


def test_nobody_answers_a_code_twice_or_one_that_is_not_there(sandbox: Sandbox, login: DeviceLogin) -> None:
    sandbox.answer_device(login.user_code)
    for typed in (login.user_code, "", "NONESUCH"):
        with pytest.raises(InputError, match="No device is waiting"):
            sandbox.answer_device(typed, sandbox.person("Ben Tide"))


def test_an_app_in_development_is_for_those_with_a_role(sandbox: Sandbox, login: DeviceLogin) -> None:
    with pytest.raises(DialogRefused, match="development mode"):
        sandbox.answer_device(login.user_code, sandbox.person("Ines Voss"))
    sandbox.answer_device(login.user_code)


def test_the_token_dies_after_its_sixty_days(client: GraphClient, sandbox: Sandbox, login: DeviceLogin) -> None:
    sandbox.answer_device(login.user_code)
    token = poll_device_login(client, login)
    sandbox.clock.advance(days=59, hours=23, minutes=59, seconds=59)
    assert client.get("me", token)["name"] == "Mara Quay"
    sandbox.clock.advance(seconds=1)
    with pytest.raises(TokenExpired):
        client.get("me", token)


def test_waiting_polls_at_the_interval_until_the_end(client: GraphClient, login: DeviceLogin) -> None:
    start = client.now()
    with pytest.raises(CodeRejected, match="1349152"):
        wait_for_device_login(client, login)
    assert client.now() - start == timedelta(seconds=420)
    assert client.wire.count == 1 + 85, "the first at once, then every five seconds, the last at the end"


def test_waiting_ends_with_the_answer(client: GraphClient, sandbox: Sandbox, login: DeviceLogin) -> None:
    with pytest.raises(LoginPending):
        poll_device_login(client, login)
    sandbox.answer_device(login.user_code)
    assert wait_for_device_login(client, login).label == "from a device", "a poll too fast is waited out"
    asked = start_device_login(client)
    sandbox.answer_device(asked.user_code, sandbox.person(cancel=True))
    with pytest.raises(LoginDeclined):
        wait_for_device_login(client, asked)


def test_the_walk_waits_at_its_last_step(client: GraphClient, sandbox: Sandbox) -> None:
    walk = walk_device_login(client)
    walk.next()
    walk.position = 2  # nobody has typed it in
    walk.next()
    assert isinstance(walk.error, LoginPending)
    assert (walk.position, walk.done) == (2, False)
    sandbox.answer_device(walk.held["login"].user_code)
    walk.next()
    assert walk.done
    assert walk.held["user token"].label == "from a device"


def test_the_walk_has_the_person_type_the_code_in(client: GraphClient) -> None:
    walk = walk_device_login(client)
    while not walk.done:
        walk.next()
        assert walk.error is None
    assert walk.held["typed in"] == f"{walk.held['login'].user_code}, at {walk.held['login'].verification_uri}"
