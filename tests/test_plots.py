"""Pictures: well-formed, the same every time, with words for who cannot see them."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fbnb.client import Call, GraphClient
from fbnb.errors import GraphError, LoginCancelled
from fbnb.flows.debug_token import debug_token
from fbnb.flows.login import log_in, login_url
from fbnb.flows.oidc import discover, log_in_limited
from fbnb.flows.page_tokens import list_pages
from fbnb.kit import sandbox_client
from fbnb.plots import family_tree, lifetimes, qr_code, sequence_diagram
from fbnb.plots.picture import Picture
from fbnb.sandbox import Sandbox
from fbnb.sandbox.families import Kin
from fbnb.tokens import NEVER, AccessToken, Expiry, TokenKind

SVG = "{http://www.w3.org/2000/svg}"


def words(svg: str) -> list[str]:
    return [str(node.text) for node in ET.fromstring(svg).iter(f"{SVG}text")]


def test_it_draws_the_requests_just_made(client: GraphClient, short: AccessToken) -> None:
    debug_token(client, short)
    list_pages(client, short, limit=7)
    picture = sequence_diagram(client.wire.exchanges, "A login")
    root = ET.fromstring(picture.svg)
    assert root.get("role") == "img"
    assert [node.tag for node in root][:2] == [f"{SVG}title", f"{SVG}desc"]
    assert root[0].text == "A login"
    assert words(picture.svg) == [
        "You",
        "Person",
        "www.facebook.com",
        "graph.facebook.com",
        "send to the login dialog",
        "answers the dialog",
        "redirect with a code",
        "GET /v26.0/oauth/access_token, code",
        "200: access_token, token_type, expires_in",
        "GET /v26.0/debug_token",
        "200: app_id, type, application and 6 more",
        "GET /v26.0/me/accounts",
        "200: 7 rows, and more",
        "GET /v26.0/me/accounts",
        "200: 1 row",
    ]


def test_what_the_redirect_brought_is_named(client: GraphClient) -> None:
    log_in_limited(client, nonce="n")
    client.open_dialog(login_url(client, state="s", response_type="code token"))
    told = words(sequence_diagram(client.wire.exchanges).svg)
    assert "redirect with an id_token" in told
    assert "redirect with a code and a token" in told


def test_a_batch_and_public_documents_are_drawn_too(client: GraphClient, short: AccessToken) -> None:
    client.batch(short, [Call("me"), Call("me")])
    discover(client)
    told = words(sequence_diagram(client.wire.last(2)).svg)
    assert "POST /v26.0, batch" in told
    assert "200: 2 answers" in told
    assert "GET /.well-known/openid-configuration" in told


def test_a_qr_code_is_a_picture_with_a_name_and_its_address(client: GraphClient) -> None:
    url = "https://facebook.com/device?user_code=CMWAW3TM&qr=1"
    picture = qr_code(url, "To scan")
    root = ET.fromstring(picture.svg)
    assert root.get("role") == "img"
    assert [node.text for node in root][:2] == ["To scan", url]
    assert repr(picture) == f"To scan: {url}"
    assert picture == qr_code(url, "To scan")
    assert picture.svg != qr_code(url.replace("CMWAW3TM", "CMWAW3TN"), "To scan").svg


def test_refusals_are_said_and_not_only_coloured(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    with pytest.raises(LoginCancelled):
        log_in(client.acting_as(sandbox.person(cancel=True)))
    sandbox.change_password("Mara Quay")
    with pytest.raises(GraphError):
        client.get("me", short)
    told = words(sequence_diagram(client.wire.last(2)).svg)
    assert "redirect with an error" in told
    assert "400: refused, 190/460" in told


def test_the_same_requests_give_the_same_bytes(client: GraphClient, short: AccessToken) -> None:
    assert sequence_diagram(client.wire.exchanges) == sequence_diagram(client.wire.exchanges)


def test_it_shows_as_svg_and_as_a_sentence(client: GraphClient, short: AccessToken) -> None:
    picture = sequence_diagram(client.wire.exchanges)
    assert picture._repr_mimebundle_() == {"image/svg+xml": picture.svg, "text/plain": repr(picture)}
    assert "Person to www.facebook.com: answers the dialog" in repr(picture)


def test_nothing_is_a_picture_too() -> None:
    assert ET.fromstring(sequence_diagram([]).svg).tag == f"{SVG}svg"
    assert "nothing yet" in sequence_diagram([]).text


def test_what_is_not_xml_is_escaped(client: GraphClient) -> None:
    client.wire.record(client.now(), "GET", ("graph.facebook.com", "/<&>"), {}, (None, "x", {}), ())
    picture = sequence_diagram(client.wire.exchanges, "<&>")
    assert "GET /<&>" in words(picture.svg)
    assert "nothing came back" in words(picture.svg)


@pytest.mark.parametrize("answer", [{"error": "x"}, {"data": None}, {"data": 5}, {"data": [], "paging": None}, [], "text", None])
def test_odd_answers_are_drawn_too(answer: object, client: GraphClient) -> None:
    client.wire.record(client.now(), "GET", ("graph.facebook.com", "/v26.0/me"), {}, (200, answer, {}), ())
    assert words(sequence_diagram(client.wire.exchanges).svg)[-1].startswith("200: ")


# Families

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
YEAR_END = START + timedelta(days=365)
Draw = Callable[[list[Kin]], Picture]
DRAWINGS: list[Draw] = [family_tree, lambda family: lifetimes(family, until=YEAR_END)]


def kin(whose: str = "Mara Quay", depth: int = 0, **more: Any) -> Kin:
    told = {"kind": TokenKind.PAGE if depth else TokenKind.USER, "expires_at": NEVER, "data_access_until": None} | more
    return Kin(hint="EAA…1234", depth=depth, whose=whose, call="a test", issued=START, **told)


def a_year(sandbox: Sandbox, short: AccessToken) -> list[Kin]:
    list_pages(sandbox_client(sandbox), short)
    sandbox.schedule(sandbox.event.change_role("Mara Quay", "Ferry Timetable"), minutes=30)
    sandbox.schedule(sandbox.event.block_app(), days=200)
    sandbox.clock.advance(days=365)
    return sandbox.family(short)


@pytest.mark.parametrize("draw", DRAWINGS)
def test_a_family_is_drawn_the_same_every_time_with_title_and_words(draw: Draw, sandbox: Sandbox, short: AccessToken) -> None:
    family = a_year(sandbox, short)
    picture = draw(family)
    assert picture == draw(family)
    root = ET.fromstring(picture.svg)
    assert (root.get("role"), [node.tag for node in root][:2]) == ("img", [f"{SVG}title", f"{SVG}desc"])
    assert root[1].text == repr(picture) == picture.text
    for kin in family:
        assert kin.whose in picture.text
        assert kin.state in picture.text


def test_a_tree_says_each_state_and_does_not_only_colour_it(sandbox: Sandbox, short: AccessToken) -> None:
    told = words(family_tree(a_year(sandbox, short)).svg)
    assert told[1] == "expired since 2026-11-02 11:00: 190/463"
    ferry = told.index(next(word for word in told if "Ferry Timetable" in word))
    assert told[ferry + 1] == "dead since 2026-11-02 09:30: 190/492"
    assert len(told) == 18


def test_a_tree_ties_each_to_the_one_it_was_made_with() -> None:
    family = [kin(), kin("one", 1), kin("under one", 2), kin("two", 1)]
    paths = [node.get("d") for node in ET.fromstring(family_tree(family).svg).iter(f"{SVG}path")]
    assert paths == ["M30 58 V92 H48", "M64 116 V150 H82", "M30 58 V208 H48"]


def test_lifetimes_number_what_happened_and_tell_it_below(sandbox: Sandbox, short: AccessToken) -> None:
    family = a_year(sandbox, short)
    told = words(lifetimes(family, sandbox.happened, until=sandbox.clock.now()).svg)
    assert "Bars: expired, dead. A cross: it ended there. An arrow: it lives on. Dots: what it would have lived." in told
    assert told[-2:] == ["1: 2026-11-02, Mara Quay has no role on Ferry Timetable", "2: 2027-05-21, Meta blocks the app"]
    assert {"1", "2", "Nov 2026"} <= set(told)


def test_events_too_close_for_two_labels_share_one() -> None:
    happened = [(START + timedelta(days=day), "x") for day in (100, 102, 103, 200)]
    told = words(lifetimes([kin()], happened, until=YEAR_END).svg)
    assert {"1-3", "4"} <= set(told)
    assert not {"1", "2", "3"} & set(told)


@pytest.mark.parametrize(("ends", "drawn"), [(NEVER, "M680"), (None, "M680"), (YEAR_END, "M680"), (START, "")])
def test_who_lives_on_has_an_arrow_at_the_edge(ends: Expiry, drawn: str) -> None:
    paths = [str(node.get("d")) for node in ET.fromstring(DRAWINGS[1]([kin(expires_at=ends)]).svg).iter(f"{SVG}path")]
    assert [path[:4] for path in paths] == ([drawn] if drawn else [])


@pytest.mark.parametrize("draw", DRAWINGS)
@pytest.mark.parametrize("family", [[], [kin()], [kin(), *(kin(f"Page {n}", 1) for n in range(60))]], ids=["0", "1", "61"])
def test_a_family_of_any_size_is_a_picture_as_tall_as_it_needs(draw: Draw, family: list[Kin]) -> None:
    root = ET.fromstring(draw(family).svg)
    height = int(str(root.get("viewBox")).split()[-1])
    lowest = max([float(node.get("y", 0)) + float(node.get("height", 0)) for node in root.iter() if node is not root[2]])
    assert lowest <= height
    assert sum("Page" in str(node.text) for node in root.iter(f"{SVG}text")) == max(0, len(family) - 1)


@pytest.mark.parametrize("draw", DRAWINGS)
def test_a_page_may_be_called_what_it_likes(draw: Draw) -> None:
    picture = draw([kin('<b>&"Fish"]]>')])
    assert any('<b>&"Fish"]]>' in word for word in words(picture.svg))


def test_a_life_shorter_than_a_pixel_is_still_there() -> None:
    bars = [
        node for node in ET.fromstring(DRAWINGS[1]([kin(expires_at=START)]).svg).iter(f"{SVG}rect") if node.get("height") == "15"
    ]
    assert [node.get("width") for node in bars] == ["3"]


@pytest.mark.parametrize(
    ("span", "label"), [(timedelta(hours=2), "10:00"), (timedelta(days=20), "09 Nov"), (timedelta(days=700), "Nov 2027")]
)
def test_the_calendar_fits_the_span(span: timedelta, label: str) -> None:
    assert label in words(lifetimes([kin()], until=START + span).svg)
