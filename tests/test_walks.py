"""Every walk there is goes to its end, and hands on what its steps yield."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from fbnb import walks
from fbnb.client import GraphClient
from fbnb.errors import InputError, LoginPending
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.sandbox.transport import sandbox_behind
from fbnb.snippets import importing
from fbnb.store import KeySource, TokenStore
from fbnb.store_walks import walk_store
from fbnb.tokens import AccessToken
from fbnb.walk import Walk
from fbnb.wire import Exchange

SCOPES = ("email", "pages_show_list", "pages_read_engagement", "business_management", "ads_read")
BAKERY = "3000000000001"


def page(client: GraphClient, token: AccessToken) -> AccessToken:
    found = list_pages(client, token)[0].token
    assert found
    return found


# What each yields, by name.
WALKS: dict[str, tuple[Callable[[GraphClient, AccessToken], Walk], str]] = {
    "login": (lambda c, t: walks.walk_login(c), "state, url, redirect, code, user token"),
    "debug_token": (walks.walk_debug_token, "app token, its info, the app token's info"),
    "long_lived": (walks.walk_long_lived, "long-lived token, its info, the old one's info"),
    "page_tokens": (walks.walk_page_tokens, "long-lived token, pages, its info"),
    "client_code": (walks.walk_client_code, "code, phone, its info"),
    "app_tokens": (lambda c, t: walks.walk_app_tokens(c), "from Graph, composed, its info, client token"),
    "system_user": (walks.walk_system_user, "business, robot, installed, token, its info"),
    "revoke": (walks.walk_revoke, "before, taken back, after, de-authorised, its info"),
    "session_info": (walks.walk_session_info, "session info, its info"),
    "sdk_refresh": (walks.walk_sdk_refresh, "token, refreshed"),
    "business_login": (
        lambda c, t: walks.walk_business_login(c, "7000000000001"),
        "state, url, redirect, code, business token, business",
    ),
    "oidc": (lambda c, t: walks.walk_oidc(c), "nonce, id_token, verified, user id"),
    "find_pages": (walks.walk_find_pages, "listed, ticked, found"),
    "page_reading": (lambda c, t: walks.walk_page_reading(c, BAKERY, page(c, t)), "page, posts"),
    "marketing": (walks.walk_marketing, "account, campaigns, insights"),
    "device_login": (lambda c, t: walks.walk_device_login(c), "login, typed in, user token"),
    "test_users": (lambda c, t: walks.walk_test_users(c), "user, changed, users, deleted"),
}


@pytest.mark.parametrize("name", WALKS)
def test_it_goes_to_its_end(name: str, client: GraphClient) -> None:
    make, yields = WALKS[name]
    walk = make(client, extend_user_token(client, log_in(client, SCOPES)))
    while not walk.done:
        walk.next()
        assert walk.error is None, walk.error
    assert ", ".join(walk.held) == yields


# What the code of a walk finds there already.
GIVEN: dict[str, Callable[[GraphClient, AccessToken], Any]] = {
    "client": lambda c, t: c,
    "sandbox": lambda c, t: sandbox_behind(c.transport),
    "token": lambda c, t: t,
    "admin": lambda c, t: t,
    "expected": lambda c, t: (),
}


def repeatable(value: object) -> object:
    """A value as it can be compared with the same of another run."""
    return value.reveal() if isinstance(value, Secret) else value


@pytest.mark.parametrize("name", WALKS)
def test_its_code_to_copy_does_the_same(name: str, client: GraphClient, sandbox: Sandbox) -> None:
    token = extend_user_token(client, log_in(client, SCOPES))
    walk = WALKS[name][0](client, token)
    names = {given: make(client, token) for given, make in GIVEN.items()}
    names |= {"token": page(client, token)} if name == "page_reading" else {}
    codes, inputs, start = [], dict[str, str](), sandbox.checkpoint()
    while not walk.done:
        codes.append(walk.code)
        inputs |= walk.step.inputs
        walk.next()
    sandbox.rewind(start)
    for code, (yielded, value) in zip(codes, walk.held.items(), strict=True):
        exec(f"{importing(code)}\n{code}", names, inputs)
        made, assigned, _ = code.rsplit("\n")[-1].partition(" = ")
        assert not assigned or repeatable(inputs[made]) == repeatable(value), yielded
    assert {given for given in walk.given if given not in names} == set()


def test_the_code_of_the_store_runs_too(client: GraphClient, sandbox: Sandbox, own: TokenStore, tmp_path: Path) -> None:
    walk, codes, start = walk_store(client, own), list[str](), sandbox.checkpoint()
    while not walk.done:
        codes.append(walk.code)
        walk.next()
        assert walk.error is None
    assert walk.stays == "What the store has taken in stays in it."
    sandbox.rewind(start)
    with closing(TokenStore(tmp_path / "another.db", client=client, key=KeySource.FILE)) as another:
        names = {"client": client, **walk.given, "store": another}
        for code in codes:
            exec(f"{importing(code)}\n{code}", names)
        told: Any = names["verdict"]
        assert (told.token.fingerprint, told.state) == (walk.held["verdict"].token.fingerprint, "live")


@pytest.mark.parametrize("name", WALKS)
def test_a_rehearsal_shows_what_will_be_sent_first_and_changes_nothing(name: str, client: GraphClient, sandbox: Sandbox) -> None:
    walk = WALKS[name][0](client, extend_user_token(client, log_in(client, SCOPES)))
    sent = 0
    while not walk.done:
        before = sandbox.state(), sandbox.requests, client.wire.count, dict(walk.held)
        rehearsed = walk.rehearse()
        assert (sandbox.state(), sandbox.requests, client.wire.count, dict(walk.held)) == before
        walk.next()
        assert [_without_nonces(exchange) for exchange in rehearsed] == [_without_nonces(e) for e in walk.exchanges[:1]]
        sent += len(rehearsed)
    assert sent


def _without_nonces(exchange: Exchange) -> tuple[str, str, dict[str, str]]:
    told = {name: value for name, value in exchange.params.items() if name != "state"}
    return exchange.method, exchange.path, told


@pytest.mark.parametrize("name", WALKS)
def test_going_back_goes_all_the_way_back(name: str, client: GraphClient, sandbox: Sandbox) -> None:
    walk = WALKS[name][0](client, extend_user_token(client, log_in(client, SCOPES)))
    stood = []
    while not walk.done:
        stood.append((walk.position, dict(walk.held), sandbox.state()))
        walk.next()
        sandbox.clock.advance(minutes=1)
    held = dict(walk.held)
    for before in reversed(stood):
        walk.back()
        assert (walk.position, walk.held, sandbox.state()) == before
    assert not walk.begun
    while not walk.done:
        walk.next()
        sandbox.clock.advance(minutes=1)
    assert walk.held == held
    walk.start_over()
    assert (walk.position, walk.held, sandbox.state()) == stood[0]


def test_every_walk_is_among_them() -> None:
    assert {name.removeprefix("walk_") for name in vars(walks) if name.startswith("walk_")} == set(WALKS)


def test_a_device_login_waits_at_its_last_step_for_the_person(client: GraphClient, sandbox: Sandbox) -> None:
    walk = walks.walk_device_login(client)
    walk.next()
    with pytest.raises(LoginPending):
        walk.steps[2].take(client, walk.held)
    walk.next()
    assert walk.held["typed in"] == f"{walk.held['login'].user_code}, at {walk.held['login'].verification_uri}"
    walk.next()
    assert walk.done


def test_someone_without_page_or_ad_account_is_told_so(client: GraphClient, sandbox: Sandbox) -> None:
    token = log_in(client.acting_as(sandbox.person("Ben Tide", pages=[])), SCOPES)
    for walk in (walks.walk_marketing(client, token), walks.walk_page_tokens(client, token)):
        while not walk.done and walk.error is None:
            walk.next()
        assert isinstance(walk.error, InputError)
