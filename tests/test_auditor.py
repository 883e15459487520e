"""Audits: every token asked about, every death noticed, no limit met, and nothing done twice after an interruption."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Generator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import islice
from multiprocessing import get_context
from typing import Any

import httpx
import pytest
from capture import Capture
from postgres import Postgres
from sqlalchemy import event, update
from test_system_user import HARBOUR, SCOPES, installed

from fbnb.auditor import audit
from fbnb.client import GraphClient
from fbnb.clock import ManualClock, SystemClock
from fbnb.errand import Errand
from fbnb.errors import AppRestricted, FbnbError, InputError, RateLimited, SettingError, StoreGone, TokenMalformed
from fbnb.flows.app_tokens import compose_app_token
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.flows.system_user import generate_system_user_token
from fbnb.pytest_plugin import GraphServer
from fbnb.redact import Secret
from fbnb.renewal import renew
from fbnb.sandbox import Sandbox
from fbnb.store import KeySource, TokenState, TokenStore
from fbnb.store.schema import tokens
from fbnb.tokens import AccessToken, TokenKind
from fbnb.verdicts import Next, Verdict

ANY = 100_000


def graph_client(store: TokenStore) -> GraphClient:
    assert store.client
    return store.client


def issued(client: GraphClient, sandbox: Sandbox, count: int) -> list[AccessToken]:
    """So many long-lived tokens of one person, in a world without limits."""
    sandbox.assume(calls_per_user=ANY, calls_of_one_user=ANY)
    first = extend_user_token(client, log_in(client, ["email"]))
    world, like = sandbox.world, sandbox.world.tokens[first.value.reveal()]
    facts: Any = {"person": like.person, "expires_at": like.expires_at, "long_lived": True, "call": like.call}
    return [AccessToken(Secret(world.issue(like.kind, like.app, **facts).value)) for _ in range(count)]


def filled(store: TokenStore, sandbox: Sandbox, count: int) -> set[str]:
    """Put so many tokens in; returns their fingerprints."""
    those = issued(graph_client(store), sandbox, count)
    store.put_all(those)
    return {token.fingerprint for token in those}


def audited(store: TokenStore, **how: Any) -> list[Verdict]:
    return list(audit(graph_client(store), store, quiet=True, **how))


def names(verdicts: list[Verdict]) -> set[str]:
    """The fingerprints of the tokens that they are about; each stands there once."""
    found = Counter(one.token.fingerprint for one in verdicts)
    assert not found or set(found.values()) == {1}
    return set(found)


def household(store: TokenStore, client: GraphClient) -> None:
    """One person's tokens: a user token and those of two Pages."""
    user = store.admit(extend_user_token(client, log_in(client, ["email", "pages_show_list"])))
    for page in list_pages(client, store.get(user))[:2]:
        assert page.token
        store.admit(page.token.labelled(page.name), parent=user, made_by="me/accounts")


@dataclass
class Worker(Executor):
    """Does at once what it is handed, after `before`. handed: all of it."""

    before: Callable[[int], object] = lambda number: None
    handed: list[Errand] = field(default_factory=list)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.handed.append(args[0])
        self.before(len(self.handed))
        future = Future[Any]()
        try:
            future.set_result(fn(*args, **kwargs))
        except FbnbError as problem:
            future.set_exception(problem)
        return future


# Everything is asked about


def test_an_audit_is_about_every_token_of_the_app_once(store: TokenStore, sandbox: Sandbox) -> None:
    there = filled(store, sandbox, 120)
    calls = sandbox.calls
    found = audited(store)
    assert names(found) == there
    assert {(one.state, one.do) for one in found} == {("live", Next.FINE)}
    assert sandbox.calls == calls + 120
    assert sum(request.asked.path == "" for request in sandbox.requests) == 3
    assert {one.token.last_checked for one in found} == {one.token.last_good for one in found} == {sandbox.clock.now()}


def statements(store: TokenStore) -> int:
    """How many an audit of the store takes."""
    taken = Counter[str]()

    def count(connection: object, cursor: object, statement: str, *more: object) -> None:
        taken[statement] += 1

    event.listen(store.vault.engine, "before_cursor_execute", count)
    audited(store)
    event.remove(store.vault.engine, "before_cursor_execute", count)
    return taken.total()


def test_tokens_that_have_ended_take_no_statement_each(own: TokenStore, sandbox: Sandbox) -> None:
    filled(own, sandbox, 100)
    statements(own)  # from the first on everything is known
    living = statements(own)
    sandbox.clock.advance(days=61)
    audited(own)
    assert statements(own) <= living + 4, "of one person in each request one question: whether another token works"


