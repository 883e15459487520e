"""Families of tokens: who came from whom, how each stands and why; and which an event would end, before it does."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from test_events import BAKERY, BOOKS, COLLECTIVE, MARA, OURS, TABLE, Cast, Make, on_stage, stranger, try_to

from fbnb.client import GraphClient
from fbnb.errors import InputError
from fbnb.flows.client_code import generate_client_code, redeem_client_code
from fbnb.flows.device_login import poll_device_login, start_device_login
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import get_page, list_pages
from fbnb.flows.sdk_refresh import refresh_sdk_token
from fbnb.flows.session_info import get_session_info_token
from fbnb.flows.system_user import refresh_system_user_token
from fbnb.flows.test_users import create_test_user
from fbnb.kit import sandbox_client
from fbnb.plots import family_tree, lifetimes
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.sandbox.families import Kin
from fbnb.sandbox.world import Event
from fbnb.tables import blast_table, family_table
from fbnb.tokens import NEVER, AccessToken, TokenKind


@pytest.fixture
def cast() -> Cast:
    return on_stage()


def shape(family: list[Kin]) -> list[tuple[int, str, str, str]]:
    return [(kin.depth, str(kin.kind), kin.whose, kin.call.rpartition(", ")[2]) for kin in family]


# Every kind of kin

CODE, EXTENDED, OF_PAGE = (0, "USER", MARA, "code"), "fb_exchange_token", "GET /me/accounts or /{page}"


def test_a_login_with_all_that_can_be_made_of_it(sandbox: Sandbox, client: GraphClient, short: AccessToken) -> None:
    long = extend_user_token(client, short)
    page = get_page(client, "3000000000001", long).token
    assert page
    redeem_client_code(client, generate_client_code(client, long))
    get_session_info_token(client, page)
    sandbox.clock.advance(days=2)
    refresh_sdk_token(client, long)
    expected = [
        CODE,
        (1, "USER", MARA, EXTENDED),
        (2, "PAGE", BAKERY, OF_PAGE),
        (3, "PAGE", BAKERY, "fb_attenuate_token"),
        (2, "USER", MARA, "client code"),
        (2, "USER", MARA, "fb_extend_sso_token"),
    ]
    assert [shape(sandbox.family(token)) for token in (short, long, page)] == [expected] * 3


def test_a_short_tokens_pages_end_with_it(sandbox: Sandbox, client: GraphClient, short: AccessToken) -> None:
    list_pages(client, short)
    kin = sandbox.family(short)
    assert {one.expires_at for one in kin} == {datetime(2026, 11, 2, 11, tzinfo=UTC)}
    assert len(kin) == 9


def test_a_system_users_family(cast: Cast) -> None:
    cast.sandbox.change_role("robot", BAKERY, "editor")
    robot = cast.tokens["robot"]
    list_pages(cast.client, robot)
    refresh_system_user_token(cast.client, robot)
    assert shape(cast.sandbox.family(robot)) == [
        (0, "SYSTEM_USER", "robot", "POST /{system_user}/access_tokens"),
        (1, "PAGE", BAKERY, OF_PAGE),
        (1, "SYSTEM_USER", "robot", "60 days"),
    ]
    kin = cast.sandbox.family(robot)
    assert (kin[0].expires_at, kin[1].expires_at, kin[0].data_access_until) == (NEVER, NEVER, None)


def test_a_devices_family(sandbox: Sandbox, client: GraphClient) -> None:
    login = start_device_login(client, ["email"])
    sandbox.answer_device(login.user_code)
    kin = sandbox.family(poll_device_login(client, login))
    assert [(one.whose, one.state) for one in kin] == [(MARA, "live")]


def test_a_test_users_family_outlives_the_test_user(sandbox: Sandbox, client: GraphClient) -> None:
    user = create_test_user(client, ["email"])
    assert user.token
    assert [one.state for one in sandbox.family(user.token)] == ["live"]
    client.delete(user.id, user.token)
    assert [(one.state, one.why[:7]) for one in sandbox.family(user.token)] == [("dead", "190/466")]


def test_families_are_told_apart(sandbox: Sandbox, client: GraphClient, short: AccessToken) -> None:
    other = log_in(client)
    assert [len(sandbox.family(token)) for token in (short, other)] == [1, 1]
    assert sandbox.family(short) != sandbox.family(other)


def test_a_token_of_elsewhere_has_no_family_here(sandbox: Sandbox) -> None:
    with pytest.raises(InputError, match="no token that this world") as caught:
        sandbox.family(AccessToken(Secret("EAA of elsewhere")))
    assert "elsewhere" not in str(caught.value)


# How they stand


def test_states_and_whys(cast: Cast) -> None:
    event, start = cast.sandbox.event, cast.sandbox.clock.now()
    cast.sandbox.schedule(event.change_role(MARA, BAKERY), days=10)
    cast.sandbox.schedule(event.block_app(), days=70)
    cast.sandbox.clock.advance(days=80)
    told = [(kin.state, (kin.since or start) - start, kin.why[:30]) for kin in cast.sandbox.family(cast.tokens["user"])]
    assert [(state, since.days, why) for state, since, why in told] == [
        ("expired", 0, "190/463 Error validating acces"),
        ("expired", 60, "190/463 Error validating acces"),
        ("dead", 10, "190/492 The user must be an ad"),
        ("barred", 70, "200 API access blocked."),
    ]


def test_who_has_no_role_is_barred_in_development(cast: Cast) -> None:
    token = stranger(cast)
    cast.sandbox.set_mode("development")
    [kin] = cast.sandbox.family(token)
    assert (kin.state, kin.since, kin.why[:8]) == ("barred", cast.sandbox.clock.now(), "10 (#10)")


def test_no_token_is_ever_shown(cast: Cast) -> None:
    cast.sandbox.delete_app()
    kin = cast.sandbox.family(cast.tokens["user"])
    until = cast.sandbox.clock.now()
    shown = f"{kin!r}{family_table(kin).to_string()}{family_tree(kin)._repr_mimebundle_()}"
    shown += f"{lifetimes(kin, cast.sandbox.happened, until=until)._repr_mimebundle_()}"
    radius = cast.sandbox.blast_radius(cast.sandbox.event.reset_secret())
    shown += f"{radius!r}{blast_table({'x': radius}).to_string()}{cast.sandbox.event.expire(cast.tokens['user'])!r}"
    secrets = [*cast.sandbox.world.tokens, *(cast.sandbox.world.secret(app) for app in cast.sandbox.world.apps)]
    assert not [secret for secret in secrets if secret in shown]


# What an event would end


def working(cast: Cast) -> dict[str, str]:
    """Each token that works, by its hint, and what is told of it: of those handed out, and those of the apps."""
    told = {token.hint: cast.called(name) for name, token in cast.tokens.items() if name != "unsigned"}
    return {hint: called for hint, called in told.items() if called == "fine"}


@pytest.mark.parametrize(("name", "make"), [row[:2] for row in TABLE], ids=[f"{n} {row[0]}" for n, row in enumerate(TABLE)])
def test_the_blast_radius_is_what_then_dies(name: str, make: Make) -> None:
    cast = on_stage()
    event, lived = make(cast.sandbox.event, cast), working(cast)
    before = cast.sandbox.checkpoint()
    radius = {kin.hint for kin in cast.sandbox.blast_radius(event)}
    assert cast.sandbox.checkpoint() == before
    cast.sandbox.world.happen(event)
    client = cast.client.without_secret() if name == "reset_secret" else cast.client  # an old proof is no death of the token
    died = set(lived) - set(working(Cast(cast.sandbox, client, cast.tokens)))
    if name == "end_data_access":  # refuses a person's fields, and ends nothing
        died = set()
    assert radius & set(lived) == died


@settings(deadline=None)
@given(st.lists(st.sampled_from(TABLE), min_size=1, max_size=5))
def test_after_any_story_the_radius_is_what_the_family_then_loses(story: list[tuple[str, Make, str, str, str]]) -> None:
    cast = on_stage()
    *first, last = [row[1](cast.sandbox.event, cast) for row in story]
    for event in first:
        try_to(partial(cast.sandbox.world.happen, event))
    try_to(partial(radius_is_right, cast, last))


def radius_is_right(cast: Cast, event: Event) -> None:
    before, radius = living(cast), {kin.hint for kin in cast.sandbox.blast_radius(event)}
    cast.sandbox.world.happen(event)
    assert radius & before == before - living(cast)


def living(cast: Cast) -> set[str]:
    families = [cast.sandbox.family(cast.tokens[name]) for name in ("user", "robot")]
    return {kin.hint for family in families for kin in family if kin.state == "live"}


def test_a_radius_says_how_each_would_stand(cast: Cast) -> None:
    [kin] = cast.sandbox.blast_radius(cast.sandbox.event.delete_page(BOOKS))
    assert (kin.whose, kin.state, kin.since) == (BOOKS, "dead", cast.sandbox.clock.now())
    assert kin.why == "190 This Page access token belongs to a Page that has been deleted."


def test_a_deleted_app_takes_its_own_tokens_too(cast: Cast) -> None:
    radius = cast.sandbox.blast_radius(cast.sandbox.event.delete_app())
    assert {kin.kind for kin in radius} == set(TokenKind)
    [app] = cast.sandbox.blast_radius(cast.sandbox.event.reset_secret())
    assert (app.kind, app.whose, app.why) == (TokenKind.APP, "Harbour Notes", "190 Invalid OAuth access token signature.")


def test_what_is_dead_already_is_in_no_radius(cast: Cast) -> None:
    cast.sandbox.change_password(MARA)
    assert cast.sandbox.blast_radius(cast.sandbox.event.log_out(MARA)) == []
    assert cast.sandbox.blast_radius(cast.sandbox.event.demand_two_factor(COLLECTIVE)) == []


def test_an_event_that_cannot_happen_has_no_radius_and_changes_nothing(cast: Cast) -> None:
    before = cast.sandbox.checkpoint()
    with pytest.raises(InputError, match="has not granted user_likes"):
        cast.sandbox.blast_radius(cast.sandbox.event.remove_permission(MARA, OURS, "user_likes"))
    assert cast.sandbox.checkpoint() == before


def test_looking_ahead_changes_no_later_token() -> None:
    def later(*, looking: bool) -> str:
        sandbox = Sandbox()
        client = sandbox_client(sandbox)
        log_in(client)
        if looking:
            sandbox.blast_radius(sandbox.event.reset_secret())
        return extend_user_token(client, log_in(client)).value.reveal()

    assert later(looking=True) == later(looking=False)
