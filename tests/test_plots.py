"""Pictures: well-formed, the same every time, with words for who cannot see them."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from fbnb.client import Call, GraphClient
from fbnb.errors import GraphError, LoginCancelled
from fbnb.flows.debug_token import debug_token
from fbnb.flows.login import log_in, login_url
from fbnb.flows.oidc import discover, log_in_limited
from fbnb.flows.page_tokens import list_pages
from fbnb.plots import qr_code, sequence_diagram
from fbnb.sandbox import Sandbox
from fbnb.tokens import AccessToken

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
