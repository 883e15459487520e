"""The sandbox's pages: whatever stands in them is text, whatever frames or scripts them is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from forms import Seen, Visit, dialog

from fbnb.sandbox import Sandbox
from fbnb.sandbox.pages import message, page, said

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>&amp;{{ 7 * 7 }}"
ELEMENTS = set(
    "html head meta title style body header p strong main form h1 input fieldset legend ul li div span label button select option"
    " code".split()
)
NAMES = "client_id redirect_uri state scope auth_type display config_id response_type nonce _person _decline _pages lang".split()


def harmless(html: str) -> bool:
    """Whether a page has only our own elements, and no attribute that runs anything."""
    tags = Seen(html).tags
    return {tag for tag, _ in tags} <= ELEMENTS and not any(name.startswith("on") for _, told in tags for name in told)


def test_the_check_can_fail() -> None:
    assert not harmless("<p>a<script>")
    assert not harmless("<p onclick=x>")
    assert harmless("<p class=x>")


@pytest.mark.parametrize("name", [*NAMES, EVIL])
def test_whatever_the_address_says_is_text(sandbox: Sandbox, name: str) -> None:
    told = dialog(sandbox, **{"scope": "email", name: EVIL}).answer()
    assert told.status == 302 or harmless(told.body)


def test_what_is_asked_is_handed_on_as_it_was(sandbox: Sandbox) -> None:
    visit = dialog(sandbox, "email", state=EVIL)
    assert harmless(visit.answer().body)
    switch = next(form for form in visit.seen().forms if form.method == "get")
    assert {name: value for name, value in switch.fields.items() if name != "_person"} == visit.asked


@pytest.mark.parametrize("user_code", [EVIL, "ABCDEFGH"])
def test_a_code_that_was_typed_is_text(sandbox: Sandbox, user_code: str) -> None:
    seen = Visit(sandbox, "/device", {"user_code": user_code})
    assert harmless(seen.answer().body)
    assert seen.seen().forms[0].fields == {"user_code": user_code}


def test_an_unknown_scope_is_repeated_as_text(sandbox: Sandbox) -> None:
    told = dialog(sandbox, "<b>email</b>").answer()
    assert harmless(told.body)
    assert "<b>email</b>" in Seen(told.body).text


@pytest.fixture
def marked(root: Path, tmp_path: Path) -> Sandbox:
    """A world whose people, apps and Pages have markup in their names."""
    world = (root / "data" / "world.json").read_text()
    for name in ("Mara Quay", "Harbour Notes", "Harbour Bakery"):
        world = world.replace(json.dumps(name), json.dumps(f"{name}{EVIL}"))
    (tmp_path / "world.json").write_text(world)
    return Sandbox(tmp_path / "world.json")


def test_a_name_with_markup_in_it_is_text(marked: Sandbox) -> None:
    told = dialog(marked, "pages_show_list").answer()
    assert harmless(told.body)
    for name in ("Mara Quay", "Harbour Notes", "Harbour Bakery"):
        assert f"{name}{EVIL}" in Seen(told.body).text


def test_every_page_may_run_nothing_and_stand_in_no_frame(sandbox: Sandbox) -> None:
    pages = [dialog(sandbox).answer(), Visit(sandbox, "/device", {}).answer(), dialog(sandbox, "nonsense_scope").answer()]
    for told in [*pages, page("caught", title="t", words="w", sign="s")]:
        policy = told.headers["content-security-policy"].split("; ")
        assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy)
        assert told.headers["cache-control"] == "no-store"
        assert told.headers["referrer-policy"] == "same-origin", "no-referrer would hide the form's own origin too"
        assert told.headers["x-content-type-options"] == "nosniff"
        assert told.headers["content-type"] == "text/html; charset=utf-8"


def test_every_page_of_the_sandbox_says_that_it_is_one(sandbox: Sandbox) -> None:
    for visit in (dialog(sandbox), Visit(sandbox, "/device", {}), dialog(sandbox, client_id="none")):
        assert "fbnb sandbox. This is not Facebook" in visit.seen().text


def test_every_control_has_a_label_and_every_page_a_language(sandbox: Sandbox) -> None:
    for visit in (dialog(sandbox, "email,pages_show_list"), Visit(sandbox, "/device", {})):
        tags = visit.seen().tags
        assert ("html", {"lang": "en"}) in tags
        named = {told["for"] for tag, told in tags if tag == "label" and "for" in told}
        assert named == {told["id"] for tag, told in tags if tag in {"input", "select"} and "id" in told}


def test_a_page_in_one_line() -> None:
    assert said(message("No <b>", "It's & was.").body) == "No <b>: It's & was."
