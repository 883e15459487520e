"""Session-info tokens: good for one question, and alive as long as what they were made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from fbnb.client import GraphClient
from fbnb.errors import GraphError, RequestInvalid, TokenExpired, TokenInvalid, TokenMalformed, TokenRevoked, WrongTokenKind
from fbnb.flows.app_tokens import compose_app_token, compose_client_token
from fbnb.flows.client_code import generate_client_code
from fbnb.flows.debug_token import debug_token
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import get_page, list_pages
from fbnb.flows.revoke import list_permissions, revoke_login
from fbnb.flows.sdk_refresh import refresh_sdk_token
from fbnb.flows.session_info import get_session_info_token
from fbnb.flows.system_user import revoke_system_user_token
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.tokens import NEVER, AccessToken, TokenKind
from fbnb.walks import walk_session_info


@pytest.fixture
def long(client: GraphClient, short: AccessToken) -> AccessToken:
    return extend_user_token(client, short)


@pytest.fixture
def session(client: GraphClient, long: AccessToken) -> AccessToken:
    return get_session_info_token(client, long)


def pier(client: GraphClient, sandbox: Sandbox) -> GraphClient:
    app = sandbox.world.apps["1000000000002"]
    settings = replace(client.settings, app_id=app.id, app_secret=Secret(app.secret), redirect_uri=app.redirect_uris[0])
    return replace(client, settings=settings)


def test_a_copy_of_the_same_end_and_another_look(client: GraphClient, long: AccessToken, session: AccessToken) -> None:
    assert session.hint.startswith("XAA")
    assert (session.expires_at, session.kind, session.label) == (long.expires_at, TokenKind.USER, "session info")
    assert get_session_info_token(client, long).value != session.value


def test_it_has_what_is_left_of_the_token(client: GraphClient, sandbox: Sandbox, long: AccessToken) -> None:
    sandbox.clock.advance(days=59, hours=23, minutes=59, seconds=59)
    assert get_session_info_token(client, long).expires_at == client.now() + timedelta(seconds=1)
    sandbox.clock.advance(seconds=1)
    with pytest.raises(TokenExpired):
        get_session_info_token(client, long)


def test_no_secret_is_needed_and_none_is_sent(client: GraphClient, long: AccessToken) -> None:
    assert get_session_info_token(client.without_secret(), long).expires_at == long.expires_at
    get_session_info_token(client, long)
    assert set(client.wire.last()[0].params) == {"grant_type", "client_id", "fb_exchange_token"}


def test_the_app_and_the_parent_may_ask_about_it(client: GraphClient, long: AccessToken, session: AccessToken) -> None:
    for asker in (compose_app_token(client.settings), long):
        info = debug_token(client, session, using=asker)
        assert (info.is_valid, info.user_id, info.scopes) == (True, "2100000000001", ("pages_show_list", "public_profile"))
        assert info.expires_at == long.expires_at


def test_someone_without_a_role_may_ask_about_the_copy_of_their_own(client: GraphClient, sandbox: Sandbox) -> None:
    other = pier(client, sandbox)
    ines, mara = (log_in(other.acting_as(sandbox.person(name))) for name in ("Ines Voss", "Mara Quay"))
    session = get_session_info_token(other, ines)
    assert debug_token(other, session, using=ines).is_valid
    with pytest.raises(GraphError, match="owner or developer"):
        debug_token(other, session, using=mara)


CALLS: dict[str, Callable[[GraphClient, AccessToken], object]] = {
    "me": lambda client, token: client.get("me", token),
    "list_pages": list_pages,
    "get_page": lambda client, token: get_page(client, "3000000000001", token),
    "list_permissions": list_permissions,
    "revoke_login": revoke_login,
    "extend_user_token": extend_user_token,
    "refresh_sdk_token": refresh_sdk_token,
    "generate_client_code": generate_client_code,
    "get_session_info_token": get_session_info_token,
    "debug_token, of itself": lambda client, token: debug_token(client, token, using=token),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_every_call_refuses_it(
    call: Callable[[GraphClient, AccessToken], object], client: GraphClient, session: AccessToken
) -> None:
    with pytest.raises(WrongTokenKind, match=r"Debug only access token\. It can only be asked about"):
        call(client, session)


def test_of_a_page_token_it_has_no_end_but_dies_with_the_role(client: GraphClient, sandbox: Sandbox, long: AccessToken) -> None:
    page = list_pages(client, long)[0].token
    assert page
    session = get_session_info_token(client, page)
    info = debug_token(client, session)
    assert (session.kind, session.expires_at) == (TokenKind.PAGE, None)
    assert (info.is_valid, info.kind, info.expires_at, info.profile_id) == (True, TokenKind.PAGE, NEVER, "3000000000001")
    sandbox.change_role("Mara Quay", "Harbour Bakery")
    assert not debug_token(client, session).is_valid


def test_it_ends_by_the_clock_to_the_second(client: GraphClient, sandbox: Sandbox, session: AccessToken) -> None:
    sandbox.clock.advance(days=59, hours=23, minutes=59, seconds=59)
    assert debug_token(client, session).is_valid
    sandbox.clock.advance(seconds=1)
    assert not debug_token(client, session).is_valid


def test_it_dies_with_the_login(client: GraphClient, sandbox: Sandbox, long: AccessToken, session: AccessToken) -> None:
    sandbox.log_out("Mara Quay")
    fault = debug_token(client, session).error
    assert fault
    assert fault.subcode == 467
    with pytest.raises(TokenRevoked, match="467"):
        get_session_info_token(client, long)


def test_it_dies_when_its_parent_alone_is_revoked(
    client: GraphClient, short: AccessToken, long: AccessToken, session: AccessToken
) -> None:
    revoke_system_user_token(client, long, using=short)
    assert not debug_token(client, session).is_valid
    assert debug_token(client, get_session_info_token(client, short)).is_valid


def test_other_kinds_have_none(client: GraphClient) -> None:
    for token in (compose_app_token(client.settings), compose_client_token(client.settings)):
        with pytest.raises(TokenMalformed, match="signature"):
            get_session_info_token(client, token)


def test_malformed_text_has_none(client: GraphClient) -> None:
    for text, words in (("rubbish", "Cannot parse"), ("EAA_half", "decrypted")):
        with pytest.raises(TokenMalformed, match=words):
            get_session_info_token(client, AccessToken(Secret(text)))
    with pytest.raises(RequestInvalid, match="fb_exchange_token is required"):
        get_session_info_token(client, AccessToken(Secret("")))


def test_another_apps_token_has_none(client: GraphClient, sandbox: Sandbox, long: AccessToken) -> None:
    with pytest.raises(TokenInvalid, match="not issued for this application"):
        get_session_info_token(pier(client, sandbox), long)


def test_the_walk_makes_it_and_asks_about_it(client: GraphClient, long: AccessToken) -> None:
    walk = walk_session_info(client, long)
    walk.next()
    walk.next()
    assert walk.done
    assert walk.held["session info"].hint.startswith("XAA")
    assert walk.held["its info"].user_id == "2100000000001"
