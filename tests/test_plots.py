"""Pictures: well-formed, the same every time, with words for who cannot see them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from fbnb.client import Call, GraphClient
from fbnb.errors import GraphError, LoginCancelled
from fbnb.flows.debug_token import debug_token
from fbnb.flows.login import log_in, login_url
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.oidc import discover, log_in_limited
from fbnb.flows.page_tokens import list_pages
from fbnb.kit import sandbox_client
from fbnb.plots import family_tree, lifetimes, qr_code, sequence_diagram, sequence_mermaid, task_map, usage_chart
from fbnb.plots.picture import BOLD, SIZE, WIDTH, Picture, fit, span
from fbnb.sandbox import Sandbox
from fbnb.sandbox.families import Kin
from fbnb.tables import task_table, usage_table
from fbnb.tokens import NEVER, AccessToken, Expiry, Page, TokenKind
from fbnb.usage import Load, Usage

SVG = "{http://www.w3.org/2000/svg}"
# Measured in Chromium: how wide DejaVu Sans is from the space to the tilde, in hundredths of an em, and its bold.
# A browser rarely has a typeface that is wider.
REGULAR = (
    "32 41 46 84 64 96 78 28 40 40 50 84 32 37 32 34 64 64 64 64 64 64 64 64 64 64 34 34 84 84 84 54 100 69 69 70 78 "
    "64 58 78 76 30 30 66 56 87 75 79 61 79 70 64 62 74 69 99 69 62 69 40 34 40 84 50 50 62 64 55 64 62 36 64 64 28 "
    "28 58 28 98 64 62 64 64 42 53 40 64 60 82 60 60 53 64 34 64 84"
)
HEAVY = (
    "35 46 53 84 70 101 88 31 46 46 53 84 38 42 38 37 70 70 70 70 70 70 70 70 70 70 40 40 84 84 84 59 100 78 77 74 84 "
    "69 69 83 84 38 38 78 64 100 84 86 74 86 78 73 69 82 78 111 78 73 73 46 37 46 84 50 50 68 72 60 72 68 44 72 72 35 "
    "35 67 35 105 72 69 72 72 50 60 48 72 66 93 65 66 59 72 37 72 84"
)
EMS = [
    {"\ufffd": 1.04, "…": 1.0, "港": 1.0, "🍞": 1.25} | {chr(32 + n): int(width) / 100 for n, width in enumerate(told.split())}
    for told in (REGULAR, HEAVY)
]


def words(svg: str) -> list[str]:
    """Every label; one in several lines with spaces between them."""
    return [" ".join(node.itertext()) for node in ET.fromstring(svg).iter(f"{SVG}text")]


def lines(node: ET.Element) -> list[tuple[float, float, float, float]]:
    """Of a label, where each line begins and ends from left to right, its foot and its size, in a wide typeface."""
    size, middle, foot = float(node.get("font-size", 14)), node.get("text-anchor") == "middle", float(node.get("y", 0))
    ems = EMS[node.get("font-weight") == "600"]
    told, found = [(node.get("x"), 0, node.text), *((span.get("x"), int(str(span.get("dy"))), span.text) for span in node)], []
    for x, down, words in told:
        foot += down
        width, at = size * sum(ems.get(char, 0.7) for char in words or ""), float(str(x))
        found.append((at - width / 2 if middle else at, at + width / 2 if middle else at + width, foot, size))
    return found


def assert_well_made(picture: Picture) -> None:
    """Legible at phone width, nothing outside, nothing that runs or is fetched, and the same words for who cannot see it."""
    root = ET.fromstring(picture.svg)
    left, top, width, height = map(int, str(root.get("viewBox")).split())
    assert (left, top, width) == (0, 0, WIDTH)
    # What shows it in an <img> makes it this wide; a phone has no more room.
    assert root.get("width") == "344"
    assert float(str(root.get("height"))) == pytest.approx(height * 344 / WIDTH)
    assert (root.get("role"), root.get("font-size"), root[1].text) == ("img", "14", picture.text)
    assert [node.tag for node in root][:2] == [f"{SVG}title", f"{SVG}desc"]
    assert {node.tag.removeprefix(SVG) for node in root.iter()} <= set("svg title desc rect line path text tspan".split())
    assert not {
        name for node in root.iter() for name, value in node.items() if "href" in name or name[:2] == "on" or "url(" in value
    }
    for node in root.iter(f"{SVG}text"):
        for begin, end, foot, size in lines(node):
            assert begin >= 0, ET.tostring(node)
            assert end <= width, ET.tostring(node)
            assert size <= foot <= height - 4, ET.tostring(node)
            assert size * 344 / WIDTH >= 12, ET.tostring(node)
    for node in root.iter(f"{SVG}rect"):
        assert float(node.get("x", 0)) + float(str(node.get("width"))) <= width
        assert float(node.get("y", 0)) + float(str(node.get("height"))) <= height


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


def test_what_fits_is_measured_for_a_wide_typeface() -> None:
    for ems, wider in zip(EMS, (1.0, BOLD), strict=True):
        assert not {char: room for char, room in ems.items() if span(char) * wider < SIZE * room - 0.2}
        assert not set(map(chr, range(32, 127))) - set(ems)
    assert all(span(char) == span("\ufffd") for char in BIDI + "\x00")  # which stands in their place
    assert fit("W" * 30 + " " + "i" * 30, 150) == ["W" * 10, "W" * 8 + " …"]
    assert fit("WWW iii iii WWW", 70, most=9) == ["WWW iii", "iii WWW"]
    assert fit("iii " + "W" * 9, 70, most=9) == ["iii WWW", "WWWW", "WW"]
    assert fit("", 70) == fit(" \n", 70) == [""]
    assert fit("WW", 1, most=9) == ["W", "W"]


def test_the_names_of_who_speaks_stand_apart() -> None:
    root = ET.fromstring(sequence_diagram([]).svg)
    heads = [lines(node)[0][:2] for node in root.iter(f"{SVG}text") if node.get("y") == "24"]
    assert len(heads) == 4
    assert all(before[1] + 8 < after[0] for before, after in pairwise(heads))


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


@pytest.fixture
def journey(client: GraphClient, sandbox: Sandbox) -> GraphClient:
    """What the longest notebooks do: every sort of request that is drawn, and refusals."""
    long = extend_user_token(client, log_in(client, ["pages_show_list"]))
    pages = list_pages(client, long, limit=3)
    debug_token(client, pages[0].token or long)
    client.batch(long, [Call("me"), Call(pages[0].id)])
    discover(client)
    with pytest.raises(LoginCancelled):
        log_in(client.acting_as(sandbox.person(cancel=True)))
    sandbox.change_password("Mara Quay")
    with pytest.raises(GraphError):
        client.get("me", long)
    return client


def test_a_qr_code_is_a_picture_with_a_name_and_its_address(client: GraphClient) -> None:
    url = "https://facebook.com/device?user_code=CMWAW3TM&qr=1"
    picture = qr_code(url, "To scan")
    root = ET.fromstring(picture.svg)
    assert (root.tag, root.get("role")) == (f"{SVG}svg", "img")
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


@pytest.mark.parametrize(
    ("status", "said"), [(200, "shows an error page"), (500, "shows an error page"), (None, "nothing came back")]
)
def test_a_dialog_that_does_not_redirect_leaves_the_person_there(status: int | None, said: str, client: GraphClient) -> None:
    client.wire.record(client.now(), "GET", ("www.facebook.com", "/v26.0/dialog/oauth"), {}, (status, "<html>", {}), ())
    picture = sequence_diagram(client.wire.exchanges)
    assert_well_made(picture)
    assert words(picture.svg)[-1] == said
    assert picture.text.endswith(f"; www.facebook.com to Person: {said}.")
    assert sequence_mermaid(client.wire.exchanges).endswith(f"Dialog--xPerson: {said}")


def test_the_same_requests_give_the_same_bytes(client: GraphClient, short: AccessToken) -> None:
    assert sequence_diagram(client.wire.exchanges) == sequence_diagram(client.wire.exchanges)


def test_it_shows_as_svg_and_as_a_sentence(client: GraphClient, short: AccessToken) -> None:
    picture = sequence_diagram(client.wire.exchanges)
    assert picture._repr_mimebundle_() == {"image/svg+xml": picture.svg, "text/plain": repr(picture)}
    assert "Person to www.facebook.com: answers the dialog" in repr(picture)


def test_nothing_is_a_picture_too() -> None:
    assert_well_made(sequence_diagram([]))
    assert "nothing yet" in sequence_diagram([]).text
    assert words(sequence_diagram([]).svg)[-1] == "nothing yet"
    assert sequence_mermaid([]).endswith("Note over You: nothing yet")


def test_what_is_not_xml_is_escaped(client: GraphClient) -> None:
    client.wire.record(client.now(), "GET", ("graph.facebook.com", "/<&>"), {}, (None, "x", {}), ())
    picture = sequence_diagram(client.wire.exchanges, "<&>")
    assert "GET /<&>" in words(picture.svg)
    assert "nothing came back" in words(picture.svg)
    assert_well_made(picture)


@pytest.mark.parametrize("path", ["/" + "x" * 5000, "/a word " * 9, "/" + "港" * 90, "/" + "W" * 90, "/\x00\n\ud800"])
def test_what_is_too_long_is_broken_and_shortened_and_whole_in_the_text(path: str, client: GraphClient) -> None:
    client.wire.record(client.now(), "GET", ("graph.facebook.com", path), {}, (200, {}, {}), ())
    picture = sequence_diagram(client.wire.exchanges)
    assert_well_made(picture)
    assert re.sub("[\x00\ud800]", "\ufffd", path) in picture.text
    assert words(picture.svg)[4].endswith(" …") == (len(path) > 72)


BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def test_no_name_turns_the_rest_of_a_label_round(client: GraphClient) -> None:
    client.wire.record(client.now(), "GET", ("graph.facebook.com", f"/{BIDI}x"), {}, (200, {BIDI: 1}, {}), ())
    for picture in (
        sequence_diagram(client.wire.exchanges, BIDI),
        family_tree([kin(BIDI)], BIDI),
        lifetimes([kin(BIDI)], [(START, BIDI)], until=YEAR_END, title=BIDI),
        task_map([Page("1", BIDI, tasks=(BIDI,))], BIDI),
        usage_chart(Usage((Load("app", BIDI),)), BIDI),
    ):
        assert_well_made(picture)
        assert not set(BIDI) & set(picture.svg + picture.text)
        assert "\ufffd" * len(BIDI) in picture.text


def test_the_journey_is_legible_on_a_phone(journey: GraphClient) -> None:
    picture = sequence_diagram(journey.wire.exchanges)
    assert_well_made(picture)
    assert not [word for word in words(picture.svg) if "…" in word]


def test_of_a_thousand_requests_forty_are_drawn_and_the_rest_is_counted(client: GraphClient, short: AccessToken) -> None:
    for number in range(1000 - len(client.wire.exchanges)):
        client.wire.record(client.now(), "GET", ("graph.facebook.com", f"/{number}"), {}, (200, {}, {}), ())
    picture = sequence_diagram(client.wire.exchanges)
    assert_well_made(picture)
    assert words(picture.svg)[-3:] == ["GET /37", "200: no fields", "and 960 more requests, not drawn"]
    assert picture.text.endswith("; and 960 more requests, not drawn.")
    assert sequence_mermaid(client.wire.exchanges).endswith("\n    Note over You: and 960 more requests, not drawn")
    [*shown, _] = client.wire.last(41)
    assert "more" not in sequence_diagram(shown).text


@pytest.mark.parametrize(("status", "answer"), [(503, "<html>"), (400, {}), (500, None), (404, [])])
def test_a_refusal_without_an_error_is_one_all_the_same(status: int, answer: object, client: GraphClient) -> None:
    client.wire.record(client.now(), "GET", ("graph.facebook.com", "/v26.0/me"), {}, (status, answer, {}), ())
    assert words(sequence_diagram(client.wire.exchanges).svg)[-1] == f"{status}: refused"
    assert sequence_mermaid(client.wire.exchanges).endswith(f"Graph--xYou: {status}: refused")


def test_mermaid_has_the_same_arrows(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.change_password("Mara Quay")
    with pytest.raises(GraphError):
        client.get("me", short)
    source = sequence_mermaid(client.wire.exchanges)
    assert source == sequence_mermaid(client.wire.exchanges)
    assert source.splitlines() == [
        "sequenceDiagram",
        "    participant You",
        "    participant Person",
        "    participant Dialog as www.facebook.com",
        "    participant Graph as graph.facebook.com",
        "    You->>Person: send to the login dialog",
        "    Person->>Dialog: answers the dialog",
        "    Dialog-->>You: redirect with a code",
        "    You->>Graph: GET /v26.0/oauth/access_token, code",
        "    Graph-->>You: 200: access_token, token_type, expires_in",
        "    You->>Graph: GET /v26.0/me",
        "    Graph--xYou: 400: refused, 190/460",
    ]
    drawn = words(sequence_diagram(client.wire.exchanges).svg)[4:]
    assert [line.partition(": ")[2] for line in source.splitlines()[5:]] == drawn


HOSTILE = [
    "/;x#y",
    "/a\nYou->>You: b",
    "/<script>alert(1)</script>",
    "/%%{init: {}}%%",
    "/&lt;b",
    "/`$$x$$`",
    "",
    "/\r\x85\u2028end",
]


@pytest.mark.parametrize("path", HOSTILE)
def test_mermaid_takes_nothing_for_its_own(path: str, client: GraphClient) -> None:
    client.wire.record(client.now(), "GET", ("graph.facebook.com", path), {}, (200, {path: 1}, {}), ())
    source = sequence_mermaid(client.wire.exchanges)
    *_, asked, answered = source.splitlines()
    assert len(source.splitlines()) == 7
    assert asked.startswith("    You->>Graph: GET")
    assert answered.startswith("    Graph-->>You: 200:")
    assert not set(asked.partition(": ")[2] + answered.partition(": ")[2]) & set(";#<>%{}&$`\n\r")


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
    assert_well_made(picture)
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
    assert paths == ["M20 58 V91 H32", "M42 116 V149 H54", "M20 58 V207 H32"]


def test_a_tree_goes_no_deeper_than_there_is_room_and_still_ties() -> None:
    picture = family_tree([kin("a long, long name of a Page at the harbour", depth) for depth in range(9)])
    assert_well_made(picture)
    assert sum(word.endswith("of a Page at the harbour, EAA…1234") for word in words(picture.svg)) == 9
    boxes = [int(str(node.get("x"))) for node in ET.fromstring(picture.svg).iter(f"{SVG}rect") if node.get("stroke")]
    assert boxes == [10, 32, 54, 76, 98, 120, 120, 120, 120]
    paths = [str(node.get("d")).split()[0] for node in ET.fromstring(picture.svg).iter(f"{SVG}path")]
    assert [path[:5] for path in paths] == ["M20", "M42", "M64", "M86", "M108", "M120", "M120", "M120"]


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


def pills(picture: Picture) -> tuple[list[tuple[float, float]], list[str]]:
    """The labels of events: from where to where each goes, and their words."""
    root = ET.fromstring(picture.svg)
    boxes = [node for node in root.iter(f"{SVG}rect") if node.get("rx") == "9"]
    told = [str(node.text) for node in root.iter(f"{SVG}text") if node.get("fill") == "#ffffff"]
    return [(x := float(str(box.get("x"))), x + float(str(box.get("width")))) for box in boxes], told


@pytest.mark.parametrize(
    ("days", "shared"),
    [
        ((1, 2, 3, 47, 48, 49), ["1-3", "4-6"]),
        ((20, 45, 48, 110, 200), ["1", "2-3", "4", "5"]),
        ((1, 2, 3, 33, 34, 35), ["1-6"]),  # two labels would do for the lines, and not for the words
        ((362, 363, 364), ["1-3"]),
        ((0, 17), ["1-2"]),
        ((0, 25, 365), ["1", "2", "3"]),
        (range(0, 366, 10), ["1-37"]),
        ((), []),
    ],
)
def test_the_labels_of_events_never_cover_each_other(days: list[int], shared: list[str]) -> None:
    picture = lifetimes([kin()], [(START + timedelta(days=day), "x") for day in days], until=YEAR_END)
    assert_well_made(picture)
    boxes, told = pills(picture)
    assert told == shared
    assert len(boxes) == len(shared)
    assert all(before[1] < after[0] for before, after in pairwise(boxes))


def test_what_happened_before_or_after_is_told_and_not_drawn() -> None:
    happened = [(START + timedelta(days=day), f"day {day}") for day in (400, 100, 0, 365, -30)]
    picture = lifetimes([kin()], happened, until=YEAR_END)
    assert_well_made(picture)
    assert words(picture.svg)[-5:] == [
        "1: 2026-10-03, day -30 (before)",
        "2: 2026-11-02, day 0",
        "3: 2027-02-10, day 100",
        "4: 2027-11-02, day 365",
        "5: 2027-12-07, day 400 (after)",
    ]
    assert pills(picture)[1] == ["2", "3", "4"]
    assert marks(picture, "line") == 3 + len(
        [word for word in words(picture.svg) if word in ("Nov 2026", "Mar 2027", "Jul 2027")]
    )
    assert "; 1: 2026-10-03, day -30 (before); 2: 2026-11-02, day 0; " in picture.text


def test_no_token_is_a_picture_too() -> None:
    happened = [(YEAR_END, "later"), (START, "earlier"), (YEAR_END + timedelta(days=1), "too late")]
    for picture in (family_tree([], "None"), lifetimes([], until=START, title="None")):
        assert_well_made(picture)
        assert words(picture.svg) == ["no token"]
        assert picture.text == "None: no token."
    told = ["no token", "1: 2026-11-02, earlier", "2: 2027-11-02, later", "3: 2027-11-03, too late (after)"]
    assert words(lifetimes([], happened, until=YEAR_END).svg) == told


@pytest.mark.parametrize(("ends", "drawn"), [(NEVER, "M376"), (None, "M376"), (YEAR_END, "M376"), (START, "")])
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
    assert_well_made(draw(family))


@pytest.mark.parametrize("draw", DRAWINGS)
def test_of_a_thousand_tokens_a_hundred_are_drawn_and_the_rest_is_counted(draw: Draw) -> None:
    picture = draw([kin(), *(kin(f"Page {n}", 1) for n in range(1000))])
    assert_well_made(picture)
    told = words(picture.svg)
    assert "and 901 more tokens, not drawn" in told
    assert "; and 901 more tokens, not drawn" in picture.text
    assert sum("Page" in word for word in told) == 99
    assert any("Page 98" in word for word in told)


def test_of_a_thousand_events_forty_are_drawn_and_the_rest_is_counted() -> None:
    happened = [(START + timedelta(hours=n), "x") for n in range(1000)]
    picture = lifetimes([kin()], happened, until=YEAR_END)
    assert_well_made(picture)
    assert words(picture.svg)[-2:] == ["40: 2026-11-04, x", "and 960 more events, not drawn"]
    assert "and 960 more events, not drawn" in picture.text


def test_lifetimes_show_both_clocks() -> None:
    one = kin(expires_at=START + timedelta(days=60), data_access_until=START + timedelta(days=90))
    picture = lifetimes([one], until=START + timedelta(days=120))
    bars = [node for node in ET.fromstring(picture.svg).iter(f"{SVG}rect") if node.get("x") == "14"]
    assert [(node.get("width"), node.get("height")) for node in bars] == [("181", "15"), ("272", "4")]  # of 362
    assert "expires 2027-01-01 09:00 UTC, data access until 2027-01-31 09:00" in picture.text
    assert "USER Mara Quay, EAA…1234: live" in words(picture.svg)


@pytest.mark.parametrize("draw", DRAWINGS)
def test_a_page_may_be_called_what_it_likes(draw: Draw) -> None:
    picture = draw([kin('<b>&"Fish"]]>')])
    assert any('<b>&"Fish"]]>' in word for word in words(picture.svg))
    for name in ("\x00\x1b\ud800\uffff", "港" * 75, "W" * 75, "word " * 40, "", "x" * 5000):
        assert_well_made(draw([kin(name)]))
    assert "\ufffd" * 4 in draw([kin("\x00\x1b\ud800\uffff")]).text


def test_a_life_shorter_than_a_pixel_is_still_there() -> None:
    bars = [
        node for node in ET.fromstring(DRAWINGS[1]([kin(expires_at=START)]).svg).iter(f"{SVG}rect") if node.get("height") == "15"
    ]
    assert [node.get("width") for node in bars] == ["3"]


@pytest.mark.parametrize(
    ("span", "label"),
    [
        (timedelta(hours=2), "10:00"),
        (timedelta(days=20), "09 Nov"),
        (timedelta(days=700), "Nov 2027"),
        (timedelta(days=366), "Jul 2027"),
        (timedelta(days=36500), "Nov 2026"),
    ],
)
def test_the_calendar_fits_the_span(span: timedelta, label: str) -> None:
    picture = lifetimes([kin()], until=START + span)
    assert label in words(picture.svg)
    assert_well_made(picture)
    ticks = [lines(node)[0][:2] for node in ET.fromstring(picture.svg).iter(f"{SVG}text") if node.get("y") == "20"]
    assert 2 <= len(ticks) <= 5
    assert all(before[1] < after[0] for before, after in pairwise(ticks))


# Tasks


def cells(picture: Picture) -> list[list[str]]:
    """The cells row by row as they are drawn, of a map of one block: `yes`, empty or `?`."""
    found = dict[str, list[str]]()
    for node in ET.fromstring(picture.svg).iter(f"{SVG}rect"):
        if node.get("rx") == "3":
            drawn = "?" if node.get("stroke-dasharray") else "" if node.get("fill") == "#ffffff" else "yes"
            found.setdefault(str(node.get("y")), []).append(drawn)
    return list(found.values())


def marks(picture: Picture, tag: str) -> int:
    return sum(1 for _ in ET.fromstring(picture.svg).iter(f"{SVG}{tag}"))


def test_the_map_of_tasks_is_the_table_drawn(client: GraphClient, short: AccessToken) -> None:
    pages = list_pages(client, short)
    picture, table = task_map(pages), task_table(pages)
    assert_well_made(picture)
    assert picture == task_map(iter(pages))
    assert cells(picture) == table.T.to_numpy().tolist()
    assert marks(picture, "path") == sum(len(page.tasks or ()) for page in pages) > 0
    told = [word.replace("_ ", "_") for word in words(picture.svg)]
    assert set(table.columns) <= set(told)
    assert "PROFILE_PLUS_CREATE_CONTENT" in told
    assert told[-len(pages) :] == [f"{n}: {page.name}" for n, page in enumerate(pages, 1)]
    assert [f"{n}" for n, _ in enumerate(pages, 1)] == [word for word in told if word.isdecimal()]
    assert f"{pages[0].name}: {', '.join(pages[0].tasks or ())}; " in picture.text


def test_what_was_not_told_is_neither_yes_nor_no() -> None:
    picture = task_map([Page("1", "One", tasks=("MANAGE",)), Page("2", "Two"), Page("3", "Three", tasks=())], "Tasks")
    assert_well_made(picture)
    assert cells(picture) == [["yes", "?", ""]]
    assert words(picture.svg)[-4:] == ["?", "1: One", "2: Two, tasks not told", "3: Three, no task"]
    assert picture.text == "Tasks: One: MANAGE; Two: tasks not told; Three: no task."


@pytest.mark.parametrize("pages", [[], [Page("1", "One")], [Page("1", "One", tasks=())]], ids=["no Page", "not told", "no task"])
def test_a_map_without_a_task_is_a_picture_too(pages: list[Page], request: pytest.FixtureRequest) -> None:
    picture = task_map(pages)
    assert_well_made(picture)
    assert cells(picture) == []
    assert request.node.callspec.id in picture.text
    assert request.node.callspec.id in words(picture.svg)[-1]


def test_of_a_thousand_pages_forty_are_drawn_eight_side_by_side() -> None:
    picture = task_map(Page(str(n), f"Page {n}", tasks=("ADVERTISE", f"T_{n % 3}")) for n in range(1000))
    assert_well_made(picture)
    assert [len(row) for row in cells(picture)] == [8] * 20
    told = words(picture.svg)
    assert told[-2:] == ["40: Page 39", "and 960 more Pages, not drawn"]
    assert picture.text.endswith("; Page 39: ADVERTISE, T_0; and 960 more Pages, not drawn.")


@pytest.mark.parametrize("name", ['<b>&"Fish"]]>', "\x00", "港" * 75, "W_" * 60, ""])
def test_a_page_and_a_task_may_be_called_what_they_like(name: str) -> None:
    picture = task_map([Page("1", name, tasks=(name, "PROFILE_PLUS_GLOBAL_STRUCTURE_MANAGEMENT"))])
    assert_well_made(picture)
    assert cells(picture) == [["yes"], ["yes"]]
    assert "PROFILE_PLUS_GLOBAL_STRUCTURE_MANAGEMENT" in [word.replace("_ ", "_") for word in words(picture.svg)]


# Limits


def bars(picture: Picture) -> list[tuple[int, str]]:
    """How wide each bar is, and in which colour; 284 is full."""
    found = [
        node for node in ET.fromstring(picture.svg).iter(f"{SVG}rect") if node.get("height") == "14" and not node.get("stroke")
    ]
    return [(int(str(node.get("width"))), str(node.get("fill"))) for node in found]


def test_the_use_of_a_real_run_is_drawn(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.assume(calls_per_user=5)
    client.batch(short, [Call("me")] * 3)
    picture, [row] = usage_chart(client.usage, "Use"), usage_table(client.usage).to_dict("records")
    assert_well_made(picture)
    assert picture == usage_chart(client.usage, "Use")
    assert (row["limit"], row["calls %"] > 0) == ("app", True)
    assert words(picture.svg) == [
        "app: no wait",
        f"calls: {row['calls %']:g} %",
        "cpu time: 0 %",
        "total time: 0 %",
        "100 %: the limit",
    ]
    assert picture.text == f"Use: app: no wait; calls: {row['calls %']:g} %, cpu time: 0 %, total time: 0 %."
    assert bars(picture) == [(round(2.84 * row["calls %"]), "#0072b2"), (0, "#0072b2"), (0, "#0072b2")]


def test_limits_that_are_reached_come_first_and_say_so() -> None:
    tight = Load("pages", "7", calls=130, cpu_time=100, minutes=9, tier="development_access")
    picture = usage_chart(Usage((Load("app", calls=99.5), tight, Load("ad account", calls=9.67, minutes=1))))
    assert_well_made(picture)
    told = words(picture.svg)
    assert told[:4] == [
        "pages 7, development_access: wait 9 minutes",
        "calls: 130 %, the limit is reached",
        "cpu time: 100 %, the limit is reached",
        "total time: not told",
    ]
    assert told[4:6] == ["ad account: wait 1 minute", "calls: 9.67 %"]
    assert told[8:10] == ["app: no wait", "calls: 99.5 %"]
    assert bars(picture) == [(356, "#a40e26"), (284, "#a40e26"), (27, "#0072b2"), (283, "#0072b2")]
    assert marks(picture, "path") == 5  # the line of each bar, and an arrow for what is far beyond


def test_a_limit_that_is_reached_never_says_that_there_is_no_wait(
    client: GraphClient, sandbox: Sandbox, short: AccessToken
) -> None:
    sandbox.assume(calls_per_user=5)
    client.batch(short, [Call("me")] * 4)
    assert words(usage_chart(client.usage).svg)[0] == "app: no wait"
    for _ in range(2):
        client.batch(short, [Call("me")])
    with pytest.raises(GraphError):
        client.get("me", short)
    picture = usage_chart(client.usage)
    assert_well_made(picture)
    assert words(picture.svg)[0] == "app: minutes to wait not told"
    assert "app: minutes to wait not told; calls: 1" in picture.text
    head = next(ET.fromstring(picture.svg).iter(f"{SVG}text"))
    assert (head.get("fill"), head.get("font-weight")) == ("#a40e26", "600")
    heads = [Load("app", total_time=100), Load("page", calls=99.9), Load("ads_insights", calls=100, minutes=3)]
    told = [words(usage_chart(Usage((load,))).svg)[0] for load in heads]
    assert told == ["app: minutes to wait not told", "page: no wait", "ads_insights: wait 3 minutes"]


def test_only_what_is_beyond_125_percent_ends_in_an_arrow() -> None:
    for percent, paths in ((125, 1), (126, 2)):
        assert marks(usage_chart(Usage((Load("app", calls=percent),))), "path") == paths


def test_no_limit_yet_is_a_picture_too() -> None:
    picture = usage_chart(Usage(), "Use")
    assert_well_made(picture)
    assert words(picture.svg) == ["Graph has told of no limit yet"]
    assert picture.text == "Use: Graph has told of no limit yet."


@pytest.mark.parametrize("of", ["<b>&;", "\x00", "9" * 5000, "港" * 90])
def test_a_limit_may_be_called_what_it_likes(of: str) -> None:
    assert_well_made(usage_chart(Usage((Load(of, of, calls=1_000_000, minutes=1_000_000, tier=of),))))


def test_of_a_thousand_limits_forty_are_drawn_and_the_rest_is_counted() -> None:
    picture = usage_chart(Usage(tuple(Load("pages", str(n), calls=n / 10) for n in range(1000))))
    assert_well_made(picture)
    assert words(picture.svg)[0] == "pages 999: no wait"
    assert words(picture.svg)[-1] == "and 960 more limits, not drawn"
    assert picture.text.endswith("; and 960 more limits, not drawn.")
