"""A code for a client: made with the secret, redeemed without it, and one token for each client."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from capture import Capture

from fbnb.client import GraphClient, Proof
from fbnb.errors import (
    AppCredentialsWrong,
    CodeRejected,
    GraphError,
    ProofRejected,
    RequestInvalid,
    TokenExpired,
    TokenInvalid,
    TokenMalformed,
    TokenRevoked,
    UnreadableAnswer,
    WrongTokenKind,
)
from fbnb.flows.app_tokens import compose_app_token, compose_client_token
from fbnb.flows.client_code import ClientLogin, generate_client_code, redeem_client_code
from fbnb.flows.debug_token import debug_token
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.tables import client_table
from fbnb.tokens import AccessToken
from fbnb.walks import walk_client_code


@pytest.fixture
def long(client: GraphClient, short: AccessToken) -> AccessToken:
    return extend_user_token(client, short)


@pytest.fixture
def phone(client: GraphClient) -> GraphClient:
    return client.without_secret()


def redeemed(client: GraphClient, long: AccessToken, machine_id: Secret | None = None) -> ClientLogin:
    return redeem_client_code(client.without_secret(), generate_client_code(client, long), machine_id=machine_id)


def test_a_client_gets_sixty_days_of_its_own_and_the_servers_token_lives_on(client: GraphClient, long: AccessToken) -> None:
    login = redeemed(client, long)
    assert login.token.value != long.value
    assert login.token.expires_at == client.now() + timedelta(days=60)
    assert login.token.label == "for a client"
    assert client.without_secret().get("me", login.token)["name"] == "Mara Quay"
    assert debug_token(client, login.token).scopes == debug_token(client, long).scopes
    assert debug_token(client, long).is_valid


def test_the_sixty_days_begin_at_the_redemption(client: GraphClient, sandbox: Sandbox, long: AccessToken) -> None:
    sandbox.clock.advance(days=59)
    assert redeemed(client, long).token.expires_at == client.now() + timedelta(days=60)


def test_no_secret_and_no_proof_leave_the_phone(client: GraphClient, phone: GraphClient, long: AccessToken) -> None:
    code = generate_client_code(client, long)
    assert {"client_secret", "access_token", "appsecret_proof"} <= set(client.wire.last()[0].params)
    login = redeem_client_code(phone, code)
    phone.get("me", login.token)
    sent = [set(exchange.params) for exchange in client.wire.last(2)]
    assert sent == [{"client_id", "redirect_uri", "code"}, {"access_token"}]


def test_each_client_has_a_machine_id_which_comes_back_when_it_is_sent(client: GraphClient, long: AccessToken) -> None:
    first, second = redeemed(client, long), redeemed(client, long)
    assert first.machine_id
    assert first.machine_id != second.machine_id
    again = redeemed(client, long, first.machine_id)
    assert again.machine_id == first.machine_id
    assert again.token.value != first.token.value
    assert debug_token(client, first.token).is_valid


def test_neither_code_nor_machine_id_is_shown(client: GraphClient, long: AccessToken) -> None:
    code = generate_client_code(client, long)
    login = redeem_client_code(client, code)
    assert repr(code) == "Secret(…)"
    assert login.machine_id
    shown = repr(login) + repr(client.wire.exchanges)
    assert login.machine_id.reveal() not in shown
    assert code.reveal() not in shown


def test_an_answer_without_machine_id_is_a_login_all_the_same(client: GraphClient) -> None:
    answering = replace(client, transport=Capture([{"access_token": "EAA_x", "expires_in": 60}]))
    assert redeem_client_code(answering, Secret("code")).machine_id is None


def test_an_answer_without_code_says_so(client: GraphClient, long: AccessToken) -> None:
    with pytest.raises(UnreadableAnswer, match="has no code"):
        generate_client_code(replace(client, transport=Capture([{}])), long)


def test_a_code_is_good_once(client: GraphClient, phone: GraphClient, long: AccessToken) -> None:
    code = generate_client_code(client, long)
    redeem_client_code(phone, code)
    with pytest.raises(CodeRejected, match=r"36009.*has been used"):
        redeem_client_code(phone, code)


def test_a_code_is_good_until_the_second_it_ends(
    client: GraphClient, phone: GraphClient, sandbox: Sandbox, long: AccessToken
) -> None:
    in_time, late = generate_client_code(client, long), generate_client_code(client, long)
    sandbox.clock.advance(minutes=9, seconds=59)
    assert redeem_client_code(phone, in_time).token
    sandbox.clock.advance(seconds=1)
    with pytest.raises(CodeRejected, match=r"36007.*has expired"):
        redeem_client_code(phone, late)


def test_a_world_may_end_it_sooner(client: GraphClient, sandbox: Sandbox, long: AccessToken) -> None:
    sandbox.world.defaults = msgspec.structs.replace(sandbox.world.defaults, client_code_seconds=30)
    code = generate_client_code(client, long)
    sandbox.clock.advance(seconds=30)
    with pytest.raises(CodeRejected, match="36007"):
        redeem_client_code(client, code)


def test_the_redirect_uri_is_the_one_it_was_made_with(client: GraphClient, phone: GraphClient, long: AccessToken) -> None:
    registered = "https://harbour-notes.example/auth/callback"
    code = generate_client_code(client, long, redirect_uri=registered)
    with pytest.raises(CodeRejected, match=r"36008.*redirect_uri is identical"):
        redeem_client_code(phone, code)
    assert redeem_client_code(phone, code, redirect_uri=registered).token, "a mistaken address does not use the code up"


def test_a_redirect_uri_that_the_app_does_not_allow_is_refused(client: GraphClient, long: AccessToken) -> None:
    with pytest.raises(RequestInvalid, match=r"191.*not allowed"):
        generate_client_code(client, long, redirect_uri="https://elsewhere.example/")


@pytest.mark.parametrize("text", ["rubbish", "AQ_half", ""])
def test_what_is_no_client_code_needs_the_secret_like_a_login(text: str, client: GraphClient, phone: GraphClient) -> None:
    with pytest.raises(AppCredentialsWrong, match="client secret"):
        redeem_client_code(phone, Secret(text))
    with pytest.raises(GraphError, match=r"code format|client secret"):
        redeem_client_code(client, Secret(text))


def test_another_apps_code_is_none(client: GraphClient, long: AccessToken) -> None:
    other = replace(client, settings=replace(client.settings, app_id="1000000000002", app_secret=None))
    with pytest.raises(CodeRejected, match="Invalid verification code format"):
        redeem_client_code(other, generate_client_code(client, long))


def test_a_phone_cannot_make_a_code(client: GraphClient, phone: GraphClient, long: AccessToken) -> None:
    with pytest.raises(AppCredentialsWrong, match="client secret"):
        generate_client_code(phone, redeemed(client, long).token)
    assert redeemed(client, redeemed(client, long).token).token, "with the secret, a client's own token will do"


def test_the_secret_must_be_right(client: GraphClient, long: AccessToken) -> None:
    wrong = replace(client, settings=replace(client.settings, app_secret=Secret("0" * 32)))
    with pytest.raises(ProofRejected, match="Invalid appsecret_proof"):
        generate_client_code(wrong, long)
    with pytest.raises(AppCredentialsWrong, match="client secret"):
        generate_client_code(replace(wrong, proof=Proof.NONE), long)


def test_a_short_lived_token_makes_no_code_in_words_the_world_may_change(
    client: GraphClient, sandbox: Sandbox, short: AccessToken
) -> None:
    with pytest.raises(RequestInvalid, match="long-lived user access token"):
        generate_client_code(client, short)
    sandbox.world.defaults = msgspec.structs.replace(sandbox.world.defaults, client_code_needs_long="Too short")
    with pytest.raises(RequestInvalid, match="Too short"):
        generate_client_code(client, short)


def test_other_kinds_make_no_code(client: GraphClient, long: AccessToken) -> None:
    page = list_pages(client, long)[0].token
    assert page
    for token in (page, compose_app_token(client.settings), compose_client_token(client.settings)):
        with pytest.raises(WrongTokenKind, match="A user access token is required"):
            generate_client_code(client, token)


@pytest.mark.parametrize(("text", "words"), [("rubbish", "Cannot parse"), ("EAA_half", "could not be decrypted")])
def test_what_is_no_token_makes_no_code(text: str, words: str, client: GraphClient) -> None:
    with pytest.raises(TokenMalformed, match=words):
        generate_client_code(client, AccessToken(Secret(text)))


def test_another_apps_token_makes_no_code(client: GraphClient, phone: GraphClient, sandbox: Sandbox, long: AccessToken) -> None:
    pier = sandbox.world.apps["1000000000002"]
    other = replace(client, settings=replace(client.settings, app_id=pier.id, app_secret=Secret(pier.secret)))
    with pytest.raises(ProofRejected):
        generate_client_code(other, long)
    without_proof = replace(other, proof=Proof.NONE)
    with pytest.raises(TokenInvalid, match="not issued for this application"):
        generate_client_code(without_proof, long)


def test_a_dead_token_makes_no_code(client: GraphClient, sandbox: Sandbox, long: AccessToken) -> None:
    sandbox.clock.advance(days=59, hours=23, minutes=59, seconds=59)
    assert generate_client_code(client, long)
    sandbox.clock.advance(seconds=1)
    with pytest.raises(TokenExpired, match="463"):
        generate_client_code(client, long)


def test_what_ends_the_login_ends_its_codes_and_every_clients_token(
    client: GraphClient, phone: GraphClient, sandbox: Sandbox, long: AccessToken
) -> None:
    waiting, logins = generate_client_code(client, long), [redeemed(client, long) for _ in range(3)]
    sandbox.change_password("Mara Quay")
    with pytest.raises(TokenRevoked, match="460"):
        redeem_client_code(phone, waiting)
    for token in (long, *(login.token for login in logins)):
        assert not debug_token(client, token).is_valid


def test_the_table_has_a_row_for_each_client(client: GraphClient, sandbox: Sandbox, long: AccessToken) -> None:
    login = redeemed(client, long)
    sandbox.clock.advance(days=1)
    bare = ClientLogin(redeemed(client, long).token)
    table = client_table({"phone": login, "tablet": bare}, now=client.now())
    assert login.machine_id
    assert table.reset_index().to_numpy().tolist() == [
        ["phone", login.token.hint, login.machine_id.hint, "59 days"],
        ["tablet", bare.token.hint, "none", "60 days"],
    ]
    assert login.machine_id.reveal() not in table.to_html()


def test_the_walk_sends_the_secret_in_its_first_step_only(client: GraphClient, long: AccessToken) -> None:
    walk, sent = walk_client_code(client, long), []
    while not walk.done:
        walk.next()
        assert walk.error is None
        sent.append("client_secret" in walk.exchanges[0].params)
    assert sent == [True, False, False]
    assert walk.held["its info"].expires_at == walk.held["phone"].token.expires_at
