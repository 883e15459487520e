"""Verdicts: what is to be done about a token, by what is stored of it and the time; its two clocks stay apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from fbnb.diagnosis import Cause
from fbnb.store import StoredToken, TokenState
from fbnb.tokens import NEVER, Expiry, TokenKind
from fbnb.verdicts import Clock, Next, by_each_clock, is_due, verdict

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
PERSON = StoredToken(
    fingerprint=sha256(b"mara").hexdigest(),
    kind=TokenKind.USER,
    app_id="1000000000001",
    person="2100000000001",
    subject="2100000000001",
    label="Mara",
    hint="EAA…mara",
    obtained=START,
    issued_at=START,
    expires_at=START + timedelta(days=60),
    data_access_until=START + timedelta(days=90),
    scopes=("public_profile", "email"),
    state=TokenState.LIVE,
)
ROBOT = replace(PERSON, kind=TokenKind.SYSTEM_USER, data_access_until=NEVER)
PAGE = replace(PERSON, kind=TokenKind.PAGE, expires_at=NEVER, data_access_until=NEVER, parent="a" * 64)


def after(days: float) -> datetime:
    return START + timedelta(days=days)


# The token's own clock


@pytest.mark.parametrize(
    ("days", "do", "state"),
    [(0, Next.FINE, "live"), (52.9, Next.FINE, "live"), (55.1, Next.RENEW, "live"), (60, Next.ASK_PERSON, "expired")],
)
def test_a_user_token_is_fine_then_due_then_over(days: float, do: Next, state: str) -> None:
    found = verdict(PERSON, after(days))
    assert (found.do, found.state, found.clock, found.ends) == (do, state, Clock.TOKEN, PERSON.expires_at)
    assert found.fine is (do is Next.FINE)


@given(st.binary(min_size=1, max_size=8))
def test_each_token_is_due_from_one_moment_on_between_day_53_and_day_55(name: bytes) -> None:
    token = replace(PERSON, fingerprint=sha256(name).hexdigest())
    due = [is_due(token, after(53 + part / 48)) for part in range(-1, 97)]
    assert due == sorted(due)
    assert (due[0], due[-1]) == (False, True)


def test_tokens_that_were_made_together_are_not_due_together() -> None:
    many = [replace(PERSON, fingerprint=sha256(bytes([number])).hexdigest()) for number in range(200)]
    parts = [sum(is_due(token, after(53 + half / 2)) for token in many) for half in range(5)]
    assert parts[0] < 5
    assert parts[4] == 200
    assert all(20 < later - earlier < 80 for earlier, later in pairwise(parts))


@pytest.mark.parametrize("expiry", [NEVER, None])
@pytest.mark.parametrize("token", [PERSON, ROBOT, PAGE])
def test_a_token_without_a_known_end_is_never_due(token: StoredToken, expiry: Expiry) -> None:
    endless = replace(token, expires_at=expiry, data_access_until=NEVER)
    found = verdict(endless, after(20_000))
    assert (found.do, found.ends) == (Next.FINE, None)
    assert not is_due(endless, after(20_000))


@pytest.mark.parametrize(
    ("token", "do"),
    [
        (PERSON, Next.RENEW),
        (ROBOT, Next.RENEW),
        (replace(PAGE, expires_at=after(60)), Next.RENEW),
        (replace(PAGE, expires_at=after(60), parent=""), Next.ASK_PERSON),
        (replace(PERSON, kind=TokenKind.APP, data_access_until=None), Next.ASK_ADMIN),
    ],
)
def test_only_what_can_be_renewed_without_anyone_is_to_be_renewed(token: StoredToken, do: Next) -> None:
    assert verdict(token, after(56)).do is do


@pytest.mark.parametrize(("token", "do"), [(PERSON, Next.ASK_PERSON), (ROBOT, Next.ASK_ADMIN)])
def test_a_renewal_that_failed_is_tried_again_until_the_end_and_says_why(token: StoredToken, do: Next) -> None:
    troubled = replace(token, trouble="Not renewed: no longer granted.")
    for days in (56, 57, 59.9):
        found = verdict(troubled, after(days))
        assert (found.do, found.state, found.ends) == (Next.RENEW, "live", token.expires_at)
        assert found.why.endswith("Not renewed: no longer granted.")
    assert verdict(troubled, after(60)).do is do


def test_trouble_that_is_over_once_the_token_lives_long_again_is_no_matter() -> None:
    assert verdict(replace(PERSON, trouble="Not renewed: no longer granted."), after(10)).fine


# The other clock


@pytest.mark.parametrize(("days", "do"), [(75.9, Next.FINE), (76, Next.ASK_PERSON), (90, Next.ASK_PERSON), (95, Next.ASK_PERSON)])
def test_data_access_ends_by_a_clock_of_its_own(days: float, do: Next) -> None:
    renewed = replace(PERSON, expires_at=after(114))
    found = verdict(renewed, after(days))
    assert (found.do, found.state) == (do, "live")
    assert (found.clock, found.ends) == ((Clock.TOKEN, after(114)) if do is Next.FINE else (Clock.DATA_ACCESS, after(90)))


def test_a_token_without_an_end_still_loses_access_to_data() -> None:
    found = verdict(replace(PERSON, expires_at=NEVER), after(91))
    assert (found.do, found.clock) == (Next.ASK_PERSON, Clock.DATA_ACCESS)
    assert "has ended on 2027-01-31 09:00 UTC; the token itself never expires" in found.why


def test_what_is_due_is_renewed_first_whatever_its_data_access() -> None:
    assert verdict(replace(PERSON, expires_at=after(92)), after(91)).do is Next.RENEW


@pytest.mark.parametrize(("days", "said"), [(89, "ends on"), (91, "has ended on")])
def test_what_is_due_hides_no_end_of_data_access(days: float, said: str) -> None:
    due = verdict(replace(PERSON, expires_at=after(92)), after(days))
    assert f"and a renewal is due. Access to the person's data {said} 2027-01-31 09:00 UTC" in due.why
    own, access = by_each_clock(due, after(days))
    assert own is due
    assert (access.do, access.clock, access.ends) == (Next.ASK_PERSON, Clock.DATA_ACCESS, after(90))


@pytest.mark.parametrize(("days", "expires"), [(10, 60), (56, 60), (91, 150), (91, 60)])
def test_of_other_verdicts_there_is_one(days: float, expires: float) -> None:
    found = verdict(replace(PERSON, expires_at=after(expires)), after(days))
    assert by_each_clock(found, after(days)) == [found]


@pytest.mark.parametrize(
    ("scopes", "clock"),
    [
        (("public_profile", "pages_show_list", "pages_manage_posts"), Clock.TOKEN),
        (("ads_management", "business_management"), Clock.TOKEN),
        (("pages_show_list", "user_likes"), Clock.DATA_ACCESS),
        (("public_profile",), Clock.DATA_ACCESS),
        ((), Clock.DATA_ACCESS),
    ],
)
def test_permissions_for_pages_ads_and_businesses_outlive_data_access(scopes: tuple[str, ...], clock: Clock) -> None:
    assert verdict(replace(PERSON, expires_at=NEVER, scopes=scopes), after(91)).clock is clock


@pytest.mark.parametrize("until", [NEVER, None])
def test_data_access_without_a_known_end_worries_nobody(until: Expiry) -> None:
    assert verdict(replace(PERSON, expires_at=NEVER, data_access_until=until), after(1000)).fine


def test_a_machine_reads_no_persons_data() -> None:
    assert verdict(replace(ROBOT, expires_at=NEVER, data_access_until=after(1)), after(50)).fine


# Deaths


ADMINS = {
    Cause.APP_CONFIG,
    Cause.APP_SECRET_OR_PROOF,
    Cause.BLOCKED_BY_POLICY,
    Cause.MISSING_PERMISSION,
    Cause.UNKNOWN_OBJECT,
    Cause.WRONG_APP,
}


@pytest.mark.parametrize("cause", list(Cause))
def test_of_a_death_whoever_can_undo_it_is_asked(cause: Cause) -> None:
    for kind in TokenKind:
        dead = replace(PERSON, kind=kind, state=TokenState.DEAD, cause=cause.value, why="190/460: Error validating")
        found = verdict(dead, START)
        people = kind in {TokenKind.USER, TokenKind.PAGE} and cause not in ADMINS
        assert found.do is (Next.ASK_PERSON if people else Next.ASK_ADMIN)
        assert found.state == ("expired" if cause is Cause.EXPIRED else "dead")
        assert found.why == f"{cause.means} (190/460)"


def test_a_dead_token_is_dead_however_long_it_was_to_live() -> None:
    dead = replace(PERSON, state=TokenState.DEAD, cause="password_changed", why="190/460: x", expires_at=NEVER)
    assert (verdict(dead, START).state, verdict(dead, START).ends) == ("dead", None)


def test_that_time_has_run_out_needs_no_word_of_graphs() -> None:
    found = verdict(replace(PERSON, state=TokenState.UNCHECKED), after(60))
    assert (found.state, found.do, found.why) == ("expired", Next.ASK_PERSON, "It expires 2027-01-01 09:00 UTC.")
