"""TimeTravel without a browser: the slider, the buttons, what is dropped, and everything on show that follows."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import ipywidgets as w
import pandas as pd
import pytest
from hands import bare, click

from fbnb.client import GraphClient
from fbnb.errors import InputError, NotFound
from fbnb.flows.debug_token import debug_token
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.kit import NoSandbox
from fbnb.plots.picture import picture
from fbnb.sandbox import Sandbox
from fbnb.tokens import AccessToken
from fbnb.widgets.time_travel import TimeTravel
from fbnb.widgets.view import View

WHO = "Mara Quay"
BUTTONS = ["−30 days", "−1 day", "−1 hour", "+1 hour", "+1 day", "+30 days", "Drop it here", "Take the last one off"]


class Card(View):
    """As a token's card is: it shows how the token stands when it is refreshed."""

    def __init__(self, client: GraphClient, token: AccessToken) -> None:
        self.client, self.token = client, token
        self.view = self.message = w.HTML()

    def refresh(self) -> None:
        self.say("live" if debug_token(self.client, self.token).is_valid else "expired")


class Kinship(View):
    def __init__(self, sandbox: Sandbox, token: AccessToken) -> None:
        self.sandbox, self.token = sandbox, token
        self.view = self.message = w.HTML()

    def refresh(self) -> None:
        self.say(str(len(self.sandbox.family(self.token))))


@pytest.fixture
def long(client: GraphClient, short: AccessToken) -> AccessToken:
    return extend_user_token(client, short)


@pytest.fixture
def travel(sandbox: Sandbox, long: AccessToken) -> TimeTravel:
    return TimeTravel(sandbox)


def buttons(widget: w.Widget) -> list[w.Button]:
    found = [widget] if isinstance(widget, w.Button) else []
    return found + [button for child in getattr(widget, "children", ()) for button in buttons(child)]


def press(travel: TimeTravel, label: str) -> None:
    next(button for button in buttons(travel.view) if button.description == label).click()


def text(html: str) -> str:
    return re.sub(r"<[^>]+>", " ", html).replace("&#x27;", "'").strip()


def drop(travel: TimeTravel, words: str, day: int) -> None:
    travel.event.label, travel.drop_day.value = words, day
    travel.drop_button.click()


def test_the_slider_moves_the_world_and_what_is_on_show_follows(client: GraphClient, sandbox: Sandbox, long: AccessToken) -> None:
    card = Card(client, long)
    travel = TimeTravel(sandbox, card, lambda: [kin.state for kin in sandbox.family(long)])
    seen = []
    for day in (0, 59, 61, 60, 1, 0):
        travel.slider.set_state({"value": day})
        seen.append((text(travel.where.value)[:7], text(card.message.value), text(travel.shown[1].value)))
    assert seen == [
        ("Day 0: ", "live", "['live', 'live']"),
        ("Day 59:", "live", "['expired', 'live']"),
        ("Day 61:", "expired", "['expired', 'expired']"),
        ("Day 60:", "expired", "['expired', 'expired']"),
        ("Day 1: ", "live", "['expired', 'live']"),
        ("Day 0: ", "live", "['live', 'live']"),
    ]
    assert client.now() == travel.journey.start


def test_buttons_make_finer_steps_and_stay_on_the_line(travel: TimeTravel) -> None:
    told = []
    for label in ("+1 day", "+1 hour", "+30 days", "−1 hour", "−30 days", "−1 hour"):
        press(travel, label)
        told.append(text(travel.where.value))
    assert told == [
        "Day 1: 2026-11-03 09:00 UTC",
        "Day 1: 2026-11-03 10:00 UTC",
        "Day 31: 2026-12-03 10:00 UTC",
        "Day 31: 2026-12-03 09:00 UTC",
        "Day 1: 2026-11-03 09:00 UTC",
        "Day 0: 2026-11-03 08:00 UTC",
    ]
    press(travel, "−30 days")
    assert (travel.slider.value, text(travel.message.value)) == (0, "Here the line begins.")
    travel.slider.value = 399
    assert travel.message.value == ""
    press(travel, "+30 days")
    assert (travel.slider.value, text(travel.message.value)) == (400, "Here the line ends.")


def test_go_moves_as_the_slider_does_and_says_what_is_wrong(travel: TimeTravel) -> None:
    travel.go(days=61, hours=2)
    assert (travel.slider.value, text(travel.where.value)) == (61, "Day 61: 2027-01-02 11:00 UTC")
    for days in (-1, 1e12, 5_000_000):
        travel.go(days=days)
        assert "alert" in travel.message.value
        assert (travel.slider.value, text(travel.where.value)) == (61, "Day 61: 2027-01-02 11:00 UTC")
    travel.go()
    assert (travel.slider.value, travel.message.value) == (0, "")


