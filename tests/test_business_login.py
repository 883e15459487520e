"""Facebook Login for Business: what a configuration asks, gives and refuses, and how the client leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from fbnb.client import GraphClient
from fbnb.errors import (
    AppCredentialsWrong,
    CodeRejected,
    DialogRefused,
    LoginCancelled,
    NotFound,
    PermissionMissing,
    ProofRejected,
    RequestInvalid,
    TokenExpired,
    TokenMalformed,
    TokenRevoked,
    WrongTokenKind,
)
from fbnb.flows.app_tokens import compose_app_token
from fbnb.flows.business_login import exchange_business_code, fetch_business_token, get_client_business, log_in_for_business
from fbnb.flows.debug_token import debug_token
from fbnb.flows.login import code_from_redirect, exchange_code, log_in, login_url
from fbnb.flows.page_tokens import list_pages
from fbnb.flows.system_user import list_system_users, refresh_system_user_token
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.tokens import NEVER, AccessToken, TokenKind
from fbnb.walks import walk_business_login

REPORTS, SIXTY_DAYS, PEOPLE = "7000000000001", "7000000000002", "7000000000003"
TIDE, HOTELS = "5000000000002", "5000000000003"
SCOPES = ("business_management", "pages_read_engagement", "pages_show_list")
INTEGRATION = "Harbour Notes integration"


@pytest.fixture
def token(client: GraphClient) -> AccessToken:
    return log_in_for_business(client, REPORTS)


def code(client: GraphClient, config_id: str = REPORTS, **params: Any) -> Secret:
    url = login_url(client, state="s", config_id=config_id, **{"response_type": "code", **params})
    return code_from_redirect(client.open_dialog(url), state="s")


def test_a_business_gives_a_token_without_an_end(client: GraphClient, token: AccessToken) -> None:
    assert (token.kind, token.expires_at, token.label) == (TokenKind.SYSTEM_USER, None, "from a business")
    info = debug_token(client, token)
    assert (info.kind, info.expires_at, info.data_access_expires_at) == (TokenKind.SYSTEM_USER, NEVER, NEVER)
    assert info.scopes == SCOPES


def test_a_configuration_may_end_its_tokens_after_60_days(client: GraphClient, sandbox: Sandbox) -> None:
    token = log_in_for_business(client, SIXTY_DAYS)
    assert token.expires_at == client.now() + timedelta(days=60)
    sandbox.clock.advance(days=60, seconds=-1)
    assert get_client_business(client, token) == HOTELS
    fresh = refresh_system_user_token(client, token)
    sandbox.clock.advance(seconds=1)
    with pytest.raises(TokenExpired):
        get_client_business(client, token)
    assert get_client_business(client, fresh) == HOTELS


def test_the_dialog_is_asked_by_configuration_and_the_exchange_has_no_redirect_uri(client: GraphClient) -> None:
    log_in_for_business(client, REPORTS)
    dialog, exchange = client.wire.last(2)
    assert (dialog.params["config_id"], dialog.params["override_default_response_type"]) == (REPORTS, "true")
    assert "scope" not in dialog.params
    assert sorted(exchange.params) == ["client_id", "client_secret", "code"]


def test_all_of_it_or_nothing(client: GraphClient, sandbox: Sandbox) -> None:
    for visitor in (sandbox.person(decline=["pages_show_list"]), sandbox.person(cancel=True)):
        with pytest.raises(LoginCancelled):
            log_in_for_business(client.acting_as(visitor), REPORTS)
    assert not sandbox.world.system_users


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"response_type": None}, "override_default_response_type=true"),
        ({"response_type": "token"}, "response_type=code"),
        ({"scopes": "ads_read"}, "takes no scope"),
        ({"config_id": "999"}, "no login configuration"),
    ],
)
def test_the_dialog_refuses(params: dict[str, Any], words: str, client: GraphClient) -> None:
    with pytest.raises(DialogRefused, match=words):
        code(client, **params)


def test_the_override_must_be_there_and_true(client: GraphClient) -> None:
    url = login_url(client, state="s", config_id=REPORTS, response_type="code")
    for wrong in (url.replace("&override_default_response_type=true", ""), url.replace("type=true", "type=false")):
        with pytest.raises(DialogRefused, match="override_default_response_type"):
            client.open_dialog(wrong)


def test_a_configuration_for_people_puts_up_with_a_scope_and_gives_a_persons_token(client: GraphClient) -> None:
    token = exchange_code(client, code(client, PEOPLE, scopes="pages_show_list"))
    info = debug_token(client, token)
    assert (info.kind, info.scopes) == (TokenKind.USER, ("email", "pages_show_list", "public_profile"))


def test_who_administers_no_business_connects_none(client: GraphClient, sandbox: Sandbox) -> None:
    world = sandbox.world
    alone = [msgspec.structs.replace(business, admins=()) for business in world.seed.businesses]
    world.seed = msgspec.structs.replace(world.seed, businesses=tuple(alone))
    with pytest.raises(DialogRefused, match="administers no business"):
        log_in_for_business(client, REPORTS)


def test_a_strangers_login_is_refused_while_the_app_is_in_development(client: GraphClient, sandbox: Sandbox) -> None:
    with pytest.raises(DialogRefused, match="development mode"):
        log_in_for_business(client.acting_as(sandbox.person("Ines Voss")), REPORTS)


def test_a_redirect_uri_may_be_left_out_but_not_be_another(client: GraphClient) -> None:
    with pytest.raises(CodeRejected, match="redirect_uri is identical"):
        exchange_code(client, code(client), redirect_uri="https://elsewhere.example/")
    assert debug_token(client, exchange_code(client, code(client))).kind is TokenKind.SYSTEM_USER
    assert exchange_business_code(client, code(client)).kind is TokenKind.SYSTEM_USER


def test_a_code_is_good_once_and_for_ten_minutes(client: GraphClient, sandbox: Sandbox) -> None:
    once, late, in_time = code(client), code(client), code(client)
    exchange_business_code(client, once)
    with pytest.raises(CodeRejected, match="used"):
        exchange_business_code(client, once)
    sandbox.clock.advance(minutes=10, seconds=-1)
    assert exchange_business_code(client, in_time)
    sandbox.clock.advance(seconds=1)
    with pytest.raises(CodeRejected, match="expired"):
        exchange_business_code(client, late)


def test_the_exchange_needs_the_right_app_secret_and_code(client: GraphClient, sandbox: Sandbox) -> None:
    wrong = replace(client, settings=replace(client.settings, app_secret=Secret("0" * 32)))
    with pytest.raises(AppCredentialsWrong, match="client secret"):
        exchange_business_code(wrong, code(client))
    with pytest.raises(AppCredentialsWrong):
        exchange_business_code(client.without_secret(), code(client))
    pier = sandbox.world.apps["1000000000002"]
    other = replace(client, settings=replace(client.settings, app_id=pier.id, app_secret=Secret(pier.secret)))
    with pytest.raises(CodeRejected, match="format"):
        exchange_business_code(other, code(client))
    ordinary = code_from_redirect(client.open_dialog(login_url(client, state="s")), state="s")
    with pytest.raises(RequestInvalid, match="redirect_uri"):
        exchange_business_code(client, ordinary)


def test_the_business_is_told_for_its_own_tokens_only(client: GraphClient, token: AccessToken, short: AccessToken) -> None:
    assert get_client_business(client, token) == HOTELS
    with pytest.raises(RequestInvalid, match="client_business_id"):
        get_client_business(client, short)
    with pytest.raises(WrongTokenKind):
        get_client_business(client, compose_app_token(client.settings))
    with pytest.raises(TokenMalformed):
        get_client_business(client, AccessToken(Secret("rubbish")))


def test_the_client_is_rather_a_business_that_is_not_the_apps_own(client: GraphClient, sandbox: Sandbox) -> None:
    world = sandbox.world
    own = [msgspec.structs.replace(business, apps=("1000000000001",)) for business in world.seed.businesses]
    world.seed = msgspec.structs.replace(world.seed, businesses=tuple(own))
    token = log_in_for_business(client.acting_as(sandbox.person("Ben Tide")), REPORTS)
    assert get_client_business(client, token) == TIDE


def test_the_ticked_pages_are_handed_over_and_a_second_login_replaces_them(client: GraphClient, sandbox: Sandbox) -> None:
    picky = client.acting_as(sandbox.person(pages=["Harbour Bakery", "Quay Concerts Live"]))
    token = log_in_for_business(picky, REPORTS)
    assert [page.name for page in list_pages(client, token)] == ["Harbour Bakery"]
    log_in_for_business(client.acting_as(sandbox.person(pages=["Tide Museum"])), REPORTS)
    assert [page.name for page in list_pages(client, token)] == ["Tide Museum"]
    assert next(iter(sandbox.world.system_users.values())).name == INTEGRATION
    assert len(sandbox.world.system_users) == 1


def test_an_integration_is_none_of_the_businesss_own_system_users(client: GraphClient, token: AccessToken) -> None:
    assert list_system_users(client, HOTELS, token) == []


def test_fetching_gives_the_same_or_another(client: GraphClient, token: AccessToken) -> None:
    assert fetch_business_token(client, HOTELS, token, fetch_only=True).value == token.value
    new = fetch_business_token(client, HOTELS, token)
    dated = fetch_business_token(client, HOTELS, token, days=60)
    assert len({token.value, new.value, dated.value}) == 3
    infos = [debug_token(client, one) for one in (token, new, dated)]
    assert [info.expires_at for info in infos] == [NEVER, NEVER, client.now() + timedelta(days=60)]
    assert {info.scopes for info in infos} == {SCOPES}


def test_an_admin_of_the_business_may_fetch(client: GraphClient, sandbox: Sandbox, token: AccessToken) -> None:
    admin = log_in(client.acting_as(sandbox.person("Ben Tide")), "business_management")
    assert fetch_business_token(client, HOTELS, admin, fetch_only=True).value == token.value


def test_fetching_is_refused(client: GraphClient, token: AccessToken, short: AccessToken) -> None:
    with pytest.raises(ProofRejected, match="require an appsecret_proof"):
        fetch_business_token(client.without_secret(), HOTELS, token)
    with pytest.raises(PermissionMissing, match="authorized"):
        fetch_business_token(client, HOTELS, short)
    with pytest.raises(PermissionMissing, match="Permissions error"):
        fetch_business_token(client, TIDE, token)
    with pytest.raises(NotFound):
        fetch_business_token(client, TIDE, log_in(client, "business_management"))
    with pytest.raises(NotFound):
        fetch_business_token(client, "999", token)
    with pytest.raises(WrongTokenKind):
        fetch_business_token(client, HOTELS, compose_app_token(client.settings))


def test_the_client_removes_the_integration(client: GraphClient, sandbox: Sandbox, token: AccessToken) -> None:
    dated = log_in_for_business(client, SIXTY_DAYS)
    sandbox.remove_app(INTEGRATION, client.settings.app_id)
    for one in (token, dated):
        with pytest.raises(TokenRevoked, match="has not authorized application"):
            get_client_business(client, one)
    with pytest.raises(NotFound):
        fetch_business_token(client, HOTELS, log_in(client, "business_management"), fetch_only=True)
    again = log_in_for_business(client, REPORTS)
    assert get_client_business(client, again) == HOTELS
    assert not debug_token(client, token).is_valid


def test_the_person_may_go_and_the_business_stays(client: GraphClient, sandbox: Sandbox, token: AccessToken) -> None:
    sandbox.change_password("Mara Quay")
    sandbox.remove_app("Mara Quay", client.settings.app_id)
    assert get_client_business(client, token) == HOTELS


def test_the_walk_ends_with_the_business(client: GraphClient) -> None:
    walk = walk_business_login(client, REPORTS)
    while not walk.done:
        walk.next()
        assert walk.error is None
    assert walk.held["business"] == HOTELS


def test_the_walk_stops_at_a_dialog_that_refuses(client: GraphClient, sandbox: Sandbox) -> None:
    walk = walk_business_login(client.acting_as(sandbox.person(cancel=True)), REPORTS)
    for _ in range(4):
        walk.next()
    assert isinstance(walk.error, LoginCancelled)
    unknown = walk_business_login(client, "999")
    for _ in range(3):
        unknown.next()
    assert isinstance(unknown.error, DialogRefused)
