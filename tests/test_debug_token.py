"""debug_token: of every kind, dead or alive, asked by whoever may ask."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from capture import Capture

from fbnb.client import GraphClient
from fbnb.errors import TokenMalformed, UnreadableAnswer, WrongTokenKind
from fbnb.flows.debug_token import debug_token
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.flows.revoke import revoke_permission
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.tokens import NEVER, AccessToken, GranularScope, TokenInfo, TokenKind


def test_a_short_lived_token_ends_on_the_hour_and_tells_no_issued_at(client: GraphClient, sandbox: Sandbox) -> None:
    sandbox.clock.advance(minutes=47, seconds=11)
    info = debug_token(client, log_in(client, ["pages_show_list"]))
    assert info == TokenInfo(
        is_valid=True,
        kind=TokenKind.USER,
        app_id="1000000000001",
        application="Harbour Notes",
        expires_at=datetime(2026, 11, 2, 11, tzinfo=UTC),
        data_access_expires_at=datetime(2027, 1, 31, 9, 47, 11, tzinfo=UTC),
        user_id="2100000000001",
        scopes=("pages_show_list", "public_profile"),
        granular_scopes=(GranularScope("pages_show_list"),),
    )


def test_a_long_lived_one_tells_issued_at_and_is_exact(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.clock.advance(minutes=47, seconds=11)
    info = debug_token(client, extend_user_token(client, short))
    assert info.issued_at == client.now()
    assert info.expires_at == client.now() + timedelta(days=60)


def test_a_page_token(client: GraphClient, sandbox: Sandbox) -> None:
    ticked = client.acting_as(sandbox.person(pages=["Harbour Bakery"]))
    page = list_pages(client, log_in(ticked, ["pages_show_list"]))[0]
    assert page.token
    info = debug_token(client, page.token)
    assert (info.kind, info.profile_id, info.user_id) == (TokenKind.PAGE, page.id, "2100000000001")
    assert info.granular_scopes == (GranularScope("pages_show_list", (page.id,)),)


@pytest.mark.parametrize(
    ("text", "message"),
    [("rubbish", "Cannot parse"), ("EAA_truncat", "could not be decrypted"), ("EAA" + "x" * 300, "could not be decrypted")],
)
def test_what_is_no_token_is_answered_not_raised(text: str, message: str, client: GraphClient) -> None:
    info = debug_token(client, AccessToken(Secret(text)))
    assert not info.is_valid
    assert info.error
    assert message in info.error.message


def test_a_dead_token_says_what_killed_it(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.change_password("Mara Quay")
    info = debug_token(client, short)
    assert info.error
    assert (info.is_valid, info.error.code, info.error.subcode) == (False, 190, 460)
    assert info.scopes, "the scopes are kept"


def test_who_may_not_ask(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    page = list_pages(client, short)[0].token
    assert page
    with pytest.raises(WrongTokenKind, match="must provide an app access token"):
        debug_token(client, short, using=page)
    assert debug_token(client, short, using=short).is_valid, "a token may be asked about with itself"


def test_another_apps_token_is_refused(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    pier = sandbox.world.apps["1000000000002"]
    other = GraphClient(
        replace(client.settings, app_id=pier.id, app_secret=Secret(pier.secret), redirect_uri=pier.redirect_uris[0]),
        sandbox.transport,
        sandbox.clock,
        sandbox.person("Ines Voss"),
        sandbox.nonce,
    )
    with pytest.raises(WrongTokenKind, match="did not match the Viewing App"):
        debug_token(other, short)
    assert debug_token(other, log_in(other)).user_id == "2200000000003"


def test_a_wrong_app_secret_is_told_as_a_bad_signature(client: GraphClient, short: AccessToken) -> None:
    wrong = replace(client, settings=replace(client.settings, app_secret=Secret("0" * 32)))
    with pytest.raises(TokenMalformed, match="signature"):
        debug_token(wrong, short)


def test_expires_at_zero_is_never(client: GraphClient, short: AccessToken) -> None:
    page = list_pages(client, extend_user_token(client, short))[0].token
    assert page
    assert page.expires_at is None
    assert page.confirmed(debug_token(client, page)).expires_at is NEVER


def test_an_answer_without_data_says_so(client: GraphClient, short: AccessToken) -> None:
    with pytest.raises(UnreadableAnswer, match=r"has no data .*; it has nothing"):
        debug_token(replace(client, transport=Capture([{}])), short)


@pytest.mark.parametrize(
    "data",
    [None, [], "x", {"scopes": 5}, {"metadata": 5}, {"expires_at": "soon"}, {"expires_at": 10**17}, {"granular_scopes": [{}]}],
)
def test_odd_data_is_an_unreadable_answer(data: object, client: GraphClient, short: AccessToken) -> None:
    with pytest.raises(UnreadableAnswer):
        debug_token(replace(client, transport=Capture([{"data": data}])), short)


def test_only_the_persons_own_visit_moves_data_access(client: GraphClient, sandbox: Sandbox) -> None:
    token = extend_user_token(client, log_in(client, ["email", "pages_show_list"]))
    until = debug_token(client, token).data_access_expires_at
    sandbox.clock.advance(days=10)
    sandbox.expire_permission("Mara Quay", client.settings.app_id, "email")
    revoke_permission(client, token, "pages_show_list")
    assert debug_token(client, token).data_access_expires_at == until
    log_in(client)
    moved = debug_token(client, token).data_access_expires_at
    assert isinstance(until, datetime)
    assert moved == until + timedelta(days=10)