def test_a_slider_that_cannot_follow_returns_to_where_the_world_is_and_stops(travel: TimeTravel) -> None:
    travel.slider.value, travel.slider.playing = 5, True
    travel.slider.value = -3
    assert (travel.slider.value, travel.slider.playing) == (5, False)
    assert "Go back no further than to 2026-11-02 09:00 UTC" in travel.message.value
    travel.slider.value = 6
    assert (travel.message.value, travel.journey.now - travel.journey.start) == ("", timedelta(days=6))


def test_the_line_grows_with_a_world_that_was_moved_past_its_end(sandbox: Sandbox, travel: TimeTravel) -> None:
    sandbox.clock.advance(days=500, hours=1)
    travel.refresh()
    assert (travel.slider.value, travel.slider.max) == (500, 500)
    assert travel.journey.now - travel.journey.start == timedelta(days=500, hours=1)
    sandbox.reset()
    travel.refresh()
    assert travel.slider.value == 0


def test_what_was_made_later_is_not_yet_made_and_comes_again(client: GraphClient, sandbox: Sandbox, long: AccessToken) -> None:
    tokens = [long]
    travel = TimeTravel(sandbox, lambda: len(sandbox.family(tokens[-1])))
    travel.slider.value = 50
    tokens.append(log_in(client, ["email"]))
    kinship = Kinship(sandbox, tokens[-1])
    also = TimeTravel(sandbox, kinship)
    travel.refresh()
    assert (text(travel.shown[0].value), text(kinship.message.value)) == ("1", "1")
    travel.slider.value = 10
    refused = "That is no token that this world has handed out."
    assert text(travel.shown[0].value).startswith(refused)
    also.refresh()
    assert text(also.shown[0].value).startswith(f"Kinship: {refused}")
    travel.slider.value = 60
    assert text(travel.shown[0].value) == "1"


def test_what_is_dropped_happens_and_is_marked(client: GraphClient, sandbox: Sandbox, long: AccessToken) -> None:
    travel = TimeTravel(sandbox, lambda: debug_token(client, long).is_valid)
    drop(travel, f"{WHO} changes the password", 30)
    assert text(travel.message.value) == "Day 30: 2026-12-02 09:00 UTC: Mara Quay changes the password."
    assert "Mara Quay changes the password (ahead)" in travel.line.value
    assert '<circle cx="41.9" cy="0" r="5" fill="#ffffff"' in travel.line.value
    travel.slider.value = 30
    assert text(travel.shown[0].value) == "False"
    assert "(ahead)" not in travel.line.value
    assert '<circle cx="41.9" cy="0" r="5" fill="#1f2328"' in travel.line.value
    travel.slider.value = 29
    assert text(travel.shown[0].value) == "True"


def test_a_drop_in_the_past_tells_how_many_tokens_it_cost(client: GraphClient, sandbox: Sandbox, travel: TimeTravel) -> None:
    travel.slider.value = 20
    log_in(client, ["email"])
    travel.slider.value = 50
    drop(travel, f"{WHO} logs out", 10)
    assert "Mara Quay logs out." in travel.message.value
    assert text(travel.message.value).endswith("Made later, and now never made: 1 token.")
    assert (travel.slider.value, sandbox.happened) == (50, [(travel.journey.after(10), f"{WHO} logs out")])
    travel.lift_button.click()
    assert (text(travel.message.value), sandbox.happened) == ("Mara Quay logs out: taken off.", [])
    travel.lift_button.click()
    assert "Nothing was dropped here. Choose what happens" in travel.message.value


def test_a_drop_ahead_tells_what_it_cost_further_ahead(client: GraphClient, sandbox: Sandbox, travel: TimeTravel) -> None:
    travel.slider.value = 50
    late = [log_in(client, ["email"]) for _ in range(2)][-1]
    travel.slider.value = 5
    drop(travel, f"{WHO} logs out", 60)
    assert text(travel.message.value) == "Day 60: 2027-01-01 09:00 UTC: Mara Quay logs out."
    drop(travel, f"{WHO} logs out", 30)
    told = "Day 30: 2026-12-02 09:00 UTC: Mara Quay logs out. Made later, and now never made: 2 tokens."
    assert text(travel.message.value) == told
    travel.slider.value = 55
    with pytest.raises(InputError):
        sandbox.family(late)


def test_what_followers_read_anew_is_not_told_as_lost(client: GraphClient, sandbox: Sandbox, long: AccessToken) -> None:
    read = list[AccessToken]()
    travel = TimeTravel(sandbox, lambda: [len(list_pages(client, token)) for token in read])
    before = len(sandbox.world.tokens)
    travel.slider.value = 50
    read.append(long)
    travel.refresh()
    assert len(sandbox.world.tokens) > before
    drop(travel, f"{WHO} does what Facebook asks", 40)
    assert text(travel.message.value) == "Day 40: 2026-12-12 09:00 UTC: Mara Quay does what Facebook asks."


