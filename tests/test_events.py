"""Every event: debug_token and a call a second before it, at its instant and a second after; and how events compose."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from fbnb.client import GraphClient
from fbnb.errors import DialogRefused, GraphError, InputError, LoginCancelled, NotFound
from fbnb.flows.app_tokens import compose_app_token
from fbnb.flows.debug_token import debug_token
from fbnb.flows.device_login import poll_device_login, start_device_login
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import get_page
from fbnb.flows.system_user import create_system_user, generate_system_user_token, install_app, list_system_users
from fbnb.kit import sandbox_client
from fbnb.sandbox import Sandbox
from fbnb.sandbox.events import Events
from fbnb.sandbox.judge import death
from fbnb.sandbox.records import TokenRecord
from fbnb.sandbox.world import MOST_REPEATS, Event
from fbnb.tokens import AccessToken

MARA, OURS, THEIRS = "Mara Quay", "1000000000001", "1000000000002"
BAKERY, BOOKS, COLLECTIVE = "Harbour Bakery", "Lighthouse Books", "Harbour Street Collective"
SCOPES = ["business_management", "email", "pages_show_list"]
SECOND = timedelta(seconds=1)

Make = Callable[[Events[Event], "Cast"], Event]


@dataclass(frozen=True)
class Cast:
    """Who is on stage: a sandbox, a client, and a token of each sort by name."""

    sandbox: Sandbox
    client: GraphClient
    tokens: dict[str, AccessToken]

    def asked(self, name: str) -> str:
        """What debug_token says of a token: `valid`, its error, or the refusal."""
        try:
            error = debug_token(self.client, self.tokens[name]).error
        except GraphError as refusal:
            return line(refusal)
        return f"{error.code}/{error.subcode} {error.message}" if error else "valid"

    def called(self, name: str) -> str:
        """What a call with the token meets: `fine`, or the refusal."""
        client = self.client.without_secret() if name == "unsigned" else self.client
        try:
            client.get("2100000000001/permissions" if name == "app" else "me", self.tokens[name])
        except GraphError as refusal:
            return line(refusal)
        return "fine"

    def told(self, name: str) -> tuple[str, str]:
        return self.asked(name), self.called(name)


def line(refusal: GraphError) -> str:
    return f"{type(refusal).__name__} {refusal.code}/{refusal.subcode} {refusal.message}"


def on_stage() -> Cast:
    """Mara's long token and the bakery's Page token from it, a robot's, the app's own, and one of somebody with no role."""
    sandbox = Sandbox()
    client = sandbox_client(sandbox)
    long = extend_user_token(client, log_in(client, SCOPES))
    robot = create_system_user(client, "5000000000001", "robot", long)
    install_app(client, robot.id, long)
    tokens = {"user": long, "unsigned": long, "app": compose_app_token(client.settings)}
    for name, page in (("page", "3000000000001"), ("books", "3000000000002")):
        token = get_page(client, page, long).token
        assert token
        tokens[name] = token
    tokens["robot"] = generate_system_user_token(client, robot, ["pages_show_list"], long)
    return Cast(sandbox, client, tokens)


@pytest.fixture
def cast() -> Cast:
    return on_stage()


VALIDATING = "Error validating access token: "
CHANGED, LOGGED_OUT = (f"{VALIDATING}The session has been invalidated because", f"{VALIDATING}The session is invalid because the")
QUESTIONED, GRANT = (
    f"{VALIDATING}You cannot access the app till you log in to www.facebook.com",
    "Any of the pages_read_engagement",
)
ROLE, OF_A_PAGE = "The user must be an administrator", "This Page access token belongs to a Page that "
GONE, OVER = "Error validating application. Application has been deleted.", f"{VALIDATING}The app's access to the user's data"
BLOCKED, STOPPED = "AppRestricted 200/None API access blocked.", "AppRestricted 200/None API access deactivated. To reactivate,"

# Event, whose token, what debug_token then says, what a call then meets.
TABLE: list[tuple[str, Make, str, str, str]] = [
    ("change_password", lambda e, c: e.change_password(MARA), "user", f"190/460 {CHANGED}", f"TokenRevoked 190/460 {CHANGED}"),
    ("change_password", lambda e, c: e.change_password(MARA), "page", f"190/460 {CHANGED}", f"TokenRevoked 190/460 {CHANGED}"),
    (
        "reset_sessions",
        lambda e, c: e.reset_sessions(MARA),
        "user",
        f"190/452 {VALIDATING}Session does not match",
        f"TokenRevoked 190/452 {VALIDATING}Session does not match current stored session.",
    ),
    ("log_out", lambda e, c: e.log_out(MARA), "user", f"190/467 {LOGGED_OUT}", f"TokenRevoked 190/467 {LOGGED_OUT}"),
    ("log_out", lambda e, c: e.log_out(MARA, OURS), "page", f"190/467 {LOGGED_OUT}", f"TokenRevoked 190/467 {LOGGED_OUT}"),
    ("log_out", lambda e, c: e.log_out(MARA, THEIRS), "user", "valid", "fine"),
    (
        "invalidate",
        lambda e, c: e.invalidate(MARA),
        "user",
        f"190/466 {VALIDATING}The session was invalidated explicitly",
        f"TokenRevoked 190/466 {VALIDATING}The session was invalidated explicitly using an API call.",
    ),
    ("question", lambda e, c: e.question(MARA), "user", f"190/459 {QUESTIONED}", f"AccountLocked 190/459 {QUESTIONED}"),
    ("question", lambda e, c: e.question(MARA), "page", f"190/459 {QUESTIONED}", f"AccountLocked 190/459 {QUESTIONED}"),
    (
        "block",
        lambda e, c: e.block(MARA),
        "user",
        f"190/490 {VALIDATING}The user is enrolled in a blocking",
        f"AccountLocked 190/490 {VALIDATING}The user is enrolled in a blocking, logged-in checkpoint",
    ),
    (
        "unconfirm",
        lambda e, c: e.unconfirm(MARA),
        "user",
        f"190/464 {VALIDATING}Sessions for the user are not allowed",
        f"AccountLocked 190/464 {VALIDATING}Sessions for the user are not allowed because the user is not a confirmed user.",
    ),
    ("clear", lambda e, c: e.clear(MARA), "user", "valid", "fine"),
    (
        "delete_system_user",
        lambda e, c: e.delete_system_user("robot"),
        "robot",
        f"190/465 {VALIDATING}Sessions for the system user",
        f"TokenRevoked 190/465 {VALIDATING}Sessions for the system user are not allowed",
    ),
    (
        "expire",
        lambda e, c: e.expire(c.tokens["user"]),
        "user",
        f"190/463 {VALIDATING}Session has expired on Wednesday, 02-Dec-26 01:00:00 PST.",
        f"TokenExpired 190/463 {VALIDATING}Session has expired on Wednesday, 02-Dec-26 01:00:00 PST.",
    ),
    ("expire", lambda e, c: e.expire(c.tokens["user"]), "page", "valid", "fine"),
    (
        "remove_app",
        lambda e, c: e.remove_app(MARA),
        "user",
        f"190/458 {VALIDATING}The user has not authorized application",
        f"TokenRevoked 190/458 {VALIDATING}The user has not authorized application {OURS}.",
    ),
    ("remove_permission", lambda e, c: e.remove_permission(MARA, OURS, "pages_show_list"), "user", "valid", "fine"),
    (
        "remove_permission",
        lambda e, c: e.remove_permission(MARA, OURS, "pages_show_list"),
        "page",
        f"190/None {GRANT}",
        f"PermissionMissing 190/None {GRANT}",
    ),
    (
        "expire_permission",
        lambda e, c: e.expire_permission(MARA, OURS, "pages_show_list"),
        "page",
        f"190/None {GRANT}",
        f"PermissionMissing 190/None {GRANT}",
    ),
    ("untick_page", lambda e, c: e.untick_page(MARA, OURS, BAKERY), "user", "valid", "fine"),
    ("untick_page", lambda e, c: e.untick_page(MARA, OURS, BAKERY), "books", "valid", "fine"),
    (
        "untick_page",
        lambda e, c: e.untick_page(MARA, OURS, BAKERY),
        "page",
        f"190/None {GRANT}",
        f"PermissionMissing 190/None {GRANT}",
    ),
    ("end_data_access", lambda e, c: e.end_data_access(MARA), "user", "valid", f"TokenInvalid 190/None {OVER}"),
    ("end_data_access", lambda e, c: e.end_data_access(MARA), "page", "valid", "fine"),
    ("request_data_deletion", lambda e, c: e.request_data_deletion(MARA), "user", "valid", "fine"),
    ("change_role", lambda e, c: e.change_role(MARA, BAKERY), "page", f"190/492 {ROLE}", f"TokenRevoked 190/492 {ROLE}"),
    ("change_role", lambda e, c: e.change_role(MARA, BAKERY, "analyst"), "page", "valid", "fine"),
    ("change_role", lambda e, c: e.change_role(MARA, BAKERY), "books", "valid", "fine"),
    (
        "demand_two_factor",
        lambda e, c: e.demand_two_factor(COLLECTIVE),
        "page",
        f"190/492 {ROLE}",
        f"TokenRevoked 190/492 {ROLE}",
    ),
    ("demand_two_factor", lambda e, c: e.demand_two_factor(COLLECTIVE), "books", "valid", "fine"),
    (
        "delete_page",
        lambda e, c: e.delete_page(BAKERY),
        "page",
        f"190/None {OF_A_PAGE}has been deleted.",
        f"TokenRevoked 190/None {OF_A_PAGE}has been deleted.",
    ),
    (
        "hide_page",
        lambda e, c: e.hide_page(BAKERY),
        "page",
        f"190/None {OF_A_PAGE}is not accessible.",
        f"TokenRevoked 190/None {OF_A_PAGE}is not accessible.",
    ),
    ("show_page", lambda e, c: e.show_page(BAKERY), "page", "valid", "fine"),
    (
        "reset_secret",
        lambda e, c: e.reset_secret(),
        "app",
        "TokenMalformed 190/None Invalid OAuth access token signature.",
        "TokenMalformed 190/None Invalid OAuth access token signature.",
    ),
    (
        "reset_secret",
        lambda e, c: e.reset_secret(),
        "user",
        "TokenMalformed 190/None Invalid OAuth access token signature.",
        "ProofRejected 100/None Invalid appsecret_proof provided in the API argument",
    ),
    ("reset_secret", lambda e, c: e.reset_secret(), "unsigned", "TokenMalformed 190/None Invalid OAuth", "fine"),
    (
        "require_proof",
        lambda e, c: e.require_proof(),
        "unsigned",
        "valid",
        "ProofRejected 100/None API calls from the server require an appsecret_proof argument",
    ),
    ("require_proof", lambda e, c: e.require_proof(), "user", "valid", "fine"),
    ("set_mode", lambda e, c: e.set_mode("live"), "user", "valid", "fine"),
    ("block_app", lambda e, c: e.block_app(), "user", BLOCKED, BLOCKED),
    ("block_app", lambda e, c: e.block_app(), "page", BLOCKED, BLOCKED),
    ("block_app", lambda e, c: e.block_app(THEIRS), "user", "valid", "fine"),
    ("deactivate_app", lambda e, c: e.deactivate_app(), "user", STOPPED, STOPPED),
    ("reactivate_app", lambda e, c: e.reactivate_app(), "user", "valid", "fine"),
    ("delete_app", lambda e, c: e.delete_app(), "user", f"AppRestricted 190/None {GONE}", f"AppRestricted 190/None {GONE}"),
    ("delete_app", lambda e, c: e.delete_app(), "page", f"AppRestricted 190/None {GONE}", f"AppRestricted 190/None {GONE}"),
]
OF_CALLS = {"fail", "heal", "assume"}  # they befall calls, and no token


def public(kind: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}


def test_the_table_has_every_event() -> None:
    assert {row[0] for row in TABLE} | OF_CALLS == public(Events)


@pytest.mark.parametrize(("name", "make", "token", "asked", "called"), TABLE, ids=[f"{row[0]}-{row[2]}" for row in TABLE])
def test_before_at_and_after_its_instant(cast: Cast, name: str, make: Make, token: str, asked: str, called: str) -> None:
    due = cast.sandbox.schedule(make(cast.sandbox.event, cast), days=30)
    cast.sandbox.clock.set(due - SECOND)
    assert cast.told(token) == ("valid", "fine")
    for _ in range(2):
        cast.sandbox.clock.advance(seconds=1)
        told = cast.told(token)
        assert (told[0].startswith(asked), told[1].startswith(called)) == (True, True), told
    assert [at for at, _ in cast.sandbox.happened] == [due]


def stranger(cast: Cast) -> AccessToken:
    """A token of somebody without a role on the app, from a time when it was live."""
    cast.sandbox.set_mode("live")
    live = replace(cast.client.settings, redirect_uri=cast.sandbox.world.apps[OURS].redirect_uris[0])
    return log_in(replace(cast.client, settings=live, consent=cast.sandbox.person("Ines Voss")))


def test_development_mode_bars_only_who_has_no_role_on_the_app(cast: Cast) -> None:
    cast.tokens["stranger"] = stranger(cast)
    due = cast.sandbox.schedule(cast.sandbox.event.set_mode("development"), minutes=30)
    cast.sandbox.schedule(cast.sandbox.event.set_mode("live"), minutes=40)
    cast.sandbox.clock.set(due - SECOND)
    assert cast.told("stranger") == ("valid", "fine")
    for _ in range(2):
        cast.sandbox.clock.advance(seconds=1)
        told = "PermissionMissing 10/None (#10) Application does not have permission for this action"
        assert cast.told("stranger") == ("valid", told)
        assert cast.told("user") == ("valid", "fine")
    cast.sandbox.clock.advance(minutes=10)
    assert cast.told("stranger") == ("valid", "fine")


# What takes something back


UNDOING: list[tuple[Make, Make, str]] = [
    (lambda e, c: e.question(MARA), lambda e, c: e.clear(MARA), "user"),
    (lambda e, c: e.block(MARA), lambda e, c: e.clear(MARA), "page"),
    (lambda e, c: e.unconfirm(MARA), lambda e, c: e.clear(MARA), "user"),
    (lambda e, c: e.hide_page(BAKERY), lambda e, c: e.show_page(BAKERY), "page"),
    (lambda e, c: e.block_app(), lambda e, c: e.reactivate_app(), "user"),
    (lambda e, c: e.deactivate_app(), lambda e, c: e.reactivate_app(), "page"),
    (lambda e, c: e.change_role(MARA, BAKERY), lambda e, c: e.change_role(MARA, BAKERY, "editor"), "page"),
]


@pytest.mark.parametrize(("make", "undo", "token"), UNDOING)
def test_what_is_undone_works_again(cast: Cast, make: Make, undo: Make, token: str) -> None:
    event = cast.sandbox.event
    cast.sandbox.schedule(make(event, cast), days=1)
    back = cast.sandbox.schedule(undo(event, cast), days=3)
    cast.sandbox.clock.set(back - SECOND)
    assert cast.told(token)[1] != "fine"
    cast.sandbox.clock.advance(seconds=1)
    assert cast.told(token) == ("valid", "fine")


@pytest.mark.parametrize(("default", "after"), [("revives", "valid"), ("stays dead", f"190/None {GRANT}")])
def test_a_page_ticked_again(cast: Cast, default: str, after: str) -> None:
    cast.sandbox.assume(unticked_page=default)
    cast.sandbox.untick_page(MARA, OURS, BAKERY)
    assert cast.asked("page").startswith(f"190/None {GRANT}")
    assert cast.asked("books") == "valid"
    log_in(cast.client.acting_as(cast.sandbox.person(pages=[BAKERY, BOOKS])), SCOPES)
    assert cast.asked("page").startswith(after)
    assert cast.asked("books") == "valid"


def test_who_completes_the_dialog_has_cleared_the_checkpoint(cast: Cast) -> None:
    cast.sandbox.question(MARA)
    log_in(cast.client, SCOPES)
    assert cast.told("user") == ("valid", "fine")


def test_so_has_who_answers_on_the_page_for_devices(cast: Cast) -> None:
    login = start_device_login(cast.client, ["email"])
    cast.sandbox.block(MARA)
    cast.sandbox.answer_device(login.user_code)
    assert cast.client.get("me", poll_device_login(cast.client, login))["name"] == MARA


def test_a_dialog_that_was_cancelled_clears_nothing(cast: Cast) -> None:
    cast.sandbox.question(MARA)
    with pytest.raises(LoginCancelled):
        log_in(cast.client.acting_as(cast.sandbox.person(cancel=True)), SCOPES)
    assert cast.called("user").startswith("AccountLocked 190/459")


def test_a_login_renews_data_access(cast: Cast) -> None:
    cast.sandbox.end_data_access(MARA)
    assert cast.called("user").startswith("TokenInvalid 190/None")
    log_in(cast.client, SCOPES)
    assert cast.told("user") == ("valid", "fine")


@pytest.mark.parametrize("how", ["event", "90 days"])
def test_data_access_over_leaves_the_fields_empty_where_so_assumed(cast: Cast, how: str) -> None:
    cast.sandbox.assume(data_access_over="empty", long_days=200)
    token = extend_user_token(cast.client, cast.tokens["user"])
    assert cast.client.get("me", token)["name"] == MARA
    if how == "event":
        cast.sandbox.end_data_access(MARA)
    cast.sandbox.clock.advance(days=0 if how == "event" else 90)
    assert "name" not in cast.client.get("me", token)
    assert debug_token(cast.client, token).is_valid


# The dialog while the app is not served


DIALOGS: list[tuple[Make, str, str]] = [
    (lambda e, c: e.block_app(), MARA, "Feature Unavailable"),
    (lambda e, c: e.deactivate_app(), MARA, "Feature Unavailable"),
    (lambda e, c: e.delete_app(), MARA, "Invalid App ID"),
    (lambda e, c: e.set_mode("development"), "Ines Voss", "App Not Setup"),
    (lambda e, c: e.reactivate_app(), MARA, ""),
    (lambda e, c: e.set_mode("development"), MARA, ""),
]


@pytest.mark.parametrize(("make", "person", "words"), DIALOGS)
def test_the_dialog_in_each_state_of_the_app(cast: Cast, make: Make, person: str, words: str) -> None:
    make(cast.sandbox.event, cast).act(cast.sandbox.world)
    client = cast.client.acting_as(cast.sandbox.person(person))
    if not words:
        assert client.get("me", log_in(client))["name"] == person
        return
    with pytest.raises(DialogRefused, match=words):
        log_in(client)


# Together, and in order


def test_of_several_deaths_the_earliest_speaks(cast: Cast) -> None:
    event, told = cast.sandbox.event, list[str]()
    cast.sandbox.schedule(event.change_role(MARA, BAKERY), days=10)
    cast.sandbox.schedule(event.change_password(MARA), days=20)
    cast.sandbox.schedule(event.delete_page(BAKERY), days=30)
    for _ in range(4):
        told.append(cast.asked("page").partition(" ")[0])
        cast.sandbox.clock.advance(days=10)
    assert told == ["valid", "190/492", "190/492", "190/492"]
    cast.sandbox.change_role(MARA, BAKERY, "editor")
    assert cast.asked("page").startswith("190/460")
    assert cast.asked("books").startswith("190/460")


# What makes a death again, after another one: it stays the earliest.
AGAIN: list[tuple[Make, str, str]] = [
    (lambda e, c: e.change_role(MARA, BAKERY), "page", "190/492"),
    (lambda e, c: e.change_role(MARA, BAKERY, "live_contributor"), "page", "190/492"),
    (lambda e, c: e.hide_page(BAKERY), "page", f"190/None {OF_A_PAGE}is not"),
    (lambda e, c: e.delete_page(BAKERY), "page", f"190/None {OF_A_PAGE}has been"),
    (lambda e, c: e.demand_two_factor(COLLECTIVE), "page", "190/492"),
    (lambda e, c: e.untick_page(MARA, OURS, BAKERY), "page", f"190/None {GRANT}"),
    (lambda e, c: e.question(MARA), "user", "190/459"),
    (lambda e, c: e.expire(c.tokens["user"]), "user", "190/463"),
    (lambda e, c: e.log_out(MARA), "user", "190/467"),
]


@pytest.mark.parametrize(("make", "token", "told"), AGAIN)
def test_a_death_that_happens_again_is_as_old_as_before(cast: Cast, make: Make, token: str, told: str) -> None:
    event, world = cast.sandbox.event, cast.sandbox.world
    first = cast.sandbox.schedule(make(event, cast), days=10, every=timedelta(days=10))
    cast.sandbox.schedule(event.change_password(MARA), days=15)
    cast.sandbox.schedule(event.untick_page(MARA, OURS, "Ferry Timetable"), days=16)
    cast.sandbox.clock.advance(days=45)
    found = death(world, world.tokens[cast.tokens[token].value.reveal()])
    assert found
    assert found.moment.at == first
    assert cast.asked(token).startswith(told)


def test_a_token_that_ran_out_is_not_cut_short_again(cast: Cast) -> None:
    cast.sandbox.clock.advance(days=70)
    cast.sandbox.expire(cast.tokens["user"])
    assert debug_token(cast.client, cast.tokens["user"]).expires_at == datetime(2027, 1, 1, 9, tzinfo=UTC)


def test_only_what_shares_its_end_runs_out_with_a_token(cast: Cast) -> None:
    again = extend_user_token(cast.client, cast.tokens["user"])  # of the same end, by chance
    short = log_in(cast.client, SCOPES)
    page = get_page(cast.client, "3000000000001", short).token
    assert page
    cast.sandbox.expire(cast.tokens["user"])
    cast.sandbox.expire(short)
    assert debug_token(cast.client, again).is_valid
    error = debug_token(cast.client, page).error
    assert error
    assert error.subcode == 463


def test_what_is_due_at_once_happens_in_the_order_it_was_scheduled(cast: Cast) -> None:
    event, at = cast.sandbox.event, cast.sandbox.clock.now() + timedelta(days=5)
    makes = [event.question(MARA), event.clear(MARA), event.change_password(MARA), event.log_out(MARA)]
    for one in makes:
        cast.sandbox.schedule(one, at=at)
    cast.sandbox.clock.advance(days=6)
    assert cast.sandbox.happened == [(at, one.words) for one in makes]
    assert cast.asked("user").startswith("190/460")


def test_what_falls_due_on_the_way_happens_at_its_own_instant(cast: Cast) -> None:
    start = cast.sandbox.clock.now()
    for day in (30, 10, 20):
        cast.sandbox.schedule(cast.sandbox.event.log_out("Ben Tide"), days=day)
    cast.sandbox.clock.advance(days=365)
    assert [at for at, _ in cast.sandbox.happened] == [start + timedelta(days=day) for day in (10, 20, 30)]


def test_an_event_can_come_again_and_again(cast: Cast) -> None:
    start = cast.sandbox.clock.now()
    cast.sandbox.schedule(cast.sandbox.event.log_out(MARA), days=7, every=timedelta(days=7))
    cast.sandbox.clock.advance(days=30)
    assert [(at - start).days for at, _ in cast.sandbox.happened] == [7, 14, 21, 28]
    fresh = extend_user_token(cast.client, log_in(cast.client))
    cast.sandbox.clock.advance(days=5)
    with pytest.raises(GraphError, match="logged out"):
        cast.client.get("me", fresh)


@pytest.mark.parametrize("every", [timedelta(microseconds=1), timedelta(seconds=1), timedelta(hours=1)])
def test_a_leap_of_the_clock_does_not_wait_for_every_time(cast: Cast, every: timedelta) -> None:
    cast.sandbox.schedule(cast.sandbox.event.log_out(MARA), seconds=1, every=every)
    cast.sandbox.schedule(cast.sandbox.event.log_out("Ben Tide"), days=20_000)
    now = cast.sandbox.clock.advance(days=60_000)
    assert cast.asked("user").startswith("190/467")
    first, *others, last = [at for at, words in cast.sandbox.happened if words.startswith(MARA)]
    assert len(others) == MOST_REPEATS - 2
    assert now - every < last <= now, "the last time is the last there was"
    assert {later - earlier for earlier, later in pairwise([*others, last])} == {every}
    assert (others[0] - first) % every == timedelta(0)
    assert len(cast.sandbox.happened) == MOST_REPEATS + 1


# What finds nothing left to happen to


def test_what_can_happen_no_more_breaks_nothing_and_is_not_told(cast: Cast) -> None:
    event = cast.sandbox.event
    gone = event.remove_permission(MARA, OURS, "email")
    for day, one in enumerate([event.remove_app(MARA), gone, event.delete_page(BAKERY), event.hide_page(BAKERY)], 1):
        cast.sandbox.schedule(one, days=day)
    cast.sandbox.clock.advance(days=10)
    words = [words for _, words in cast.sandbox.happened]
    assert gone.words not in words
    assert cast.asked("user").startswith("190/458")
    with pytest.raises(InputError, match="has not granted email"):
        cast.sandbox.remove_permission(MARA, OURS, "email")


def test_a_deleted_system_user_is_listed_no_more_and_makes_room_for_another(cast: Cast) -> None:
    user, business = cast.tokens["user"], "5000000000001"
    [robot] = list_system_users(cast.client, business, user)
    cast.sandbox.delete_system_user("robot")
    assert list_system_users(cast.client, business, user) == []
    with pytest.raises(NotFound):
        generate_system_user_token(cast.client, robot, ["pages_show_list"], user)
    assert create_system_user(cast.client, business, "another", user).id != robot.id


WRONG: list[tuple[Callable[[Any], object], str]] = [
    (lambda s: s.schedule(s.event.log_out(MARA), days=-1), "lies ahead"),
    (lambda s: s.schedule(s.event.log_out(MARA), at=datetime(2026, 11, 1, tzinfo=UTC)), "lies ahead"),
    (lambda s: s.schedule(s.event.log_out(MARA), days=1, every=timedelta(0)), "more than no time"),
    (lambda s: s.schedule(s.event.log_out(MARA), at=datetime(9999, 12, 31, tzinfo=UTC)), "lies ahead"),
    (lambda s: s.schedule("log_out", days=30), "not an event"),
    (lambda s: s.schedule(s.event.log_out(MARA)), "at one instant"),
    (lambda s: s.schedule(s.event.log_out(MARA), days=3_000_000), "at one instant"),
    (lambda s: s.schedule(s.event.log_out(MARA), at=datetime(2026, 12, 1, tzinfo=UTC), days=1), "at one instant"),
    (lambda s: s.schedule(s.event.log_out(MARA), weeks_or_so=1), "at one instant"),
    (lambda s: s.blast_radius("delete_app"), "not an event"),
    (lambda s: s.family("EAA…"), "no token that this world"),
    (lambda s: s.expire("x"), "no token that this world"),
    (lambda s: s.event.log_out("Nobody"), "no person 'Nobody'.*Mara Quay"),
    (lambda s: s.event.log_out(MARA, "7"), "no app '7'.*1000000000001"),
    (lambda s: s.event.untick_page(MARA, OURS, "Nowhere"), "no Page 'Nowhere'"),
    (lambda s: s.event.change_role(MARA, "Nowhere"), "no Page or ad account 'Nowhere'"),
    (lambda s: s.event.change_role(MARA, BAKERY, "boss"), "no role 'boss'"),
    (lambda s: s.event.demand_two_factor("Nobody Ltd"), "no business 'Nobody Ltd'"),
    (lambda s: s.event.set_mode("sleep"), "no mode 'sleep'.*development and live"),
    (lambda s: s.event.delete_system_user(MARA), "Mara Quay is a person"),
    (lambda s: s.event.assume(nonsense=1), "no default 'nonsense'"),
    (lambda s: s.expire(compose_app_token(sandbox_client(s).settings)), "no token that this world"),
]


@pytest.mark.parametrize(("call", "words"), WRONG)
def test_what_cannot_be_is_refused_and_changes_nothing(call: Callable[[Sandbox], object], words: str) -> None:
    sandbox = Sandbox()
    before = sandbox.checkpoint()
    with pytest.raises(InputError, match=words):
        call(sandbox)
    assert sandbox.checkpoint() == before


# Going back


def test_rewinding_undoes_what_happened_and_what_was_scheduled(cast: Cast) -> None:
    cast.sandbox.schedule(cast.sandbox.event.hide_page(BOOKS), days=3)
    before = cast.sandbox.checkpoint()
    for _ in range(2):
        cast.sandbox.schedule(cast.sandbox.event.log_out(MARA), days=2)
        cast.sandbox.delete_page(BAKERY)
        cast.sandbox.clock.advance(days=5)
        assert [cast.told(name)[1] != "fine" for name in ("user", "page", "books")] == [True, True, True]
        cast.sandbox.rewind(before)
        assert cast.sandbox.checkpoint() == before
        assert cast.sandbox.happened == []
    cast.sandbox.clock.advance(days=5)
    assert [cast.told(name)[1] != "fine" for name in ("user", "page", "books")] == [False, False, True]


# Any story


MAKES = {f"{row[0]} {number}": row[1] for number, row in enumerate(TABLE)}
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("happen"), st.sampled_from(sorted(MAKES)), st.just(0)),
        st.tuples(st.just("schedule"), st.sampled_from(sorted(MAKES)), st.integers(0, 50)),
        st.tuples(st.just("every"), st.sampled_from(sorted(MAKES)), st.integers(1, 50)),
        st.tuples(st.just("advance"), st.just(""), st.integers(0, 50)),
        st.tuples(st.just("log in"), st.just(""), st.just(0)),
        st.tuples(st.just("keep"), st.just(""), st.just(0)),
        st.tuples(st.just("rewind"), st.just(""), st.just(0)),
    ),
    max_size=8,
)
Step = tuple[str, str, int]


def live_through(story: list[Step], strides: int = 1) -> tuple[Cast, list[tuple[str, str]]]:
    """A world after a story, and what is told of each token in it. strides: in how many goes each advance is made."""
    cast = on_stage()
    kept = cast.sandbox.checkpoint()
    for step, name, number in story:
        if step == "happen":
            try_to(partial(cast.sandbox.world.happen, MAKES[name](cast.sandbox.event, cast)))
        elif step in {"schedule", "every"}:
            again = timedelta(days=number) if step == "every" else None
            cast.sandbox.schedule(MAKES[name](cast.sandbox.event, cast), days=number, every=again)
        elif step == "advance":
            for _ in range(strides):
                cast.sandbox.clock.advance(hours=24 * number / strides)
                assert cast.sandbox.happened is not None
        elif step == "log in":
            try_to(lambda: log_in(cast.client, SCOPES))
        elif step == "keep":
            kept = cast.sandbox.checkpoint()
        else:
            cast.sandbox.rewind(kept)
    told = [cast.told(name) for name in cast.tokens]
    return cast, told


def try_to(act: Callable[[], object]) -> None:
    try:
        act()
    except (InputError, GraphError, DialogRefused):
        return


@settings(deadline=None)
@given(STEPS)
def test_every_story_leaves_a_world_that_answers_for_every_token(story: list[Step]) -> None:
    cast, told = live_through(story)
    for asked, called in told:
        assert re.fullmatch(r"valid|(\w+ )?\d+/(\d+|None) .+", asked)
        assert re.fullmatch(r"fine|\w+ \d+/(\d+|None) .+", called)
    for kin in cast.sandbox.family(cast.tokens["user"]):
        assert (kin.state == "live") == (kin.since is None) == (not kin.why)


def whole(sandbox: Sandbox) -> tuple[object, ...]:
    """All there is in a world; an event on its way by its words, for no two worlds share its act."""
    kept = sandbox.checkpoint()
    due = {moment: (due.event.words, due.every) for moment, due in kept.books["schedule"].items()}
    return kept.now, kept.facts, {**kept.books, "schedule": due}, kept.defaults


@settings(deadline=None)
@given(STEPS, st.integers(2, 4))
def test_one_step_or_many_make_the_same_world(story: list[Step], strides: int) -> None:
    (one, told), (many, told_many) = live_through(story), live_through(story, strides)
    assert whole(one.sandbox) == whole(many.sandbox)
    assert told == told_many


def test_two_runs_give_the_same_bytes() -> None:
    story: list[Step] = [("schedule", name, day) for day, name in enumerate(sorted(MAKES))]
    story += [("advance", "", 60), ("log in", "", 0)]
    (first, told), (second, told_again) = live_through(story), live_through(story)
    assert whole(first.sandbox) == whole(second.sandbox)
    assert told == told_again
    wires = [[exchange.answer_text for exchange in cast.client.wire.exchanges] for cast in (first, second)]
    assert wires[0] == wires[1]


# Many tokens


class Closed(dict[str, TokenRecord]):
    """A book that nobody may read."""

    def _read(self, *asked: object) -> Any:
        raise AssertionError("the tokens were looked at")

    __getitem__ = __contains__ = __iter__ = __len__ = get = keys = values = items = _read


def test_moving_the_clock_looks_at_no_token_whatever_happens_on_the_way(cast: Cast) -> None:
    world = cast.sandbox.world
    for day, make in enumerate(MAKES.values()):
        cast.sandbox.schedule(make(cast.sandbox.event, cast), days=day, every=timedelta(days=30))
    tokens, world.tokens = world.tokens, Closed(world.tokens)
    with pytest.raises(AssertionError, match="looked at"):
        cast.sandbox.family(cast.tokens["user"])
    cast.sandbox.clock.advance(days=90)
    assert len(cast.sandbox.happened) > 90
    world.tokens = tokens
    assert cast.asked("user") != "valid"


def test_an_event_that_happened_instead_of_being_made_is_not_scheduled_in_silence(sandbox: Sandbox) -> None:
    slip: Any = sandbox.log_out(MARA)
    with pytest.raises(InputError, match=r"not an event. Make it with sandbox\.event"):
        sandbox.schedule(slip, days=30)
    assert sandbox.world.schedule == {}


def test_the_readme_names_every_event(root: Path) -> None:
    table = (root / "README.md").read_text().partition("| it happens to |")[2].partition("\n\n")[0]
    made = {name for name, value in vars(Events).items() if inspect.isfunction(value) and not name.startswith("_")}
    assert set(re.findall(r"`(\w+)`", table)) == made
