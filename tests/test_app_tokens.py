"""Tokens without a person: asked for or composed, what they open, and how they end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from fbnb.client import GraphClient
from fbnb.errors import AppCredentialsWrong, ProofRejected, SettingError, TokenMalformed, WrongTokenKind
from fbnb.flows.app_tokens import compose_app_token, compose_client_token, get_app_token
from fbnb.flows.debug_token import debug_token
from fbnb.flows.device_login import start_device_login
from fbnb.flows.page_tokens import list_pages
from fbnb.flows.revoke import list_permissions, revoke_login
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.settings import Settings
from fbnb.tables import token_table
from fbnb.tokens import NEVER, AccessToken, TokenKind
from fbnb.walks import walk_app_tokens

MARA = "2100000000001"


def from_graph(client: GraphClient) -> AccessToken:
    return get_app_token(client)


def composed(client: GraphClient) -> AccessToken:
    return compose_app_token(client.settings)


def from_client_token(client: GraphClient) -> AccessToken:
    return compose_client_token(client.settings)


Make = Callable[[GraphClient], AccessToken]
APP = pytest.mark.parametrize("make", [from_graph, composed])
ALL = pytest.mark.parametrize("make", [from_graph, composed, from_client_token])


def test_the_app_token_is_composed_and_never_shown(client: GraphClient) -> None:
    token = compose_app_token(client.settings)
    assert token.value.reveal() == "1000000000001|decafbadc0ffee00decafbadc0ffee01"
    assert repr(token) == "AccessToken(APP 1000000000001|…, never expires)"
    assert not client.wire.exchanges
    with pytest.raises(SettingError, match="FBNB_APP_ID and FBNB_APP_SECRET"):
        compose_app_token(Settings(app_id="1000000000001"))


def test_an_app_token_has_no_clock(client: GraphClient) -> None:
    info = debug_token(client, compose_app_token(client.settings))
    assert (info.kind, info.is_valid, info.expires_at, info.data_access_expires_at) == (TokenKind.APP, True, None, None)


def test_graph_makes_one_that_has_no_secret_in_it(client: GraphClient) -> None:
    token = get_app_token(client)
    number, _, rest = token.value.reveal().partition("|")
    assert (number, len(rest)) == ("1000000000001", 27)
    assert (token.kind, token.expires_at, token.issued_at) == (TokenKind.APP, NEVER, client.now())
    assert repr(token) == "AccessToken(APP 1000000000001|…, never expires)"
    assert get_app_token(client).value == token.value != compose_app_token(client.settings).value


def test_the_client_token_is_composed_from_the_dashboards(client: GraphClient) -> None:
    token = compose_client_token(client.settings)
    assert token.value.reveal() == "1000000000001|c0ffee00decafbadc0ffee00decafba1"
    assert (token.kind, token.expires_at) == (TokenKind.CLIENT, NEVER)
    assert not client.wire.exchanges
    for settings in (Settings(app_id="1000000000001"), Settings(client_token=client.settings.client_token)):
        with pytest.raises(SettingError, match="FBNB_APP_ID and FBNB_CLIENT_TOKEN"):
            compose_client_token(settings)


@pytest.mark.parametrize("secret", [Secret("0" * 32), Secret("c0ffee00decafbadc0ffee00decafba1"), None])
def test_no_app_token_without_the_right_secret(secret: Secret | None, client: GraphClient) -> None:
    with pytest.raises(AppCredentialsWrong, match="client secret"):
        get_app_token(replace(client, settings=replace(client.settings, app_secret=secret)))


def test_no_app_token_for_an_app_that_is_none(client: GraphClient) -> None:
    with pytest.raises(AppCredentialsWrong, match=r"101.*Invalid application ID"):
        get_app_token(replace(client, settings=replace(client.settings, app_id="1000000000009")))


@APP
def test_the_app_may_ask_about_tokens_and_about_what_people_granted(make: Make, client: GraphClient, short: AccessToken) -> None:
    token = make(client)
    assert debug_token(client, short, using=token).user_id == MARA
    assert debug_token(client, token, using=token).kind is TokenKind.APP
    assert [granted.name for granted in list_permissions(client, token, user_id=MARA)] == ["pages_show_list", "public_profile"]
    assert revoke_login(client, token, user_id=MARA)
    assert not debug_token(client, short, using=token).is_valid


@ALL
def test_none_of_them_is_a_person(make: Make, client: GraphClient, short: AccessToken) -> None:
    token, page = make(client), list_pages(client, short)[0].id
    for path in ("me", "me/accounts", "me/permissions"):
        with pytest.raises(WrongTokenKind, match=r"2500.*active access token"):
            client.get(path, token)
    for path in (MARA, f"{MARA}/accounts", page):
        with pytest.raises(WrongTokenKind, match=r"102.*user access token is required"):
            client.get(path, token)


@APP
def test_a_device_login_wants_the_weaker_token(make: Make, client: GraphClient) -> None:
    with pytest.raises(WrongTokenKind, match=r"190.*client access token"):
        client.post("device/login", make(client), scope="email")
    assert start_device_login(client, ["email"]).user_code


def test_the_client_token_may_not_ask_about_anyone(client: GraphClient, short: AccessToken) -> None:
    token = compose_client_token(client.settings)
    with pytest.raises(WrongTokenKind, match=r"100.*must provide an app access token"):
        debug_token(client, short, using=token)
    with pytest.raises(WrongTokenKind, match="102"):
        list_permissions(client, token, user_id=MARA)
    with pytest.raises(WrongTokenKind, match="102"):
        revoke_login(client, token, user_id=MARA)
    assert debug_token(client, short).is_valid


def test_another_apps_app_token_asks_about_its_own_only(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    pier = sandbox.world.apps["1000000000002"]
    other = replace(client, settings=replace(client.settings, app_id=pier.id, app_secret=Secret(pier.secret)))
    with pytest.raises(WrongTokenKind, match="did not match the Viewing App"):
        debug_token(other, short, using=get_app_token(other))


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("1000000000001|abc", TokenMalformed, "signature"),
        ("1000000000001|c0ffee00decafbadc0ffee00decafba2", TokenMalformed, "signature"),
        ("1000000000001|", TokenMalformed, "Cannot parse"),
        ("123|abc", AppCredentialsWrong, "Cannot get application info"),
        ("notes|abc", TokenMalformed, "Cannot parse"),
    ],
)
def test_what_only_looks_like_an_app_token(text: str, error: type[Exception], words: str, client: GraphClient) -> None:
    token = AccessToken(Secret(text), TokenKind.APP)
    with pytest.raises(error, match=words):
        debug_token(client, token, using=token)


@APP
def test_an_app_token_ends_with_its_secret_and_never_before(
    make: Make, client: GraphClient, sandbox: Sandbox, short: AccessToken
) -> None:
    token = make(client)
    sandbox.clock.advance(days=3650)
    assert debug_token(client, token, using=token).is_valid
    sandbox.reset_secret(client.settings.app_id)
    with pytest.raises(TokenMalformed, match="Invalid OAuth access token signature"):
        debug_token(client, short, using=token)


def test_a_secret_reset_ends_the_old_secret_its_proofs_and_nothing_else(
    client: GraphClient, sandbox: Sandbox, short: AccessToken
) -> None:
    old = get_app_token(client)
    sandbox.reset_secret(client.settings.app_id)
    with pytest.raises(AppCredentialsWrong, match="client secret"):
        get_app_token(client)
    with pytest.raises(ProofRejected, match="Invalid appsecret_proof"):
        client.get("me", short)
    assert client.without_secret().get("me", short)["name"] == "Mara Quay"
    assert start_device_login(client).user_code
    fresh = replace(client, settings=replace(client.settings, app_secret=Secret(sandbox.world.secret("1000000000001"))))
    assert get_app_token(fresh).value != old.value
    info = debug_token(fresh, old)
    assert info.error
    assert (info.is_valid, info.error.message) == (False, "Invalid OAuth access token signature.")


def test_the_table_shows_no_more_than_the_app_id(client: GraphClient) -> None:
    table = token_table([make(client) for make in (from_graph, composed, from_client_token)], now=client.now())
    assert table["hint"].to_list() == ["1000000000001|…"] * 3
    assert table["kind"].to_list() == ["APP", "APP", "CLIENT"]
    assert table["time left"].to_list() == ["never ends"] * 3


def test_two_steps_of_the_walk_send_nothing(client: GraphClient) -> None:
    walk, sent = walk_app_tokens(client), []
    while not walk.done:
        walk.next()
        assert walk.error is None
        sent.append(len(walk.exchanges))
    assert sent == [1, 0, 1, 0]
    assert walk.held["its info"].kind is TokenKind.APP