def test_an_empty_store_is_audited_without_a_call(own: TokenStore, sandbox: Sandbox) -> None:
    assert audited(own) == []
    assert sandbox.calls == 0


def test_tokens_of_other_apps_are_left_alone(own: TokenStore, client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    own.put(short)
    own.put(AccessToken(Secret("EAA_SANDBOX_USER_of_another_app")), app_id="1000000000002")
    assert names(audited(own)) == {short.fingerprint}


def test_a_token_that_was_replaced_is_left_alone(own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    household(own, client)
    user = next(one for one in own if not one.parent)
    sandbox.clock.advance(days=1)
    new = renew(client, own, user, early=True)
    assert user.fingerprint not in names(found := audited(own))
    assert new.fingerprint in names(found)


def test_without_the_apps_secret_nothing_is_asked(own: TokenStore, client: GraphClient) -> None:
    with pytest.raises(SettingError, match=r"^An audit needs the app's secret\. Set FBNB_APP_SECRET\.$"):
        audit(client.without_secret(), own)


@pytest.mark.parametrize("at_once", [0, -1, "8", None])
def test_an_audit_with_no_request_at_a_time_is_one_line(at_once: Any, own: TokenStore, client: GraphClient) -> None:
    with pytest.raises(InputError, match="a request or more under way at a time"):
        audit(client, own, at_once=at_once)


def test_a_damaged_row_is_a_matter_for_whoever_can_get_the_token_anew(own: TokenStore, client: GraphClient) -> None:
    household(own, client)
    victim = next(iter(own)).fingerprint
    with own.vault.writing() as connection:
        connection.execute(update(tokens).where(tokens.c.fingerprint == victim).values(ciphertext=b"nonsense"))
    found = {one.token.fingerprint: one for one in audited(own)}
    damaged = found.pop(victim)
    assert (damaged.state, damaged.do) == ("unknown", Next.ASK_PERSON)
    assert "is not what was stored there. Forget it" in damaged.why
    assert all(one.fine for one in found.values())


def test_what_has_ended_is_over_though_graph_cannot_be_asked(own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    ended = own.put(replace(log_in(client, ["email"]), expires_at=client.now() - timedelta(hours=1)))
    sandbox.fail(2)
    [found] = audited(own)
    assert (found.token.fingerprint, found.state, found.do) == (ended.fingerprint, "expired", Next.ASK_PERSON)
    assert own.find(ended).last_checked is None


# Every death is noticed

MARA, APP = "Mara Quay", "1000000000001"
ALL = [
    ("change_password", "460"),
    ("reset_sessions", "452"),
    ("log_out", "467"),
    ("invalidate", "466"),
    ("question", "459"),
    ("block", "490"),
    ("unconfirm", "464"),
    ("remove_app", "458"),
]


@pytest.mark.parametrize(("event", "subcode"), ALL)
def test_what_ends_all_tokens_of_a_person_is_noticed_at_the_next_audit(
    event: str, subcode: str, own: TokenStore, client: GraphClient, sandbox: Sandbox
) -> None:
    household(own, client)
    assert all(one.fine for one in audited(own))
    getattr(sandbox, event)(MARA)
    found = audited(own)
    assert len(found) == 3
    assert {(one.state, one.do) for one in found} == {("dead", Next.ASK_PERSON)}
    assert all(one.why.endswith(f" (190/{subcode})") for one in found)
    assert {one.token.state for one in found} == {TokenState.DEAD}


@pytest.mark.parametrize(
    ("event", "dead", "do"),
    [
        (lambda sandbox, page: sandbox.untick_page(MARA, APP, page), 1, Next.ASK_PERSON),
        (lambda sandbox, page: sandbox.change_role(MARA, page), 1, Next.ASK_ADMIN),
        (lambda sandbox, page: sandbox.hide_page(page), 1, Next.ASK_ADMIN),
        (lambda sandbox, page: sandbox.delete_page(page), 1, Next.ASK_ADMIN),
        (lambda sandbox, page: sandbox.remove_permission(MARA, APP, "email"), 0, Next.FINE),
    ],
)
def test_what_befalls_a_page_is_noticed_of_its_token_alone(
    event: Callable[[Sandbox, str], object], dead: int, do: Next, own: TokenStore, client: GraphClient, sandbox: Sandbox
) -> None:
    household(own, client)
    page = next(one for one in own if one.parent)
    event(sandbox, page.label)
    found = audited(own)
    assert [(one.token.label, one.do) for one in found if one.state == "dead"] == [(page.label, do)] * dead


def test_a_permission_that_pages_rest_on_is_missed_by_each_page_token(
    own: TokenStore, client: GraphClient, sandbox: Sandbox
) -> None:
    household(own, client)
    sandbox.remove_permission(MARA, APP, "pages_show_list")
    found = audited(own)
    assert {one.token.kind: one.state for one in found} == {TokenKind.PAGE: "dead", TokenKind.USER: "live"}
    assert not [one for one in found if one.state == "dead" and one.do not in {Next.ASK_PERSON, Next.ASK_ADMIN}]


def test_a_time_that_was_cut_short_is_noticed(own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    household(own, client)
    user = next(one for one in own if not one.parent)
    sandbox.expire(own.get(user))
    found = {one.token.fingerprint: one for one in audited(own)}
    assert (found[user.fingerprint].state, found[user.fingerprint].do) == ("expired", Next.ASK_PERSON)


def test_a_system_users_death_is_a_matter_for_an_admin(own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    admin = log_in(client, ["business_management"])
    robot = installed(client, HARBOUR, "Report Robot", admin)
    own.admit(generate_system_user_token(client, robot, SCOPES, admin))
    sandbox.delete_system_user("Report Robot")
    assert [(one.state, one.do) for one in audited(own)] == [("dead", Next.ASK_ADMIN)]


def test_a_system_users_dead_token_is_told_though_another_lives_that_does_something_else(
    own: TokenStore, client: GraphClient, sandbox: Sandbox
) -> None:
    admin = log_in(client, ["business_management"])
    robot = installed(client, HARBOUR, "Report Robot", admin)
    pages = own.admit(generate_system_user_token(client, robot, SCOPES, admin))
    ads = own.admit(generate_system_user_token(client, robot, ["ads_read"], admin))
    token = own.get(pages)
    assert all(one.fine for one in audited(own))
    sandbox.expire(token)
    found = {one.token.fingerprint: one.do for one in audited(own)}
    assert found == {pages.fingerprint: Next.ASK_ADMIN, ads.fingerprint: Next.FINE}
    assert own.get(pages).fingerprint == token.fingerprint
    other = own.admit(generate_system_user_token(client, robot, [*SCOPES, "ads_read"], admin))
    assert names(audited(own)) == {ads.fingerprint, other.fingerprint}
    assert own.get(pages).fingerprint == other.fingerprint


def test_a_dead_token_gives_way_to_none_that_could_not_be_asked_about(
    own: TokenStore, client: GraphClient, sandbox: Sandbox
) -> None:
    own.put_all(issued(client, sandbox, 2))
    assert all(one.fine for one in audited(own))
    sandbox.log_out(MARA)
    later = replace(client, transport=Odd(client.transport, 1, {"error": {"message": "Later", "code": 2}}))
    assert sorted(one.state for one in audit(later, own, quiet=True)) == ["dead", "unknown"]
    assert {one.state for one in audited(own)} == {"dead"}
    assert len(own) == 2


def test_what_comes_back_is_fine_again(own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    household(own, client)
    sandbox.question(MARA)
    assert not any(one.fine for one in audited(own))
    sandbox.clear(MARA)
    assert all(one.fine and one.token.cause == "" for one in audited(own))


# What passes by itself is no death


@pytest.mark.parametrize("what", [1, 2, "timeout", "reset", "html", "truncated", "lost"])
def test_a_passing_fault_is_a_matter_of_waiting(what: int | str, own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    household(own, client)
    before = list(own)
    sandbox.fail(what)
    assert {(one.state, one.do) for one in audited(own)} == {("unknown", Next.WAIT)}
    assert list(own) == before
    sandbox.heal()
    assert all(one.fine for one in audited(own))


def test_of_a_batch_only_those_that_failed_wait(own: TokenStore, sandbox: Sandbox) -> None:
    filled(own, sandbox, 40)
    sandbox.fail(2, path="debug_token", times=3)
    assert Counter(one.do for one in audited(own)) == {Next.FINE: 37, Next.WAIT: 3}


def test_what_graph_did_not_get_to_waits(own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    filled(own, sandbox, 2)
    answer = [{"code": 200, "body": '{"data": {"is_valid": true, "app_id": "1000000000001", "type": "USER"}}'}, None]
    found = list(audit(replace(client, transport=Capture([answer])), own, quiet=True))
    assert sorted((one.do, one.state) for one in found) == [(Next.FINE, "live"), (Next.WAIT, "unknown")]


def test_what_graph_cannot_be_asked_is_for_an_admin_and_no_death(own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    household(own, client)
    sandbox.fail(100, path="debug_token", words="App_id in the input_token")
    assert {(one.state, one.do) for one in audited(own)} == {("unknown", Next.ASK_ADMIN)}
    assert {one.state for one in own} == {TokenState.LIVE}


@pytest.mark.parametrize(
    ("event", "kind", "words"),
    [
        ("block_app", AppRestricted, "API access blocked"),
        ("deactivate_app", AppRestricted, "API access deactivated"),
        ("delete_app", AppRestricted, "Application has been deleted"),
        ("reset_secret", TokenMalformed, "Compare FBNB_APP_ID"),
    ],
)
def test_a_refusal_of_the_app_itself_is_one_line_and_changes_nothing(
    event: str, kind: type[FbnbError], words: str, store: TokenStore, client: GraphClient, sandbox: Sandbox
) -> None:
    household(store, client)
    before = list(store)
    getattr(sandbox, event)()
    with pytest.raises(kind, match=words) as caught:
        audited(store)
    assert "\n" not in str(caught.value)
    assert list(store) == before


# Limits


def limited(sandbox: Sandbox, calls: int) -> None:
    """From a fresh hour on the app has so many calls an hour."""
    sandbox.clock.advance(hours=2)
    sandbox.assume(calls_per_user=calls)


@pytest.mark.parametrize("executor", [None, Worker], ids=["threads", "all at once"])
@pytest.mark.parametrize(("count", "an_hour"), [(500, 200), (1000, 333), (1500, 700)])
def test_an_audit_slows_down_before_the_limit_and_meets_no_refusal(
    count: int, an_hour: int, executor: type[Worker] | None, own: TokenStore, sandbox: Sandbox
) -> None:
    there, before = filled(own, sandbox, count), sandbox.calls
    limited(sandbox, an_hour)
    start = sandbox.clock.now()
    assert names(audited(own, executor=executor and executor())) == there
    assert sandbox.calls == before + count, "none was refused, for that would have been asked again"
    assert timedelta(hours=1) < sandbox.clock.now() - start < timedelta(hours=6)


def test_a_limit_that_is_far_away_takes_no_time(own: TokenStore, sandbox: Sandbox) -> None:
    there = filled(own, sandbox, 500)
    start = sandbox.clock.now()
    assert names(audited(own)) == there
    assert sandbox.clock.now() == start


@pytest.mark.parametrize("others", [450, 700, 800])
def test_what_others_have_used_of_the_limit_is_not_taken_for_the_price_of_a_call(
    others: int, own: TokenStore, client: GraphClient, sandbox: Sandbox
) -> None:
    there, token = filled(own, sandbox, 70), compose_app_token(client.settings)
    limited(sandbox, 1000)
    for _ in range(others):
        client.get("debug_token", token, input_token=token)
    start, calls = sandbox.clock.now(), sandbox.calls
    assert names(audited(own)) == there
    assert sandbox.calls == calls + 70
    assert sandbox.clock.now() == start, "there was room for all of them"


def test_a_limit_that_has_emptied_is_made_use_of(own: TokenStore, sandbox: Sandbox) -> None:
    there = filled(own, sandbox, 2500)
    limited(sandbox, 2000)
    start = sandbox.clock.now()
    assert names(audited(own)) == there
    assert sandbox.clock.now() - start < timedelta(hours=4), "one hour's limit and a quarter of the next"


def test_what_was_one_call_too_many_is_asked_again_after_a_wait(own: TokenStore, sandbox: Sandbox) -> None:
    there, start = filled(own, sandbox, 120), sandbox.clock.now()
    sandbox.fail(4, path="debug_token", times=55)
    found = audited(own, at_once=1)
    assert names(found) == there
    assert all(one.fine for one in found)
    assert sandbox.clock.now() - start >= timedelta(minutes=5)


def test_a_limit_that_stays_reached_ends_the_audit_and_kills_nothing(
    own: TokenStore, client: GraphClient, sandbox: Sandbox
) -> None:
    household(own, client)
    sandbox.fail(4, path="debug_token")

    def patience(number: int) -> None:
        assert number < 100, "Graph is asked without end"

    said = r"^Graph refused: The app's limit stays reached\. Call the audit again later: it goes on where it stopped"
    with pytest.raises(RateLimited, match=said):
        audited(own, executor=Worker(patience))
    assert {one.state for one in own} == {TokenState.LIVE}
    sandbox.heal()
    assert all(one.fine for one in audited(own))


def test_only_a_few_requests_are_under_way_however_many_tokens(own: TokenStore, sandbox: Sandbox) -> None:
    filled(own, sandbox, 2500)
    under_way, most, lock = 0, 0, threading.Lock()

    class Counting(ThreadPoolExecutor):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            nonlocal under_way, most
            with lock:
                under_way += 1
                most = max(most, under_way)
            future = super().submit(fn, *args, **kwargs)
            future.add_done_callback(done)
            return future

    def done(future: Future[Any]) -> None:
        nonlocal under_way
        with lock:
            under_way -= 1

    with Counting(2) as workers:
        assert len(audited(own, executor=workers, at_once=3)) == 2500
    assert 2 <= most <= 6


# Broken off, and gone on with


def _closed(verdicts: Generator[Verdict]) -> list[Verdict]:
    seen = list(islice(verdicts, 130))
    verdicts.close()
    return seen


def _interrupted(verdicts: Generator[Verdict]) -> list[Verdict]:
    seen = list(islice(verdicts, 130))
    with pytest.raises(KeyboardInterrupt):
        verdicts.throw(KeyboardInterrupt)
    return seen


@pytest.mark.parametrize("broken_off", [_closed, _interrupted])
def test_what_was_broken_off_goes_on_where_it_stopped(
    broken_off: Callable[[Generator[Verdict]], list[Verdict]], store: TokenStore, client: GraphClient, sandbox: Sandbox
) -> None:
    there, calls = filled(store, sandbox, 400), sandbox.calls
    seen = broken_off(audit(client, store, quiet=True, at_once=2))
    assert len(names(seen)) == 130
    asked = sandbox.calls - calls
    assert 150 <= asked <= 350
    assert names(audited(store)) == there
    assert sandbox.calls - calls == 400, "the second asked only about the rest"
    assert names(audited(store)) == there
    assert sandbox.calls - calls == 800, "that one was over, so the third is a new one"


def test_an_error_in_a_worker_loses_nothing_that_was_found(store: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    there = filled(store, sandbox, 300)
    worker = Worker(lambda number: sandbox.block_app() if number == 3 else None)
    with pytest.raises(AppRestricted):
        audited(store, executor=worker, at_once=1)
    sandbox.reactivate_app()
    assert sum(one.last_checked is not None for one in store) == 100
    calls = sandbox.calls
    assert names(audited(store)) == there
    assert sandbox.calls == calls + 200


def test_a_fresh_audit_asks_about_all_of_them_again(own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    there = filled(own, sandbox, 200)
    _closed(audit(client, own, quiet=True, at_once=1))
    calls = sandbox.calls
    assert names(audited(own, fresh=True)) == there
    assert sandbox.calls == calls + 200


@pytest.mark.parametrize("hours", [7, -3])
def test_a_break_of_hours_or_a_clock_set_back_makes_it_a_new_audit(
    hours: int, own: TokenStore, client: GraphClient, sandbox: Sandbox
) -> None:
    sandbox.clock.advance(days=1)
    there = filled(own, sandbox, 200)
    _closed(audit(client, own, quiet=True, at_once=1))
    calls = sandbox.calls
    later = ManualClock(sandbox.clock.now() + timedelta(hours=hours))
    assert names(list(audit(replace(client, clock=later), own, quiet=True))) == there
    assert sandbox.calls == calls + 200


def test_what_died_meanwhile_is_told_by_the_audit_after(own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    filled(own, sandbox, 200)
    _closed(audit(client, own, quiet=True, at_once=1))
    sandbox.change_password(MARA)
    assert any(one.fine for one in audited(own)), "what was asked before the break is not asked again"
    assert {one.state for one in audited(own)} == {"dead"}


def test_a_token_that_is_renewed_in_mid_audit_is_no_alarm(own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    household(own, client)
    sandbox.clock.advance(days=56)
    user = next(one for one in own if not one.parent)
    found = audited(own, executor=Worker(lambda number: renew(client, own, user)))
    assert Counter(one.do for one in found if one.token.parent) == {Next.FINE: 2}
    assert not [one for one in found if one.do in {Next.ASK_PERSON, Next.ASK_ADMIN}]
    assert own.find(user).state is TokenState.REPLACED


def test_a_token_that_is_forgotten_in_mid_audit_is_left_out(own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    household(own, client)
    gone = next(iter(own))

    def forget(number: int) -> None:
        if gone.fingerprint in {one.fingerprint for one in own}:
            own.forget(gone)

    found = audited(own, executor=Worker(forget))
    assert gone.fingerprint not in names(found)
    assert len(found) == 2


def test_a_database_that_stops_in_mid_audit_is_one_line_and_the_next_call_goes_on(
    postgres: Postgres, postgres_url: str, client: GraphClient, sandbox: Sandbox
) -> None:
    with closing(TokenStore(postgres_url, client=client, key=KeySource.FILE)) as store:
        there, calls = filled(store, sandbox, 400), sandbox.calls
        verdicts = audit(client, store, quiet=True, at_once=1)
        seen = list(islice(verdicts, 60))
        postgres.stop()
        with pytest.raises(StoreGone, match="an audit goes on where it stopped") as caught:
            list(verdicts)
        assert "\n" not in str(caught.value)
        assert postgres.password not in str(caught.value)
        postgres.start()
        assert names(audited(store)) == there
        assert len(names(seen)) == 60
        assert sandbox.calls - calls <= 450, "at most what was under way was asked twice"


# Two at once


def test_two_audits_in_turns_share_the_work_and_both_tell_all(own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    there, calls = filled(own, sandbox, 400), sandbox.calls
    one, other = audit(client, own, quiet=True, at_once=1), audit(client, own, quiet=True, at_once=1)
    first = [next(one)]
    second = list(other)
    assert names(second) == there
    assert names([*first, *one]) == there
    assert sandbox.calls - calls <= 500


def test_two_threads_share_the_work_and_both_tell_all(store: TokenStore, sandbox: Sandbox) -> None:
    there, calls = filled(store, sandbox, 600), sandbox.calls
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(audited, store) for _ in range(2)]
    assert [names(one.result()) == there for one in both] == [True, True]
    assert sandbox.calls - calls < 1200


def in_a_process(client: GraphClient, store: TokenStore) -> list[str]:
    """An audit where client and store were pickled to; the store knows the app's secret."""
    secret = store.secret(client.settings.app_id)
    assert secret
    return [one.token.fingerprint for one in audit(client.with_secret(secret), store, quiet=True)]


def elsewhere(server: GraphServer, url: str, patch: pytest.MonkeyPatch, count: int) -> tuple[TokenStore, set[str]]:
    """A filled store that other processes can open too."""
    patch.setenv("FBNB_STORE_PASSPHRASE", "for the tests alone")
    client = replace(server.client, clock=SystemClock())
    if "postgresql" in url:
        patch.setenv("PGPASSWORD", url.partition("@")[0].rpartition(":")[2])
    store = TokenStore(url, client=client, key=KeySource.PASSPHRASE)
    there = filled(store, server.sandbox, count)
    assert client.settings.app_secret
    store.keep_secret(client.settings.app_id, client.settings.app_secret)
    return store, there


def test_two_processes_share_the_work_and_both_tell_all(
    graph_server: GraphServer, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, there = elsewhere(graph_server, store_url, monkeypatch, 600)
    with closing(store), ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        both = [pool.submit(in_a_process, graph_client(store), store) for _ in range(2)]
        told = [one.result() for one in both]
    assert [(set(one) == there, len(one)) for one in told] == [(True, 600)] * 2


class Odd(httpx.BaseTransport):
    """Graph, but for the answer about one token, which is odd."""

    def __init__(self, graph: httpx.BaseTransport, number: int, item: object) -> None:
        self.graph, self.number, self.item = graph, number, item

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.graph.handle_request(request)
        items = json.loads(answer.read())
        if isinstance(items, list):
            items[self.number] = {"code": 200, "body": json.dumps(self.item)}
        return httpx.Response(200, json=items)


@pytest.mark.parametrize(
    "item",
    [
        {"error": {"message": "Permissions error", "code": 200}},
        {"error": {"message": "What?", "code": 999}},
        {},
        {"data": []},
        {"data": {"is_valid": True, "expires_at": "soon"}},
        {"data": {"is_valid": True, "expires_at": 10**18}},
    ],
)
def test_one_odd_answer_is_one_tokens_trouble(item: object, own: TokenStore, client: GraphClient) -> None:
    household(own, client)
    odd = replace(client, transport=Odd(client.transport, 1, item))
    found = list(audit(odd, own, quiet=True))
    assert sorted(one.state for one in found) == ["live"] * (len(found) - 1) + ["unknown"]
    assert len(found) > 2
