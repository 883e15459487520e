"""The fire drill: a year of the real store, audit, renewal and notices; and that it would say so if they went wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fbnb.client import GraphClient
from fbnb.errors import InputError
from fbnb.fire_drill.calendar import BEN, CALENDAR, INES, MARA, Incident, Ours
from fbnb.fire_drill.people import ADMIN
from fbnb.fire_drill.report import DrillReport
from fbnb.fire_drill.rounds import drill
from fbnb.fire_drill.tables import drill_table
from fbnb.fire_drill.truth import Truth
from fbnb.fire_drill.watch import Watch
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.letter import Notice
from fbnb.sandbox import Sandbox
from fbnb.sandbox.world import Event, World
from fbnb.store import StoredToken, TokenStore
from fbnb.verdicts import Next, Verdict

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def year() -> DrillReport:
    return drill(quiet=True)


@pytest.fixture
def store(tmp_path: Path, client: GraphClient) -> Iterator[TokenStore]:
    with closing(TokenStore(tmp_path / "tokens.db", client=client, key="file")) as store:
        yield store


@pytest.fixture
def watch(sandbox: Sandbox, client: GraphClient, store: TokenStore) -> Watch:
    return Watch(Truth(sandbox.world, client.settings.app_id), store)


@pytest.fixture
def stored(client: GraphClient, store: TokenStore) -> StoredToken:
    return store.admit(extend_user_token(client, log_in(client, ["email", "pages_show_list"])))


def outcome(report: DrillReport, what: str) -> Any:
    return next(one for one in report.outcomes if one.what == what)


def happens(act: Callable[[World], object]) -> Incident:
    return Incident("something of ours", 1, lambda on: Event("something of ours", act))


def test_a_year_loses_no_token_and_raises_no_false_alarm(year: DrillReport) -> None:
    assert (year.lost, year.false_alarms) == ((), ())


def test_a_year_notices_every_death_at_the_next_audit(year: DrillReport) -> None:
    assert year.late == ()
    assert year.passed
    # Of a death on a day whose audit fails it is the day after; on all others the next morning.
    assert all(one.noticed_after is not None and one.noticed_after <= 2 * DAY for one in year.outcomes if one.died)


def test_a_year_has_all_of_the_calendar_in_it_by_time(year: DrillReport) -> None:
    assert {one.what for one in year.outcomes} >= {incident.what for incident in CALENDAR}
    assert [one.at for one in year.outcomes] == sorted(one.at for one in year.outcomes)


def test_who_is_concerned_is_told_and_nobody_else(year: DrillReport) -> None:
    assert outcome(year, "Ben changes the password").told == (BEN,)
    assert outcome(year, "Facebook resets Mara's sessions").told == (MARA,)  # though no mail went out for days
    assert outcome(year, "Facebook doubts Ines's account").told == (INES,)
    assert outcome(year, "the system user is deleted").told == (ADMIN,)
    assert all(one.told for one in year.outcomes if one.died)


def test_what_passes_by_itself_kills_nothing_and_is_counted_as_trouble(year: DrillReport) -> None:
    for what in ("Graph has trouble", "Graph does not answer", "the app's calls are limited", "Meta blocks the app"):
        assert outcome(year, what).died == ()
    assert year.troubles >= 6
    assert 355 <= year.audits < 365


def test_two_drills_are_the_same() -> None:
    assert drill(40, quiet=True) == drill(40, quiet=True)


def test_a_quiet_year_needs_a_login_for_data_access_only() -> None:
    report = drill(100, events=(), quiet=True)
    assert report.passed
    assert report.renewals >= 4  # three people and the system user, once each
    assert report.troubles == 0
    assert [one.what for one in report.outcomes] == [  # the one thing that the world itself has in store
        "190 This Page access token belongs to a Page that has been deleted"
    ]


def test_a_drill_runs_on_a_store_of_either_sort(store_url: str) -> None:
    with closing(TokenStore(store_url, key="file")) as store:
        report = drill(30, store=store, quiet=True)
        assert report == drill(30, quiet=True)
        assert store.client is None
        assert len(store)


def test_a_store_with_tokens_in_it_is_left_alone(store: TokenStore, stored: StoredToken) -> None:
    with pytest.raises(InputError, match="There are tokens in this store"):
        drill(1, store=store)
    assert store.find(stored) == stored


@pytest.mark.parametrize("days", [0, 1.5, "3", None])
def test_a_drill_takes_a_day_or_more(days: Any) -> None:
    with pytest.raises(InputError, match="A drill takes a day or more"):
        drill(days)


def test_a_token_that_vanishes_is_lost(store: TokenStore) -> None:
    def forget(world: World) -> None:
        for stored in [one for one in store.tokens() if one.label == BEN]:
            store.forget(stored)

    report = drill(3, events=[happens(forget)], store=store, quiet=True)
    assert report.lost == ("Ben Tide, USER: vanished from the store",)
    assert not report.passed


def test_a_token_that_runs_out_unrenewed_is_lost_whoever_was_to_blame() -> None:
    blocked = Incident("Meta blocks the app", 50, lambda on: on.block_app(), 15, lambda on: on.reactivate_app())
    report = drill(70, events=[blocked], quiet=True)
    assert "Robot, SYSTEM_USER: ran out, and was not renewed" in report.lost
    assert report.false_alarms == ()


def test_a_living_token_called_dead_is_a_false_alarm(watch: Watch, stored: StoredToken) -> None:
    watch.look([])
    watch.judge(Verdict(stored, "dead", "The person changed the password.", Next.ASK_PERSON))
    watch.judge(Verdict(stored, "live", "It never expires.", Next.ASK_ADMIN))
    assert watch.false_alarms == [
        "verdict about Mara Quay, USER: The person changed the password.",
        "verdict about Mara Quay, USER: It never expires.",
    ]


def test_a_notice_without_a_reason_is_a_false_alarm(watch: Watch, client: GraphClient, stored: StoredToken) -> None:
    notice = Notice(
        app="Harbour Notes",
        label=MARA,
        fingerprint=stored.fingerprint,
        about="token",
        rung="7 days",
        ends=None,
        why="It ends.",
        do="Log in again.",
        link="https://harbour-notes.example",
        at=client.now(),
    )
    assert watch.hear(notice) == MARA
    assert watch.false_alarms == ["notice about Mara Quay, USER: It ends."]


def test_a_dead_token_called_live_is_noticed_late(sandbox: Sandbox, watch: Watch, stored: StoredToken) -> None:
    sandbox.change_password(MARA)
    watch.look([])
    watch.judge(Verdict(stored, "unknown", "Graph did not get to it in time.", Next.WAIT))
    assert watch.late() == ()
    watch.judge(Verdict(stored, "live", "It expires.", Next.FINE))
    assert len(watch.late()) == 1
    assert "190/460" in watch.late()[0]


def test_a_person_who_stays_away_is_told_once_of_each_rung_and_loses_nothing() -> None:
    away = Incident("Ben stays away", 10, ours=Ours.AWAY, days=200, who=BEN)
    report = drill(130, events=[away], quiet=True)
    assert report.passed
    assert outcome(report, "access to the person's data is over").told == (BEN,)


def test_two_things_that_go_wrong_at_once_are_one_outcome() -> None:
    both = [Incident("Ben logs out", 2, lambda on: on.log_out(BEN)), Incident("Mara too", 2, lambda on: on.log_out(MARA))]
    assert outcome(drill(4, events=both, quiet=True), "Ben logs out; Mara too").told == (BEN, MARA)


def test_a_report_says_it_in_two_lines() -> None:
    report = replace(drill(15, quiet=True), notices=3)
    assert str(report) == (
        "15 days, events: 1; 3 tokens died, each noticed at the next audit, within 18 hours.\n"
        "0 tokens lost, 0 false alarms; 0 renewals, 3 notices, 0 troubles survived."
    )


def test_the_table_has_a_row_for_each_outcome() -> None:
    report = drill(30, quiet=True)
    table = drill_table(report)
    assert table["what happened"].tolist() == ["Ben changes the password", "the audit is killed"]
    assert table["tokens that died"].tolist() == [3, 0]
    assert table["noticed after"].isna().tolist() == [False, True]
    assert drill_table(drill(1, quiet=True)).dtypes.equals(table.dtypes)