def test_a_mark_that_a_reset_took_away_cannot_be_taken_off(sandbox: Sandbox, travel: TimeTravel) -> None:
    drop(travel, f"{WHO} logs out", 30)
    travel.slider.value = 40
    sandbox.reset()
    travel.lift_button.click()
    assert "Nothing was dropped here." in travel.message.value


def test_what_cannot_have_happened_is_refused_and_nothing_is_changed(
    client: GraphClient, sandbox: Sandbox, travel: TimeTravel
) -> None:
    travel.slider.value = 5
    log_in(client, ["pages_show_list"])
    sandbox.remove_app(WHO)
    travel.slider.value = 6
    log_in(client, ["ads_read"])
    travel.refresh()
    before = travel.line.value
    drop(travel, f"{WHO} takes ads_read back", 3)
    assert "there was nothing for it to happen to" in travel.message.value
    assert (travel.line.value, travel.slider.value, travel.journey.now) == (before, 6, travel.journey.after(6))


def test_the_offer_follows_what_is_granted_and_keeps_the_choice(client: GraphClient, sandbox: Sandbox) -> None:
    travel, back = TimeTravel(sandbox), f"{WHO} takes email back"
    travel.event.label = "Meta blocks the app"
    assert back not in dict(travel.event.options)
    log_in(client, ["email"])
    travel.refresh()
    assert back in dict(travel.event.options)
    assert travel.event.label == "Meta blocks the app"
    travel.event.label = back
    travel.journey.drop(sandbox.event.remove_app(WHO), travel.journey.now)
    travel.refresh()
    assert travel.event.label == f"{WHO} changes the password"


def test_a_double_click_is_one_press(sandbox: Sandbox, travel: TimeTravel) -> None:
    for _ in range(2):
        click(travel.drop_button)
    assert len(travel.journey.dropped) == 1
    step = next(button for button in buttons(travel.view) if button.description == "+30 days")
    for _ in range(2):
        click(step)
    assert travel.slider.value == 30


class Both:
    def _repr_mimebundle_(self, **kwargs: object) -> tuple[dict[str, str], dict[str, str]]:
        return {"image/svg+xml": "<svg>both</svg>", "text/plain": "both"}, {}


class Drawn:
    def _repr_svg_(self) -> str:
        return "<svg>drawn</svg>"


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        (lambda: picture("Title", "In words", 9, []), '<svg xmlns="http://www.w3.org/2000/svg" role="img"'),
        (lambda: pd.DataFrame({"a": [1]}), "<td>1</td>"),
        (Both, "<svg>both</svg>"),
        (Drawn, "<svg>drawn</svg>"),
        (lambda: "<b>&", "&lt;b&gt;&amp;"),
        (lambda: None, ""),
    ],
    ids=["picture", "frame", "bundle", "svg", "text", "none"],
)
def test_what_a_function_returns_is_drawn(sandbox: Sandbox, made: Callable[[], object], shown: str) -> None:
    value = TimeTravel(sandbox, made).shown[0].value
    assert shown in value
    assert bool(value) is bool(shown)


def test_a_refusal_of_graph_is_shown_and_the_others_follow(client: GraphClient, sandbox: Sandbox, long: AccessToken) -> None:
    travel = TimeTravel(sandbox, lambda: client.get("me", long)["name"], client.now)
    assert text(travel.shown[0].value) == WHO
    travel.slider.value = 61
    assert "Session has expired" in travel.shown[0].value
    assert text(travel.shown[1].value) == "2027-01-02 09:00:00+00:00"


def test_a_follower_that_breaks_leaves_nothing_half_updated(
    client: GraphClient, sandbox: Sandbox, long: AccessToken, short: AccessToken
) -> None:
    broken: list[str] = []

    def breaks() -> object:
        if broken:
            raise ValueError(f"<b> {long.value.reveal()}")
        return "whole"

    class Broken(Card):
        def refresh(self) -> None:
            breaks()

    travel = TimeTravel(sandbox, breaks, Broken(client, long), lambda: client.get("me", short)["name"], client.now)
    assert text(travel.shown[0].value) == "whole"
    travel.slider.playing = True
    travel.slider.value = 1
    assert (travel.slider.playing, "Session has expired" in travel.shown[2].value) == (True, True)
    broken.append("now")
    for move in (lambda: travel.slider.set_state({"value": 5}), lambda: press(travel, "+1 day"), lambda: travel.go(days=7)):
        travel.slider.playing = True
        move()
        assert not travel.slider.playing
        told = f"ValueError: &lt;b&gt; {long.hint}"
        assert [told in shown.value for shown in travel.shown] == [True, True, False, False]
        assert "Broken: ValueError" in travel.shown[1].value
        now = f"{travel.journey.now:%Y-%m-%d %H:%M}"
        assert (now in travel.shown[3].value, now in travel.where.value, travel.message.value) == (True, True, "")
    assert travel.slider.value == 7
    drop(travel, "Meta blocks the app", 9)
    assert "Meta blocks the app." in travel.message.value
    assert "ValueError" in TimeTravel(sandbox, breaks).shown[0].value
    assert long.value.reveal() not in travel.snapshot()


