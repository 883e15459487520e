"""The search for Pages: which rung finds which, and whether the true cause is among those named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import msgspec
import pytest
from capture import Capture

from fbnb.client import GraphClient
from fbnb.errors import InputError, RateLimited, RequestInvalid, TokenExpired, TokenMalformed, WrongTokenKind
from fbnb.flows.app_tokens import compose_app_token
from fbnb.flows.find_pages import Absence, Finding, Rung, find_pages, ticked
from fbnb.flows.login import log_in
from fbnb.flows.page_tokens import list_pages
from fbnb.flows.revoke import revoke_permission
from fbnb.flows.system_user import create_system_user, generate_system_user_token, install_app
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.tables import finding_table
from fbnb.tokens import AccessToken, GranularScope, TokenInfo
from fbnb.walks import walk_find_pages

LIST, BOTH, READ = ["pages_show_list"], ["pages_show_list", "business_management"], ["pages_read_engagement"]
IDS = [f"30000000000{number:02}" for number in range(1, 11)]
BAKERY, BOOKS, FERRY, SAIL, MUSEUM, JOBS, CONCERTS, FISH, HOLDINGS, REGATTA = IDS
COLLECTIVE = "Harbour Street Collective"

Event = Callable[[Sandbox], object]


def nothing(sandbox: Sandbox) -> None:
    pass


def found(client: GraphClient, token: AccessToken) -> dict[str, Finding]:
    return {finding.page_id: finding for finding in find_pages(client, token, expected=IDS)}


def after(sandbox: Sandbox, client: GraphClient, scopes: list[str], event: Event, **choice: Any) -> dict[str, Finding]:
    token = log_in(client.acting_as(sandbox.person("Mara Quay", **choice)), scopes)
    event(sandbox)
    return found(client, token)


def test_each_rung_finds_its_pages(client: GraphClient, sandbox: Sandbox) -> None:
    pages = after(sandbox, client, BOTH, nothing, pages=["Harbour Bakery", "Quay Concerts Live"])
    assert pages[BAKERY].rungs == (Rung.ACCOUNTS, Rung.TARGETS, Rung.OWNED)
    assert pages[CONCERTS].rungs == (Rung.TARGETS, Rung.NODE)
    assert (pages[FISH].rungs, pages[BOOKS].rungs) == ((Rung.OWNED,), (Rung.CLIENT,))
    assert (pages[FISH].name, pages[BOOKS].name) == ("Fish Market", "Lighthouse Books")
    assert (pages[FERRY].rungs, pages[FERRY].name) == ((), "")


def test_all_is_well(client: GraphClient, sandbox: Sandbox) -> None:
    pages = after(sandbox, client, BOTH, nothing)
    assert [id for id in pages if not pages[id].token] == [CONCERTS]
    for finding in pages.values():
        assert bool(finding.token) is not bool(finding.causes)


WAYS: list[tuple[str, str, Absence, Event, dict[str, Any]]] = [
    ("not ticked", BOOKS, Absence.NOT_TICKED, nothing, {"pages": ["Harbour Bakery"]}),
    ("nothing ticked", BOOKS, Absence.NOT_TICKED, nothing, {"pages": []}),
    ("role lost", MUSEUM, Absence.ROLE, lambda s: s.change_role("Mara Quay", "Tide Museum"), {}),
    (
        "ticked, then role lost",
        MUSEUM,
        Absence.ROLE,
        lambda s: s.change_role("Mara Quay", "Tide Museum"),
        {"pages": ["Tide Museum"]},
    ),
    ("a live contributor only", CONCERTS, Absence.ROLE, nothing, {}),
    (
        "demoted to live contributor",
        BAKERY,
        Absence.ROLE,
        lambda s: s.change_role("Mara Quay", "Harbour Bakery", "live_contributor"),
        {},
    ),
    ("two-factor", FISH, Absence.TWO_FACTOR, lambda s: s.demand_two_factor(COLLECTIVE), {}),
    ("two-factor, ticked", FISH, Absence.TWO_FACTOR, lambda s: s.demand_two_factor(COLLECTIVE), {"pages": ["Fish Market"]}),
    ("deleted", REGATTA, Absence.GONE, lambda s: s.delete_page("Regatta 2026"), {}),
    ("ticked, then deleted", REGATTA, Absence.GONE, lambda s: s.delete_page("Regatta 2026"), {"pages": ["Regatta 2026"]}),
    ("owned, then deleted", FISH, Absence.GONE, lambda s: s.delete_page("Fish Market"), {}),
]


@pytest.mark.parametrize(
    ("way", "scopes"),
    list(product(WAYS, [LIST, BOTH, READ, [*READ, *BOTH]])),
    ids=lambda value: value[0] if isinstance(value, tuple) else "+".join(value),
)
def test_the_true_cause_is_among_those_named(
    way: tuple[str, str, Absence, Event, dict[str, Any]], scopes: list[str], client: GraphClient, sandbox: Sandbox
) -> None:
    _, page, cause, event, choice = way
    finding = after(sandbox, client, scopes, event, **choice)[page]
    assert not finding.token
    assert cause in finding.causes
    if {*BOTH} <= {*scopes}:
        assert finding.causes[0] is cause, "nothing stands in the way of telling"


@pytest.mark.parametrize("scopes", [["email"], ["business_management"]])
@pytest.mark.parametrize("page", [BAKERY, FISH, MUSEUM])
def test_no_permission_for_pages(scopes: list[str], page: str, client: GraphClient, sandbox: Sandbox) -> None:
    assert after(sandbox, client, scopes, nothing)[page].causes == (Absence.PERMISSION, Absence.ROLE)


@pytest.mark.parametrize("pages", [None, ["Harbour Street Holdings"]])
def test_a_page_through_a_business(pages: list[str] | None, client: GraphClient, sandbox: Sandbox) -> None:
    assert after(sandbox, client, LIST, nothing, pages=pages)[HOLDINGS].causes == (Absence.PERMISSION, Absence.ROLE)
    finding = after(sandbox, client, BOTH, nothing, pages=pages)[HOLDINGS]
    assert finding.token
    assert Rung.OWNED in finding.rungs


def test_a_permission_declined_or_taken_back(client: GraphClient, sandbox: Sandbox) -> None:
    assert after(sandbox, client, LIST, nothing, decline=LIST)[BAKERY].causes[0] is Absence.PERMISSION
    token = log_in(client, LIST, auth_type="rerequest")
    assert found(client, token)[BAKERY].token
    revoke_permission(client, token, "pages_show_list")
    assert found(client, token)[BAKERY].causes[0] is Absence.PERMISSION


def test_what_the_answers_leave_no_doubt_about(client: GraphClient, sandbox: Sandbox) -> None:
    token = log_in(client, BOTH)
    sandbox.change_role("Mara Quay", "Tide Museum")
    sandbox.demand_two_factor(COLLECTIVE)
    pages = found(client, token)
    assert pages[MUSEUM].causes == (Absence.ROLE,)
    assert pages[BAKERY].causes == (Absence.TWO_FACTOR,)
    assert pages[BAKERY].rungs[0] is Rung.ACCOUNTS


def test_a_role_lost_before_the_login_looks_like_a_missing_tick(client: GraphClient, sandbox: Sandbox) -> None:
    sandbox.change_role("Mara Quay", "Tide Museum")
    finding = after(sandbox, client, BOTH, nothing, pages=["Harbour Bakery"])[MUSEUM]
    assert finding.causes == (Absence.NOT_TICKED, Absence.ROLE)


def test_an_id_that_is_no_pages(client: GraphClient, short: AccessToken) -> None:
    person = "2100000000001"
    unknown, someone = find_pages(client, short, expected=["3999999999999", person])[-2:]
    assert unknown.causes[0] is someone.causes[0] is Absence.GONE
    with pytest.raises(InputError, match="'harbourbakery'"):
        find_pages(client, short, expected=["harbourbakery"])


def test_one_id_may_be_given_as_it_is(client: GraphClient, short: AccessToken) -> None:
    assert find_pages(client, short, expected=CONCERTS)[-1].page_id == CONCERTS


def test_a_page_expected_and_found_is_told_once(client: GraphClient, short: AccessToken) -> None:
    assert len(find_pages(client, short, expected=[BAKERY, BAKERY])) == len(find_pages(client, short))


def test_a_page_is_not_asked_for_again_once_it_has_a_token(client: GraphClient, short: AccessToken) -> None:
    before = client.wire.count
    find_pages(client, short)
    assert client.wire.count - before == 2


def test_a_list_that_is_refused_is_no_crash(client: GraphClient, sandbox: Sandbox) -> None:
    sandbox.world.defaults = msgspec.structs.replace(sandbox.world.defaults, accounts_without_permission="refuse")
    assert found(client, log_in(client, ["email"]))[BAKERY].causes[0] is Absence.PERMISSION


def test_a_system_user_without_a_page_is_no_crash(client: GraphClient, sandbox: Sandbox) -> None:
    admin = log_in(client, BOTH)
    robot = create_system_user(client, "5000000000001", "Robot", admin)
    install_app(client, robot.id, admin)
    token = generate_system_user_token(client, robot, BOTH, admin)
    assert Absence.ROLE in found(client, token)[BAKERY].causes
    sandbox.change_role("Robot", "Harbour Bakery", "admin")
    assert found(client, token)[BAKERY].token


REFUSED = (403, {"error": {"message": "(#200) Permissions error", "type": "OAuthException", "code": 200}})
INFO = {"data": {"is_valid": True, "type": "USER", "scopes": BOTH}}


def test_a_business_that_refuses_is_passed_over(client: GraphClient, short: AccessToken) -> None:
    pages = {"data": [{"id": "42", "name": "Here"}]}
    answers: list[Any] = [INFO, REFUSED, {"data": [{"id": "5"}, {"id": "6"}]}, REFUSED, REFUSED, pages, REFUSED, REFUSED]
    finding = find_pages(replace(client, transport=Capture(answers)), short)
    assert [(page.page_id, page.name, page.rungs, page.causes) for page in finding] == [
        ("42", "Here", (Rung.OWNED,), (Absence.ROLE,))
    ]
    assert find_pages(replace(client, transport=Capture([INFO, REFUSED, REFUSED])), short) == []


def test_a_limit_is_no_finding(client: GraphClient, short: AccessToken) -> None:
    limited = (403, {"error": {"message": "(#4) Application request limit reached", "type": "OAuthException", "code": 4}})
    with pytest.raises(RateLimited):
        find_pages(replace(client, transport=Capture([INFO, limited])), short)


def test_a_page_that_a_business_lists_is_not_deleted(client: GraphClient, short: AccessToken) -> None:
    gone = (400, {"error": {"message": "Unsupported get request.", "code": 100, "error_subcode": 33}})
    answers: list[Any] = [INFO, {"data": []}, {"data": [{"id": "5"}]}, {"data": [{"id": "42"}]}, {"data": []}, gone]
    (finding,) = find_pages(replace(client, transport=Capture(answers)), short)
    assert finding.causes == (Absence.ROLE,)


def test_the_token_must_be_a_live_one_of_a_person(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    page = list_pages(client, short)[0].token
    assert page
    with pytest.raises(RequestInvalid, match=r"accounts.*Page"):
        find_pages(client, page)
    with pytest.raises(WrongTokenKind):
        find_pages(client, compose_app_token(client.settings))
    with pytest.raises(TokenMalformed):
        find_pages(client, AccessToken(Secret("rubbish")))
    pier = sandbox.world.apps["1000000000002"]
    other = replace(client, settings=replace(client.settings, app_id=pier.id, app_secret=Secret(pier.secret)))
    with pytest.raises(WrongTokenKind, match="did not match"):
        find_pages(other, short)


def test_until_the_second_it_expires(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.clock.advance(hours=1, minutes=59, seconds=59)
    assert found(client, short)[BAKERY].token
    sandbox.clock.advance(seconds=1)
    with pytest.raises(TokenExpired):
        found(client, short)


@pytest.mark.parametrize(
    ("scopes", "ids"),
    [
        ([], None),
        ([("pages_show_list", None)], None),
        ([("pages_show_list", ("1",))], ("1",)),
        ([("pages_show_list", ())], ()),
        ([("pages_show_list", ("1",)), ("pages_messaging", ("1", "2"))], ("1", "2")),
        ([("pages_show_list", ("1",)), ("pages_messaging", None)], None),
        ([("ads_read", ("act_1",)), ("business_management", ("5",))], None),
    ],
)
def test_what_was_ticked(scopes: list[tuple[str, tuple[str, ...] | None]], ids: tuple[str, ...] | None) -> None:
    assert ticked(TokenInfo(True, granular_scopes=tuple(GranularScope(*scope) for scope in scopes))) == ids


def test_the_table_says_it_in_words(client: GraphClient, short: AccessToken) -> None:
    table = finding_table(find_pages(client, short, expected=[CONCERTS, HOLDINGS])[-2:])
    assert list(table.columns) == ["name", "id", "found by", "page token", "why not"]
    assert list(table.loc[0]) == [
        "Quay Concerts Live",
        CONCERTS,
        "the Page's node",
        "none",
        f"{Absence.ROLE}; or {Absence.TWO_FACTOR}",
    ]
    assert list(table.loc[1])[:4] == ["not told", HOLDINGS, "nowhere", "none"]
    bakery = find_pages(client, short)[0]
    assert bakery.token
    assert list(finding_table([bakery]).loc[0]) == ["Harbour Bakery", BAKERY, "me/accounts", bakery.token.hint, ""]
    assert list(finding_table([]).columns) == list(table.columns)


def test_the_walk_climbs_the_ladder(client: GraphClient, sandbox: Sandbox) -> None:
    picky = client.acting_as(sandbox.person(pages=["Harbour Bakery"]))
    walk = walk_find_pages(client, log_in(picky, LIST), expected=[BOOKS])
    for _ in walk.steps:
        walk.next()
    assert [page.id for page in walk.held["listed"]] == [BAKERY]
    assert walk.held["ticked"] == (BAKERY,)
    assert [finding.page_id for finding in walk.held["found"]] == [BAKERY, BOOKS]


def test_no_token_is_shown(client: GraphClient, short: AccessToken) -> None:
    assert "EAA" not in repr(find_pages(client, short))
