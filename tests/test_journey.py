"""Moving along a world's time: what is made on the way, what is changed behind one's back, and what is dropped on the line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fbnb.client import GraphClient
from fbnb.clock import LATEST
from fbnb.errors import InputError, SandboxOnly, TokenExpired, TokenRevoked
from fbnb.flows.debug_token import debug_token
from fbnb.flows.find_pages import find_pages
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.journey import Journey, Mark, droppable
from fbnb.kit import NoSandbox, sandbox_client
from fbnb.sandbox import Sandbox
from fbnb.sandbox.world import Event
from fbnb.tokens import AccessToken

WHO, PAGE = "Mara Quay", "Harbour Bakery"
DAY = timedelta(days=1)


@pytest.fixture
def long(client: GraphClient, short: AccessToken) -> AccessToken:
    return extend_user_token(client, short)


@pytest.fixture
def journey(sandbox: Sandbox, long: AccessToken) -> Journey:
    return Journey(sandbox)


def words(journey: Journey) -> list[tuple[int, str, bool]]:
    return [(journey.day(mark.at), mark.words, mark.past) for mark in journey.marks]


def test_a_token_expires_ahead_and_lives_again_behind(client: GraphClient, journey: Journey, long: AccessToken) -> None:
    assert journey.go(journey.after(61)) == journey.now == datetime(2027, 1, 2, 9, tzinfo=UTC)
    with pytest.raises(TokenExpired):
        client.get("me", long)
    journey.go(journey.after(59))
    assert client.get("me", long)["name"] == WHO
    journey.go(journey.after(60, hours=1))
    with pytest.raises(TokenExpired):
        client.get("me", long)


def test_what_was_made_later_is_not_yet_made_and_then_there_again(
    client: GraphClient, sandbox: Sandbox, journey: Journey, long: AccessToken
) -> None:
    journey.go(journey.after(50))
    later = extend_user_token(client, long)
    journey.go(journey.after(70))
    last = extend_user_token(client, log_in(client, ["email"]))
    journey.go(journey.after(10))
    for token in (later, last):
        with pytest.raises(InputError, match="no token that this world has handed out"):
            sandbox.family(token)
    journey.go(journey.after(60))
    assert debug_token(client, later).is_valid
    with pytest.raises(InputError):
        sandbox.family(last)
    journey.go(journey.after(80))
    assert debug_token(client, last).is_valid
    journey.go(journey.start)
    assert len(sandbox.family(long)) == 2


def test_reading_in_the_past_keeps_the_future(client: GraphClient, sandbox: Sandbox, journey: Journey, long: AccessToken) -> None:
    journey.go(journey.after(50))
    later = extend_user_token(client, long)
    journey.go(journey.after(10))
    client.get("me", long)
    debug_token(client, long)
    sandbox.blast_radius(sandbox.event.change_password(WHO))
    assert list_pages(client, long)
    assert find_pages(client, long)
    assert (journey.marks, journey.tokens) == ([], len(sandbox.world.tokens) + 1)
    journey.go(journey.after(51))
    assert debug_token(client, later).is_valid


def test_a_page_token_that_reading_made_is_there_from_then_on(client: GraphClient, journey: Journey, long: AccessToken) -> None:
    journey.go(journey.after(50))
    later = extend_user_token(client, long)
    journey.go(journey.after(10))
    token = next(page.token for page in list_pages(client, long) if page.token)
    for day, there in ((11, True), (9, False), (10, True), (5, False), (51, True)):
        journey.go(journey.after(day))
        assert debug_token(client, token).is_valid is there
    assert debug_token(client, later).is_valid


def test_a_page_token_is_never_made_where_the_past_before_it_was_changed(
    client: GraphClient, sandbox: Sandbox, journey: Journey, long: AccessToken
) -> None:
    made = len(sandbox.world.tokens)
    for change in (sandbox.log_out, lambda who: journey.drop(sandbox.event.clear(who), journey.after(10))):
        journey.go(journey.after(20))
        list_pages(client, long)
        assert journey.tokens > made
        journey.go(journey.after(10))
        change("Ines Voss")
        journey.go(journey.after(21))
        assert len(sandbox.world.tokens) == journey.tokens == made


def test_a_refused_drop_leaves_what_reading_made(
    client: GraphClient, sandbox: Sandbox, journey: Journey, long: AccessToken
) -> None:
    journey.go(journey.after(20))
    list_pages(client, long)
    before = journey.tokens
    with pytest.raises(InputError, match="nothing for it to happen to"):
        journey.drop(sandbox.event.remove_permission(WHO, "", "email"), journey.after(5))
    assert len(sandbox.world.tokens) == journey.tokens == before


def test_time_that_passes_after_reading_keeps_the_future(
    client: GraphClient, sandbox: Sandbox, journey: Journey, long: AccessToken
) -> None:
    for day in (12, 15):
        sandbox.schedule(sandbox.event.log_out("Ines Voss"), days=day)
    journey.go(journey.after(50))
    later = extend_user_token(client, long)
    journey.go(journey.after(10))
    for _ in range(2):  # between what is due, and after it
        sandbox.clock.advance(days=4)
        list_pages(client, long)
    journey.go(journey.after(51))
    assert debug_token(client, later).is_valid


def test_time_that_passes_in_a_cell_keeps_the_future_too(
    client: GraphClient, sandbox: Sandbox, journey: Journey, long: AccessToken
) -> None:
    sandbox.schedule(sandbox.event.question(WHO), days=15)
    sandbox.schedule(sandbox.event.clear(WHO), days=16)
    journey.go(journey.after(50))
    later = extend_user_token(client, long)
    journey.go(journey.after(10))
    sandbox.clock.advance(days=20)
    journey.go(journey.after(51))
    assert debug_token(client, later).is_valid


@pytest.mark.parametrize(
    "change",
    [
        lambda sandbox: sandbox.log_out("Ines Voss"),
        lambda sandbox: sandbox.schedule(sandbox.event.block_app(), days=1),
        lambda sandbox: sandbox.assume(calls_per_user=5),
        lambda sandbox: log_in(sandbox_client(sandbox), ["email"]),
    ],
    ids=["event", "schedule", "default", "login"],
)
def test_a_change_in_the_past_drops_what_lay_ahead(
    client: GraphClient, sandbox: Sandbox, journey: Journey, long: AccessToken, change: Callable[[Sandbox], Any]
) -> None:
    journey.go(journey.after(20))
    kept = extend_user_token(client, long)
    journey.go(journey.after(50))
    sandbox.block_app()
    journey.go(journey.after(30))
    change(sandbox)
    journey.go(journey.after(55))
    assert sandbox.family(kept)
    assert (journey.after(50), "Meta blocks the app") not in sandbox.happened
    journey.go(journey.after(20))
    assert sandbox.family(kept)


def test_events_due_happen_on_the_way_each_time(sandbox: Sandbox, journey: Journey) -> None:
    sandbox.schedule(sandbox.event.change_role(WHO, PAGE), days=5)
    sandbox.log_out("Ines Voss")
    for _ in range(2):
        journey.go(journey.after(6))
        assert words(journey) == [(0, "Ines Voss logs out", True), (5, f"{WHO} has no role on {PAGE}", True)]
        journey.go(journey.start)
        assert words(journey) == [(0, "Ines Voss logs out", True), (5, f"{WHO} has no role on {PAGE}", False)]


def test_what_happened_ahead_is_a_mark_there_until_the_past_is_changed(sandbox: Sandbox, journey: Journey) -> None:
    journey.go(journey.after(40))
    sandbox.block_app()
    sandbox.schedule(sandbox.event.reactivate_app(), days=2)
    journey.go(journey.after(3))
    assert words(journey) == [(40, "Meta blocks the app", False), (42, "The app is active again", False)]
    sandbox.log_out("Ben Tide")
    assert words(journey) == [(3, "Ben Tide logs out", True)]


def test_a_rewind_of_somebody_elses_is_a_change_of_the_past(sandbox: Sandbox, journey: Journey, client: GraphClient) -> None:
    before = sandbox.checkpoint()
    journey.go(journey.after(40))
    token = log_in(client, ["email"])
    sandbox.rewind(before)
    journey.go(journey.after(41))
    with pytest.raises(InputError):
        sandbox.family(token)
    sandbox.reset()
    journey.go(journey.after(2))
    assert (journey.now, sandbox.world.tokens) == (journey.start + 2 * DAY, {})


def test_an_event_dropped_ahead_happens_when_one_comes_there(client: GraphClient, journey: Journey, long: AccessToken) -> None:
    mark = journey.drop(journey._sandbox.event.change_password(WHO), journey.after(30))
    assert mark == Mark(journey.after(30), f"{WHO} changes the password", past=False)
    assert client.get("me", long)
    journey.go(journey.after(30))
    with pytest.raises(TokenRevoked):
        client.get("me", long)
    journey.go(journey.after(29))
    assert client.get("me", long)


def test_an_event_dropped_in_the_past_has_happened(
    client: GraphClient, sandbox: Sandbox, journey: Journey, long: AccessToken
) -> None:
    journey.go(journey.after(20))
    never = extend_user_token(client, long)
    journey.go(journey.after(50))
    assert journey.drop(sandbox.event.log_out(WHO), journey.after(10)).past
    assert journey.now == journey.after(50)
    assert sandbox.happened == [(journey.after(10), f"{WHO} logs out")]
    with pytest.raises(TokenRevoked, match="467"):
        client.get("me", long)
    with pytest.raises(InputError):
        sandbox.family(never)
    journey.go(journey.after(9))
    assert client.get("me", long)


def test_marks_stay_on_the_line_wherever_one_stood_when_dropping_them(sandbox: Sandbox, journey: Journey) -> None:
    journey.go(journey.after(60))
    journey.drop(sandbox.event.block_app(), journey.after(90))
    journey.drop(sandbox.event.reset_secret(), journey.after(60))
    journey.drop(sandbox.event.question(WHO), journey.after(30))
    journey.drop(sandbox.event.clear(WHO), journey.after(30))
    line = [(30, f"Facebook questions {WHO}"), (30, f"{WHO} does what Facebook asks"), (60, "The app's secret is reset")]
    line += [(90, "Meta blocks the app")]
    for stand in (60, 0, 30, 29, 90, 60):
        journey.go(journey.after(stand))
        assert words(journey) == [(day, told, day <= stand) for day, told in line]


def test_lifting_a_mark_makes_it_as_if_it_had_never_been_there(client: GraphClient, sandbox: Sandbox, journey: Journey) -> None:
    journey.go(journey.after(10))
    token = extend_user_token(client, log_in(client, ["email"]))
    journey.go(journey.after(40))
    past, ahead = (journey.drop(sandbox.event.log_out(WHO), journey.after(day)) for day in (20, 50))
    assert journey.dropped == [past, ahead]
    assert not debug_token(client, token).is_valid
    journey.go(journey.after(30))
    journey.lift(past)
    assert journey.now == journey.after(30)
    assert debug_token(client, token).is_valid
    assert words(journey) == [(50, f"{WHO} logs out", False)]
    journey.lift(ahead)
    assert (journey.marks, journey.dropped) == ([], [])
    with pytest.raises(InputError, match="was not dropped on this line"):
        journey.lift(ahead)


def test_the_same_event_can_be_dropped_twice_and_lifted_one_at_a_time(sandbox: Sandbox, journey: Journey) -> None:
    marks = [journey.drop(sandbox.event.log_out(WHO), journey.after(3)) for _ in range(2)]
    for left in (1, 0):
        journey.lift(marks[0])
        assert len(journey.marks) == left


def test_a_mark_at_the_start_is_lifted_until_something_is_made_there(
    client: GraphClient, sandbox: Sandbox, journey: Journey
) -> None:
    mark = journey.drop(sandbox.event.log_out(WHO), journey.start)
    assert words(journey) == [(0, f"{WHO} logs out", True)]
    journey.lift(mark)
    assert journey.marks == []
    mark = journey.drop(sandbox.event.log_out(WHO), journey.start)
    token = log_in(client, ["email"])
    with pytest.raises(InputError, match="in the same instant"):
        journey.lift(mark)
    assert journey.dropped == [mark]
    assert sandbox.family(token)


def test_what_cannot_happen_is_refused_and_leaves_the_line_as_it_was(
    client: GraphClient, sandbox: Sandbox, journey: Journey, long: AccessToken
) -> None:
    journey.go(journey.after(30))
    later = extend_user_token(client, long)
    with pytest.raises(InputError, match=r"takes email back: there was nothing for it to happen to\. Drop it on a later day\."):
        journey.drop(sandbox.event.remove_permission(WHO, "", "email"), journey.after(5))
    assert (journey.marks, journey.dropped, journey.now) == ([], [], journey.after(30))
    assert debug_token(client, later).is_valid
    journey.go(journey.after(6))
    journey.go(journey.after(31))
    assert debug_token(client, later).is_valid


@pytest.mark.parametrize("rewound", [Sandbox.reset, lambda sandbox: sandbox.rewind(sandbox.start)], ids=["reset", "rewind"])
@pytest.mark.parametrize("day", [0, 3, 30])
def test_a_mark_that_others_took_away_is_no_longer_there(
    sandbox: Sandbox, journey: Journey, day: int, rewound: Callable[[Sandbox], None]
) -> None:
    mark = journey.drop(sandbox.event.log_out(WHO), journey.after(day))
    journey.go(journey.after(5))
    assert journey.dropped == [Mark(mark.at, mark.words, past=day < 5)]
    rewound(sandbox)
    with pytest.raises(InputError, match="or is on it no more"):
        journey.lift(mark)
    assert (journey.dropped, journey.marks) == ([], [])
    again = journey.drop(sandbox.event.log_out(WHO), journey.after(day))
    journey.go(journey.after(40))
    assert len(journey.dropped) == 1
    journey.lift(again)
    assert (journey.dropped, journey.marks, journey.now) == ([], [], journey.after(40))


def test_a_mark_that_was_rewound_to_before_it_is_nowhere_on_the_line(sandbox: Sandbox, journey: Journey) -> None:
    sandbox.log_out("Ines Voss")
    journey.go(journey.after(10))
    before = sandbox.checkpoint()
    first = journey.drop(sandbox.event.log_out(WHO), journey.after(30))
    sandbox.rewind(before)
    assert journey.dropped == []
    for day in (5, 40):
        journey.go(journey.after(day))
        assert words(journey) == [(0, "Ines Voss logs out", True)]
        sandbox.log_out("Ben Tide")
        assert first.words not in [mark.words for mark in journey.marks]
        journey.go(journey.after(31))
        assert (first.at, first.words) not in sandbox.happened
        sandbox.rewind(before)


@pytest.mark.parametrize(
    "instant", [None, "2027-01-01", 5, datetime(2027, 1, 1), LATEST + DAY, datetime(2026, 11, 2, 8, tzinfo=UTC)]
)
def test_an_instant_off_the_line_is_refused(sandbox: Sandbox, journey: Journey, instant: Any) -> None:
    for move in (journey.go, lambda at: journey.drop(sandbox.event.block_app(), at)):
        with pytest.raises(InputError) as refused:
            move(instant)
        assert refused.value.remedy
    assert (journey.now, journey.marks) == (journey.start, [])


@pytest.mark.parametrize("days", [1e12, float("nan"), "x", None])
def test_no_stretch_of_time_is_refused(journey: Journey, days: Any) -> None:
    with pytest.raises(InputError, match="days=61"):
        journey.after(days)


def test_what_is_no_event_is_refused(journey: Journey) -> None:
    with pytest.raises(InputError, match=r"sandbox\.event"):
        journey.drop("change_password", journey.start)  # type: ignore[arg-type]


def test_words_for_an_instant(journey: Journey) -> None:
    assert journey.words(journey.after(60, hours=2)) == "Day 60: 2027-01-01 11:00 UTC"
    assert journey.words(journey.start - timedelta(hours=1)) == "Day -1: 2026-11-02 08:00 UTC"


def test_the_clock_of_a_running_world_runs_on(journey: Journey) -> None:
    sandbox = Sandbox(frozen=False, at=datetime(2027, 1, 1, tzinfo=UTC))
    client = sandbox_client(sandbox)
    running = Journey(sandbox)
    token = log_in(client, ["email"])
    running.go(running.after(1))
    assert timedelta(0) <= running.now - running.after(1) < timedelta(minutes=1)
    assert not debug_token(client, token).is_valid
    running.go(running.after(0, hours=1))
    assert debug_token(client, token).is_valid
    assert timedelta(0) <= running.now - running.after(0, hours=1) < timedelta(minutes=1)


def test_keys_outlast_going_back(sandbox: Sandbox, journey: Journey) -> None:
    sandbox.world.keys["signing"] = "made once"
    journey.go(journey.after(3))
    journey.go(journey.start)
    assert sandbox.world.keys == {"signing": "made once"}


def test_live_has_no_time_to_move_in() -> None:
    with pytest.raises(SandboxOnly):
        Journey(NoSandbox())  # type: ignore[arg-type]


def test_what_can_be_dropped_can_happen(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    offered = droppable(sandbox)
    assert 8 <= len(offered) <= 12
    assert f"{WHO} takes pages_show_list back" in dict(offered)
    start = sandbox.checkpoint()
    for told, event in offered:
        assert isinstance(event, Event)
        sandbox.schedule(event, seconds=1)
        sandbox.clock.advance(seconds=1)
        assert [happened for _, happened in sandbox.happened] == [told]
        sandbox.rewind(start)


def test_nothing_is_offered_that_is_not_there(sandbox: Sandbox) -> None:
    sandbox.delete_page(PAGE)
    told = " ".join(dict(droppable(sandbox)))
    assert "back" not in told
    assert PAGE not in told
