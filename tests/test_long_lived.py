"""Extending: what it gives, what it leaves, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from fbnb.client import GraphClient
from fbnb.errors import AppCredentialsWrong, PermissionMissing, TokenExpired, TokenInvalid, TokenMalformed
from fbnb.flows.app_tokens import compose_app_token
from fbnb.flows.debug_token import debug_token
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.tokens import AccessToken


def test_sixty_days_in_a_new_string_and_the_old_one_lives_on(client: GraphClient, short: AccessToken) -> None:
    long = extend_user_token(client, short)
    assert long.expires_at == client.now() + timedelta(days=60)
    assert long.value != short.value
    assert long.label == "long-lived"
    assert debug_token(client, short).is_valid


def test_extending_does_not_move_data_access(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    long = extend_user_token(client, short)
    until = debug_token(client, long).data_access_expires_at
    sandbox.clock.advance(days=50)
    assert debug_token(client, extend_user_token(client, long)).data_access_expires_at == until


def test_too_late(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.clock.advance(hours=2)
    with pytest.raises(TokenExpired, match="Log in again"):
        extend_user_token(client, short)


def test_the_chain_lives_only_while_it_is_extended_in_time(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    token = extend_user_token(client, short)
    for _ in range(6):
        sandbox.clock.advance(days=59)
        token = extend_user_token(client, token)
    sandbox.clock.advance(days=60)
    with pytest.raises(TokenExpired):
        extend_user_token(client, token)


def test_other_kinds_are_refused(client: GraphClient, short: AccessToken) -> None:
    page = list_pages(client, short)[0].token
    assert page
    with pytest.raises(PermissionMissing, match="impersonating"):
        extend_user_token(client, page)
    with pytest.raises(TokenMalformed, match="signature"):
        extend_user_token(client, compose_app_token(client.settings))
    with pytest.raises(TokenMalformed, match="Cannot parse"):
        extend_user_token(client, AccessToken(Secret("rubbish")))


def test_another_apps_token_is_refused_in_words_the_world_may_change(
    client: GraphClient, sandbox: Sandbox, short: AccessToken
) -> None:
    pier = sandbox.world.apps["1000000000002"]
    other = replace(client, settings=replace(client.settings, app_id=pier.id, app_secret=Secret(pier.secret)))
    with pytest.raises(TokenInvalid, match="not issued for this application"):
        extend_user_token(other, short)
    sandbox.world.defaults = msgspec.structs.replace(sandbox.world.defaults, foreign_token="Not yours")
    with pytest.raises(TokenInvalid, match="Not yours"):
        extend_user_token(other, short)


def test_the_secret_must_be_right(client: GraphClient, short: AccessToken) -> None:
    wrong = replace(client, settings=replace(client.settings, app_secret=Secret("0" * 32)))
    with pytest.raises(AppCredentialsWrong, match="client secret"):
        extend_user_token(wrong, short)


def test_a_world_may_give_sixty_days_at_once(client: GraphClient, sandbox: Sandbox) -> None:
    sandbox.world.defaults = msgspec.structs.replace(sandbox.world.defaults, code_exchange="long")
    token = log_in(client)
    assert token.expires_at == client.now() + timedelta(days=60)
    assert debug_token(client, token).issued_at == client.now()
