"""What is picked from: permissions, Pages and tokens; no token's text is in any of it."""

from __future__ import annotations

import ipywidgets as w
import pytest
from hands import shown

from fbnb.client import GraphClient
from fbnb.flows.app_tokens import compose_app_token, get_app_token
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.redact import Secret
from fbnb.tokens import AccessToken, Page, TokenKind
from fbnb.widgets.pickers import PagePicker, ScopePicker, TokenPicker

CANARY = "EAA" + "CanaryUser" * 6


def test_scopes_add_what_they_need() -> None:
    picker = ScopePicker(["email"])
    assert set(picker.scopes) == {"email"}
    picker.boxes["pages_messaging"].value = True
    assert picker.scopes == ("email", "pages_show_list", "pages_manage_metadata", "pages_messaging")
    assert "pages_show_list, pages_manage_metadata added" in picker.message.value
    assert "☑ email: the person&#x27;s e-mail address" in shown(picker)
    picker.boxes["pages_messaging"].value = picker.boxes["email"].value = False
    assert "To ask for: nothing." in picker.message.value


def test_pages_are_picked(client: GraphClient, short: AccessToken) -> None:
    pages = list_pages(client, short)
    picker = PagePicker(pages)
    assert picker.pages == pages
    picker.boxes["3000000000001"].value = False
    assert picker.pages == pages[1:]
    assert "☐ Harbour Bakery: ANALYZE" in shown(picker)
    assert "no Pages" in shown(PagePicker([]))
    assert "tasks not told" in shown(PagePicker([Page("1", "a")]))


def test_the_first_token_is_picked_and_another_can_be(client: GraphClient, short: AccessToken) -> None:
    long = extend_user_token(client, short)
    picker = TokenPicker(iter([short, long]))
    picked: list[AccessToken] = []
    picker.on_pick(picked.append)
    assert (picker.token, picker.tokens) == (short, [short, long])
    assert f"USER {short.hint} from login" in shown(picker)
    picker.menu.set_state({"index": 1})  # as the browser does
    assert (picker.token, picked) == (long, [long])
    assert f"USER {long.hint} long-lived" in shown(picker)


def test_one_that_is_added_is_picked_and_told_once(client: GraphClient, short: AccessToken) -> None:
    long = extend_user_token(client, short)
    picker = TokenPicker([short])
    picked: list[AccessToken] = []
    picker.on_pick(picked.append)
    picker.add(long)
    assert (picker.token, picker.tokens, picked) == (long, [short, long], [long])
    assert picker.menu.get_state()["index"] == 1


def test_many_are_added_at_once_and_the_last_is_picked(short: AccessToken) -> None:
    picker = TokenPicker([short])
    picked, redrawn = list[AccessToken](), list[object]()
    picker.on_pick(picked.append)
    picker.menu.observe(redrawn.append, "options")
    many = [AccessToken(Secret(f"EAA{number:040}")) for number in range(1000)]
    picker.add(*many)
    assert (picker.token, picked, len(redrawn), len(picker.tokens)) == (many[-1], [many[-1]], 1, 1001)
    picker.add()
    assert (picker.token, len(picked), len(redrawn)) == (many[-1], 1, 1)


def test_the_same_token_twice_is_once_as_it_was_last_given(short: AccessToken) -> None:
    again = AccessToken(Secret(short.value.reveal()), label="again")
    picker = TokenPicker([short, short])
    assert picker.tokens == [short]
    picker.add(again)
    assert picker.tokens == [again]
    assert "again" in shown(picker)


def test_nothing_to_pick_is_fine(short: AccessToken) -> None:
    picker = TokenPicker()
    picked: list[AccessToken] = []
    picker.on_pick(picked.append)
    assert (picker.token, picker.tokens) == (None, [])
    assert "none yet" in shown(picker)
    picker.add(short)
    assert (picker.token, picker.tokens, picked) == (short, [short], [short])
    assert "none yet" not in f"{shown(picker)}{picker.menu.get_state()}"


def test_tokens_that_look_the_same_are_numbered(client: GraphClient) -> None:
    composed, made = compose_app_token(client.settings), get_app_token(client)
    picker = TokenPicker([composed, made])
    assert picker.menu.get_state()["_options_labels"] == (
        "APP 1000000000001|… app token",
        "APP 1000000000001|… app token (2)",
    )
    picker.menu.index = 1
    assert picker.token == made
    assert "(2)" in shown(picker)


def test_a_token_is_picked_by_its_words_and_never_shows_its_text() -> None:
    token = AccessToken(Secret(CANARY), TokenKind.PAGE, label=f"<b>{CANARY}</b>")
    picker = TokenPicker()
    picker.add(token)
    assert "PAGE EAA…User &lt;b&gt;" in shown(picker)
    assert CANARY not in f"{shown(picker)}{picker.menu.get_state()}{picker.menu!r}{vars(picker)}"


def test_every_picker_has_labels(client: GraphClient, short: AccessToken) -> None:
    for picker in (ScopePicker(), PagePicker(list_pages(client, short)), TokenPicker([short]), TokenPicker(label="Act with")):
        inputs = [picker.view, *getattr(picker.view, "children", ())]
        assert all(each.description for each in inputs if isinstance(each, w.Checkbox | w.Dropdown))
    assert picker.view.description == "Act with"


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "a & b"])
def test_names_from_outside_are_escaped(name: str) -> None:
    assert name not in shown(PagePicker([Page("1", name)]))
    assert name not in shown(TokenPicker([AccessToken(Secret("x"), label=name)]))


def test_of_a_thousand_pages_a_first_part_is_shown_and_any_can_be_found() -> None:
    picker = PagePicker([Page(f"{number}", f"Page {number}") for number in range(1000)])
    assert len(picker.boxes) == 50
    assert "The first 50 of 1000 Pages." in shown(picker)
    picker.find.value = " PAGE 99"
    assert list(picker.boxes) == ["99", *(f"{number}" for number in range(990, 1000))]
    picker.boxes["999"].value = False
    picker.find.value = ""
    assert [page.id for page in picker.pages] == [f"{number}" for number in range(999)]
    picker.find.value = "999"
    assert not picker.boxes["999"].value
    picker.boxes["999"].value = True
    assert len(picker.pages) == 1000
    picker.find.value = "nothing of the kind"
    assert "No Page is called that." in shown(picker)
