"""Renewal: a token is replaced once another one has proven itself, and never made worse."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise

import httpx
import pytest
from test_system_user import HARBOUR, SCOPES, installed

from fbnb.auditor import audit
from fbnb.client import GraphClient
from fbnb.errors import FbnbError, InputError, NotRenewed, RateLimited, TemporaryFailure, TransportError, UnreadableAnswer
from fbnb.flows.app_tokens import compose_app_token
from fbnb.flows.debug_token import debug_token
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.flows.system_user import generate_system_user_token
from fbnb.renewal import renew
from fbnb.sandbox import Sandbox
from fbnb.store import StoredToken, TokenState, TokenStore
from fbnb.tokens import NEVER, AccessToken, TokenKind
from fbnb.verdicts import Next

MARA = "Mara Quay"
EXCHANGE = "oauth/access_token"


def user(store: TokenStore, scopes: str = "email,pages_show_list") -> StoredToken:
    assert store.client
    return store.admit(extend_user_token(store.client, log_in(store.client, scopes)).labelled(MARA))


def exchanges(sandbox: Sandbox) -> int:
    """How many exchanges of a token for another were asked for."""
    return sum(request.asked.get("grant_type") == "fb_exchange_token" for request in sandbox.requests)


def works(client: GraphClient, token: AccessToken) -> bool:
    return debug_token(client, token, using=compose_app_token(client.settings)).is_valid


@dataclass
class Meddling(httpx.BaseTransport):
    """Graph, where something happens right after it has handed out a token; or where it hands out the same one again."""

    graph: httpx.BaseTransport
    after: Callable[[AccessToken], object] = lambda token: None
    again: bool = False
    first: list[bytes] = field(default_factory=list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.graph.handle_request(request)
        if "fb_exchange_token" not in str(request.url.query):
            return answer
        content = self.first[0] if self.again and self.first else answer.read()
        self.first.append(content)
        self.after(AccessToken.of(json.loads(content)["access_token"]))
        return httpx.Response(200, content=content)


# When it goes well


def test_a_token_that_is_due_is_replaced_by_one_that_lives_longer(
    store: TokenStore, client: GraphClient, sandbox: Sandbox
) -> None:
    old = user(store)
    text = store.get(old)
    sandbox.clock.advance(days=56)
    new = renew(client, store, old)
    assert isinstance(new.expires_at, type(client.now()))
    assert new.expires_at - client.now() == timedelta(days=60)
    assert (new.kind, new.subject, new.label, new.scopes) == (old.kind, old.subject, old.label, old.scopes)
    assert (new.state, new.parent, new.last_good) == (TokenState.LIVE, old.fingerprint, client.now())
    assert new.made_by == "oauth/access_token, fb_exchange_token"
    assert store.find(old).state is TokenState.REPLACED
    assert store.get(old) == store.get(new) != text
    assert [one.fingerprint for one in store] == [new.fingerprint]
    assert works(client, store.get(new))


def test_a_token_that_is_not_due_is_left_as_it_is_unless_told(own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    old = user(own)
    sandbox.clock.advance(days=52)
    before = exchanges(sandbox)
    assert renew(client, own, old) == old
    assert exchanges(sandbox) == before
    assert renew(client, own, old, early=True).fingerprint != old.fingerprint


def test_a_token_can_be_named_in_any_way(own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    old = user(own)
    token = own.get(old)
    sandbox.clock.advance(days=1)
    second = renew(client, own, token, early=True)
    sandbox.clock.advance(days=1)
    third = renew(client, own, old.fingerprint[:12], early=True)
    assert third.parent == second.fingerprint, "whoever still has the old one renews what took its place"


def test_a_name_that_nobody_has_is_one_line(own: TokenStore, client: GraphClient) -> None:
    with pytest.raises(InputError, match="The store has no token"):
        renew(client, own, "f" * 64)


def test_year_after_year_one_token_is_renewed_from_day_53_on_and_its_line_is_kept(
    own: TokenStore, client: GraphClient, sandbox: Sandbox
) -> None:
    latest = user(own, "pages_show_list")
    for _ in range(365):
        sandbox.clock.advance(days=1)
        for one in audit(client, own, quiet=True):
            latest = renew(client, own, one.token) if one.do is Next.RENEW else latest
    line = own.lineage(latest)
    made = [one.obtained for one in line]
    assert len(line) == 7
    assert all(timedelta(days=53) <= later - earlier <= timedelta(days=56) for earlier, later in pairwise(made))
    assert len(own) == 1


def test_another_apps_client_renews_nothing_and_holds_nothing_against_the_token(
    own: TokenStore, client: GraphClient, sandbox: Sandbox
) -> None:
    old = user(own)
    sandbox.clock.advance(days=56)
    other = replace(client, settings=replace(client.settings, app_id="1000000000002"))
    calls = sandbox.calls
    with pytest.raises(InputError, match=r"is of app 1000000000001\. Renew it with a client of that app\.$"):
        renew(other, own, old)
    assert own.find(old) == old
    assert sandbox.calls == calls


# What would do harm


def test_a_token_without_an_end_is_given_none(own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    page = next(page for page in list_pages(client, own.get(user(own))) if page.token)
    assert page.token
    stored = own.admit(page.token)
    calls = sandbox.calls
    assert stored.expires_at is NEVER
    for early in (False, True):
        with pytest.raises(NotRenewed, match=r"never ends; renewed, it would end in 60 days\. Leave it\.$"):
            renew(client, own, stored, early=early)
    assert sandbox.calls == calls
    assert own.find(stored) == stored


def test_an_apps_own_token_has_no_end_to_put_off(own: TokenStore, client: GraphClient) -> None:
    stored = own.admit(compose_app_token(client.settings))
    with pytest.raises(NotRenewed, match="has no end to put off"):
        renew(client, own, stored, early=True)


def test_of_an_end_that_nobody_has_told_an_audit_is_to_ask(own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    stored = own.put(replace(own.get(user(own)), expires_at=None))
    own.note(stored, expires_at=None)
    with pytest.raises(NotRenewed, match=r"Nobody has said when .* ends\. Let an audit ask"):
        renew(client, own, stored, early=True)


def test_a_dead_token_is_not_renewed(own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    stored = user(own)
    sandbox.clock.advance(days=61)
    with pytest.raises(NotRenewed, match=r"works no more\. Its person logs in again\.$"):
        renew(client, own, stored)


# When it goes wrong, the old one stays

PASSING = [
    (2, TemporaryFailure),
    (4, RateLimited),
    ("timeout", TransportError),
    ("reset", TransportError),
    ("lost", TransportError),
    ("html", UnreadableAnswer),
    ("truncated", UnreadableAnswer),
]


@pytest.mark.parametrize("step", [EXCHANGE, "debug_token"])
@pytest.mark.parametrize(("what", "kind"), PASSING)
def test_what_fails_for_now_changes_nothing(
    what: int | str, kind: type[FbnbError], step: str, own: TokenStore, client: GraphClient, sandbox: Sandbox
) -> None:
    old = user(own)
    sandbox.clock.advance(days=55)
    sandbox.fail(what, path=step)
    with pytest.raises(kind):
        renew(client, own, old)
    assert list(own.tokens(replaced=True)) == [old]
    sandbox.heal()
    assert works(client, own.get(old))
    assert renew(client, own, old).parent == old.fingerprint


@pytest.mark.parametrize(("what", "step"), [(2, EXCHANGE), (2, "debug_token")])
def test_what_fails_for_now_changes_nothing_in_either_database(
    what: int, step: str, store: TokenStore, client: GraphClient, sandbox: Sandbox
) -> None:
    old = user(store)
    sandbox.clock.advance(days=55)
    sandbox.fail(what, path=step)
    with pytest.raises(TemporaryFailure):
        renew(client, store, old)
    assert list(store.tokens(replaced=True)) == [old]


def test_a_new_token_that_does_not_work_replaces_nothing(store: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    old = user(store)
    sandbox.clock.advance(days=55)
    graph = Meddling(client.transport, after=sandbox.expire)
    with pytest.raises(NotRenewed, match=r"^The new token does not work: The token's time ran out\."):
        renew(replace(client, transport=graph), store, old)
    assert works(client, store.get(old))
    assert store.find(old).trouble.startswith("Not renewed: The new token does not work")
    assert [one.fingerprint for one in store.tokens(replaced=True)] == [old.fingerprint]


def test_a_new_token_that_may_do_less_replaces_nothing(own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    old = user(own)
    sandbox.clock.advance(days=55)
    graph = Meddling(client.transport, after=lambda token: sandbox.remove_permission(MARA, "", "email"))
    with pytest.raises(NotRenewed, match=r"^The new token lacks email\."):
        renew(replace(client, transport=graph), own, old)
    assert works(client, own.get(old))


def test_the_same_token_with_the_same_end_is_no_renewal(own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    graph = Meddling(client.transport, again=True)
    client = replace(client, transport=graph)
    first = user(own)
    sandbox.clock.advance(days=55)
    second = renew(client, own, first)
    with pytest.raises(NotRenewed, match=r"^Graph gave the same token with the same end\."):
        renew(client, own, second, early=True)
    assert own.find(second).state is TokenState.LIVE
    assert works(client, own.get(second))


def test_a_refusal_that_only_a_person_can_mend_is_noted_and_told_by_the_next_audit(
    own: TokenStore, client: GraphClient, sandbox: Sandbox
) -> None:
    old = user(own)
    sandbox.clock.advance(days=56)
    sandbox.question(MARA)
    with pytest.raises(NotRenewed, match="190"):
        renew(client, own, old)
    assert own.find(old).trouble.startswith("Not renewed: Graph refused (190/459)")
    sandbox.clear(MARA)


@pytest.mark.parametrize("event", ["deactivate_app", "block_app"])
def test_what_the_app_is_refused_is_not_held_against_the_token(
    event: str, own: TokenStore, client: GraphClient, sandbox: Sandbox
) -> None:
    old = user(own)
    sandbox.clock.advance(days=56)
    getattr(sandbox, event)()
    with pytest.raises(FbnbError, match="API access"):
        renew(client, own, old)
    assert own.find(old).trouble == ""
    sandbox.reactivate_app()
    assert [one.do for one in audit(client, own, quiet=True)] == [Next.RENEW]


# Page tokens and machines


def test_a_page_token_that_ends_is_got_again_by_its_user_token_renewed_first(
    own: TokenStore, client: GraphClient, sandbox: Sandbox, short: AccessToken
) -> None:
    parent = own.admit(short)
    page = list_pages(client, short)[0]
    assert page.token
    ends = own.admit(page.token, parent=parent, made_by="me/accounts")
    assert isinstance(ends.expires_at, type(client.now()))
    new = renew(client, own, ends)
    assert (new.kind, new.subject, new.expires_at) == (TokenKind.PAGE, page.id, NEVER)
    assert new.made_by == "GET /{page}?fields=access_token"
    assert own.find(parent).state is TokenState.REPLACED
    assert client.get(page.id, own.get(new))["name"] == page.name


def test_a_page_token_whose_user_token_is_not_here_is_not_renewed(
    own: TokenStore, client: GraphClient, short: AccessToken
) -> None:
    page = list_pages(client, short)[0]
    assert page.token
    alone = own.admit(page.token)
    with pytest.raises(NotRenewed, match=r"Log in, and list_pages again\.$"):
        renew(client, own, alone, early=True)


@pytest.mark.parametrize("gone", ["forgotten", "a damaged row", "a damaged token"])
def test_a_page_token_whose_user_token_cannot_be_had_is_a_matter_of_a_login(
    gone: str, own: TokenStore, client: GraphClient, short: AccessToken
) -> None:
    parent = own.admit(short)
    page = list_pages(client, short)[0]
    assert page.token
    ends = own.admit(page.token, parent=parent)
    if gone == "forgotten":
        own.forget(parent)
    else:
        with own.vault.writing() as connection:
            own.change(connection, parent.fingerprint, **({"kind": "nonsense"} if "row" in gone else {"ciphertext": b"nonsense"}))
    with pytest.raises(NotRenewed, match=r"^There is no user token that gives one for .*\. Log in, and list_pages again\.$"):
        renew(client, own, ends)
    assert own.find(ends).trouble.startswith("Not renewed: There is no user token")


def test_a_system_users_token_is_renewed_by_itself(own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    admin = log_in(client, ["business_management"])
    robot = installed(client, HARBOUR, "Report Robot", admin)
    ends = own.admit(generate_system_user_token(client, robot, SCOPES, admin, days=60))
    endless = own.admit(generate_system_user_token(client, robot, SCOPES, admin))
    sandbox.clock.advance(days=56)
    new = renew(client, own, ends)
    assert (new.kind, new.subject, new.scopes) == (TokenKind.SYSTEM_USER, robot.id, ends.scopes)
    with pytest.raises(NotRenewed, match="never ends"):
        renew(client, own, endless)


# Two at once


def test_of_many_threads_that_try_at_once_one_renews(store: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    old = user(store)
    sandbox.clock.advance(days=56)
    before, ready = exchanges(sandbox), threading.Barrier(6)

    def one() -> StoredToken:
        ready.wait()
        return renew(client, store, old)

    with ThreadPoolExecutor(6) as pool:
        told = [future.result() for future in [pool.submit(one) for _ in range(6)]]
    assert len({token.fingerprint for token in told}) == 1
    assert exchanges(sandbox) == before + 1
    assert len(store) == 1
