"""What an SDK does when the app is opened: what it renews, how often, and when it is too late."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from fbnb.client import GraphClient
from fbnb.errors import RequestInvalid, SandboxOnly, TokenExpired, TokenInvalid, TokenMalformed, TokenRevoked, WrongTokenKind
from fbnb.flows.app_tokens import compose_app_token, compose_client_token
from fbnb.flows.debug_token import debug_token
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.flows.sdk_refresh import refresh_sdk_token, use_app, use_through
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.settings import Target
from fbnb.tables import opening_table
from fbnb.tokens import AccessToken
from fbnb.walks import walk_sdk_refresh


@pytest.fixture
def token(client: GraphClient, short: AccessToken) -> AccessToken:
    return extend_user_token(client, short)


def test_sixty_days_more_in_a_new_string(client: GraphClient, sandbox: Sandbox, token: AccessToken) -> None:
    sandbox.clock.advance(days=1)
    fresh = refresh_sdk_token(client, token)
    assert fresh.value != token.value
    assert (fresh.issued_at, fresh.expires_at) == (client.now(), client.now() + timedelta(days=60))
    assert debug_token(client, token).expires_at == token.expires_at, "the old string lives on to its own end"


def test_use_moves_data_access_and_extending_does_not(client: GraphClient, sandbox: Sandbox, token: AccessToken) -> None:
    before = debug_token(client, token).data_access_expires_at
    sandbox.clock.advance(days=50)
    assert debug_token(client, extend_user_token(client, token)).data_access_expires_at == before
    fresh = refresh_sdk_token(client, token)
    assert fresh.data_access_until == client.now() + timedelta(days=90)
    assert debug_token(client, fresh).data_access_expires_at == fresh.data_access_until


def test_within_a_day_the_same_comes_back(client: GraphClient, sandbox: Sandbox, token: AccessToken) -> None:
    sandbox.clock.advance(hours=23, minutes=59, seconds=59)
    same = refresh_sdk_token(client, token)
    assert (same.value, same.issued_at, same.expires_at) == (token.value, token.issued_at, token.expires_at)
    assert same.data_access_until == client.now() + timedelta(days=90), "the person was there all the same"
    sandbox.clock.advance(seconds=1)
    assert refresh_sdk_token(client, token).value != token.value


def test_a_world_may_say_how_long_the_same_comes_back(client: GraphClient, sandbox: Sandbox, token: AccessToken) -> None:
    sandbox.world.defaults = msgspec.structs.replace(sandbox.world.defaults, sdk_refresh_hours=1)
    sandbox.clock.advance(hours=1)
    assert refresh_sdk_token(client, token).value != token.value


def test_a_short_lived_token_is_not_lengthened(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.clock.advance(hours=1)
    assert refresh_sdk_token(client, short).expires_at == short.expires_at


def test_no_secret_and_no_proof_goes_along(client: GraphClient, token: AccessToken) -> None:
    refresh_sdk_token(client, token)
    assert set(client.wire.last()[0].params) == {"grant_type", "client_id", "fields", "access_token"}
    assert refresh_sdk_token(client.without_secret(), token).value == token.value


def test_sixty_days_of_silence_to_the_second(client: GraphClient, sandbox: Sandbox, token: AccessToken) -> None:
    sandbox.clock.advance(days=59, hours=23, minutes=59, seconds=59)
    fresh = refresh_sdk_token(client, token)
    sandbox.clock.advance(days=60)
    for dead in (token, fresh):
        with pytest.raises(TokenExpired, match="190/463"):
            refresh_sdk_token(client, dead)


def test_a_living_token_is_not_renewed_for_someone_long_away(client: GraphClient, sandbox: Sandbox, token: AccessToken) -> None:
    sandbox.clock.advance(days=50)
    kept = extend_user_token(client, token)
    sandbox.clock.advance(days=39, hours=23, minutes=59, seconds=59)
    here = sandbox.checkpoint()
    assert refresh_sdk_token(client, kept).value
    sandbox.rewind(here)
    sandbox.clock.advance(seconds=1)
    with pytest.raises(TokenInvalid, match="inactive"):
        refresh_sdk_token(client, kept)
    assert debug_token(client, kept).is_valid
    sandbox.world.defaults = msgspec.structs.replace(sandbox.world.defaults, sdk_refresh_inactive="Away too long")
    with pytest.raises(TokenInvalid, match="Away too long"):
        refresh_sdk_token(client, kept)
    log_in(client)
    assert refresh_sdk_token(client, kept).value != kept.value, "a visit to the dialog counts"


def test_a_refused_call_is_no_visit(client: GraphClient, sandbox: Sandbox, token: AccessToken) -> None:
    before = debug_token(client, token).data_access_expires_at
    sandbox.clock.advance(days=5)
    with pytest.raises(RequestInvalid, match=r"nonexisting field \(colour\)"):
        client.get(
            "oauth/access_token", token, grant_type="fb_extend_sso_token", client_id=client.settings.app_id, fields="colour"
        )
    assert debug_token(client, token).data_access_expires_at == before


ENDS: dict[str, tuple[Callable[[Sandbox], None], str]] = {
    "password": (lambda sandbox: sandbox.change_password("Mara Quay"), "190/460"),
    "logged out": (lambda sandbox: sandbox.log_out("Mara Quay"), "190/467"),
    "app removed": (lambda sandbox: sandbox.remove_app("Mara Quay", "1000000000001"), "190/458"),
}


@pytest.mark.parametrize(("end", "number"), ENDS.values(), ids=ENDS)
def test_a_token_that_was_ended_is_not_renewed(
    end: Callable[[Sandbox], None], number: str, client: GraphClient, sandbox: Sandbox, token: AccessToken
) -> None:
    sandbox.clock.advance(days=1)
    fresh = refresh_sdk_token(client, token)
    end(sandbox)
    for dead in (token, fresh):
        with pytest.raises(TokenRevoked, match=number):
            refresh_sdk_token(client, dead)


def test_other_kinds_are_refused(client: GraphClient, token: AccessToken) -> None:
    page = list_pages(client, token)[0].token
    assert page
    for other in (page, compose_app_token(client.settings), compose_client_token(client.settings)):
        with pytest.raises(WrongTokenKind, match="user access token is required"):
            refresh_sdk_token(client, other)


def test_malformed_text_is_refused(client: GraphClient) -> None:
    for text, words in (("rubbish", "Cannot parse"), ("EAA_half", "decrypted")):
        with pytest.raises(TokenMalformed, match=words):
            refresh_sdk_token(client, AccessToken(Secret(text)))
    with pytest.raises(WrongTokenKind, match="access token is required"):
        refresh_sdk_token(client, AccessToken(Secret("")))


def test_another_apps_token_is_refused(client: GraphClient, token: AccessToken) -> None:
    other = replace(client, settings=replace(client.settings, app_id="1000000000002"))
    with pytest.raises(TokenInvalid, match="not issued for this application"):
        refresh_sdk_token(other, token)


def test_opening_the_app_refreshes_once_a_day(client: GraphClient, sandbox: Sandbox, token: AccessToken) -> None:
    before = client.wire.count
    sandbox.clock.advance(hours=23, minutes=59, seconds=59)
    assert use_app(client, token) is token
    assert client.wire.count == before
    sandbox.clock.advance(seconds=1)
    fresh = use_app(client, token)
    assert fresh.value != token.value
    assert use_app(client, fresh) is fresh
    assert client.wire.count == before + 1


def test_a_token_of_unknown_age_is_refreshed(client: GraphClient, token: AccessToken) -> None:
    before = client.wire.count
    use_app(client, replace(token, issued_at=None))
    assert client.wire.count == before + 1


def test_a_story_ends_with_the_first_opening_that_finds_the_token_dead(client: GraphClient, token: AccessToken) -> None:
    start = client.now()
    story = use_through(client, token, [1, 0, 21, 59, 61, 1])
    assert [opening.days_since for opening in story] == [1, 0, 21, 59, 61]
    assert [opening.refreshed for opening in story] == [True, False, True, True, False]
    assert [isinstance(opening.refused, TokenExpired) for opening in story] == [False] * 4 + [True]
    assert story[-1].at == start + timedelta(days=142)
    assert story[-1].token == story[-2].token


@pytest.mark.parametrize(("gap", "openings", "alive"), [(59, 6, 6), (60, 1, 0), (1, 6, 6)])
def test_use_every_so_many_days(gap: int, openings: int, alive: int, client: GraphClient, token: AccessToken) -> None:
    story = use_through(client, token, [gap] * 6)
    assert (len(story), sum(not opening.refused for opening in story)) == (openings, alive)


def test_no_openings_are_an_empty_story(client: GraphClient, token: AccessToken) -> None:
    assert use_through(client, token, []) == []
    assert list(opening_table([])) == ["opened", "days since", "token", "ends", "hint"]


def test_the_table_says_what_became_of_the_token(client: GraphClient, token: AccessToken) -> None:
    table = opening_table(use_through(client, token, [2, 0, 60]))
    assert list(table["token"]) == ["refreshed", "kept", "refused"]
    assert list(table["days since"]) == [2, 0, 60]
    assert table["ends"].nunique() == 1
    assert [f"{instant:%m-%d}" for instant in table["opened"]] == ["11-04", "11-04", "01-03"]


def test_live_graph_has_no_year_to_skip(client: GraphClient, token: AccessToken) -> None:
    live = replace(client, settings=replace(client.settings, target=Target.LIVE))
    with pytest.raises(SandboxOnly, match="A year of openings"):
        use_through(live, token, [1])


def test_the_walk_keeps_a_young_token_and_then_refreshes_it(client: GraphClient, token: AccessToken) -> None:
    walk = walk_sdk_refresh(client, token)
    walk.next()
    assert (walk.held["token"], walk.exchanges) == (token, [])
    walk.next()
    assert walk.done
    assert walk.held["refreshed"].value == token.value