def test_no_secret_is_shown(sandbox: Sandbox, client: GraphClient, long: AccessToken) -> None:
    def leaks() -> object:
        raise NotFound(f"no {long.value.reveal()}")

    travel = TimeTravel(sandbox, leaks, lambda: long.value.reveal(), lambda: long)
    travel.journey.drop(sandbox.event.expire(long), travel.journey.after(3))
    travel.refresh()
    assert long.hint in travel.line.value
    assert long.value.reveal() not in travel.snapshot() + str(travel.slider.get_state())


def test_words_of_an_event_are_escaped(sandbox: Sandbox, travel: TimeTravel) -> None:
    event = sandbox.event.log_out(WHO)
    travel.journey.drop(type(event)("<script>", event.act), travel.journey.after(3))
    travel.refresh()
    assert "<script>" not in travel.snapshot()
    assert "&lt;script&gt;" in travel.line.value


def test_of_many_marks_the_first_fifty_are_shown_and_counted(sandbox: Sandbox, travel: TimeTravel) -> None:
    for day in range(70):
        sandbox.schedule(sandbox.event.log_out(WHO), days=day + 1)
    travel.refresh()
    assert travel.line.value.count("<circle") == travel.line.value.count("logs out") == 50
    assert "with 70 marks" in travel.line.value
    assert "and 20 more" in travel.line.value


def test_marks_at_one_instant_keep_their_numbers_apart(travel: TimeTravel) -> None:
    for words in (f"{WHO} logs out", "Meta blocks the app"):
        drop(travel, words, 30)
    heights = re.findall(r'<text x="41.9" y="(-\d+)"', travel.line.value)
    assert heights == ["-10", "-25"]


def test_of_many_marks_at_one_instant_five_have_numbers_and_the_picture_stays_low(sandbox: Sandbox, travel: TimeTravel) -> None:
    for _ in range(60):
        sandbox.schedule(sandbox.event.log_out(WHO), days=30)
    travel.refresh()
    told = re.findall(r'<text x="41.9" y="-\d+"[^>]*>([^<]+)<', travel.line.value)
    assert told == ["1", "2", "3", "4", "5", "…"]
    assert 'viewBox="0 0 400 148"' in travel.line.value
    assert travel.line.value.count("logs out") == 50


def test_a_mark_off_the_line_is_in_the_table_only(sandbox: Sandbox, long: AccessToken) -> None:
    travel = TimeTravel(sandbox, days=10)
    drop(travel, f"{WHO} logs out", 11)
    assert "Day 11: " in travel.line.value
    assert "<circle" not in travel.line.value


def test_the_snapshot_is_the_same_every_time_and_names_every_input(travel: TimeTravel) -> None:
    travel.go(days=61)
    snapshot = travel.snapshot()
    for label in (*BUTTONS, "Day", "What happens", "On day"):
        assert label in snapshot
    assert "Day: <code>61</code>" in snapshot
    assert 'role="status" aria-live="polite">Day 61: 2027-01-02 09:00 UTC' in bare(snapshot)
    assert [button.description for button in buttons(travel.view)] == BUTTONS
    travel.go(days=3)
    travel.go(days=61)
    assert travel.snapshot() == snapshot


def test_live_graph_says_that_its_time_cannot_be_moved() -> None:
    sandbox: Any = NoSandbox()
    travel = TimeTravel(sandbox, lambda: 1 / 0)
    assert "Live Graph has no sandbox." in travel.message.value
    for act in (lambda: setattr(travel.slider, "value", 61), lambda: travel.go(days=5), *(b.click for b in buttons(travel.view))):
        travel.message.value = ""
        act()
        assert "alert" in travel.message.value
        assert "Live Graph has no sandbox." in travel.message.value
        assert (travel.slider.value, travel.where.value, travel.shown[0].value) == (0, "", "")


@pytest.mark.parametrize("days", [0, -5, 1.5, "400", 10_001, None])
def test_a_line_of_no_length_is_refused(sandbox: Sandbox, days: Any) -> None:
    with pytest.raises(InputError, match="days=400"):
        TimeTravel(sandbox, days=days)


def test_what_cannot_follow_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(InputError, match="lambda"):
        TimeTravel(sandbox, datetime(2027, 1, 1))  # type: ignore[arg-type]
