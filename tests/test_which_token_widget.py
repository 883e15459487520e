"""The widget that says which token: three choices that always fit each other, and an answer to read, open and copy."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import ipywidgets as w
import pytest
from hands import bare

from fbnb.resources import rows
from fbnb.which_token import purposes, spans_for, which_token, whose_for
from fbnb.widgets.which_token import WhichToken


@pytest.fixture
def which() -> WhichToken:
    return WhichToken()


def pick(dropdown: w.Dropdown, words: str) -> None:
    """As the browser does it."""
    dropdown.set_state({"index": [label for label, _ in dropdown.options].index(words)})


def offered(dropdown: w.Dropdown) -> tuple[str, ...]:
    return tuple(label for label, _ in dropdown.options)


def test_it_opens_with_an_answer(which: WhichToken) -> None:
    assert which.answer == which_token(which.purpose.value, which.whose.value, which.span.value)
    assert which.answer.instead == ""
    assert which.code.value == which.answer.code
    assert all(field.description for field in (which.purpose, which.whose, which.span, which.code))


def test_whatever_is_picked_only_what_can_be_had_is_offered(which: WhichToken) -> None:
    for purpose in purposes():
        pick(which.purpose, purpose)
        for whose in whose_for(purpose):
            pick(which.whose, whose)
            for span in spans_for(purpose, whose):
                pick(which.span, span)
                assert replace(which.answer, instead="") == which_token(purpose, whose, span)
                assert (offered(which.whose), offered(which.span)) == (whose_for(purpose), spans_for(purpose, whose))
                assert (which.purpose.value, which.whose.value, which.span.value) == (purpose, whose, span)
                assert which.code.value == which.answer.code


def test_the_other_choices_stay_where_they_can(which: WhichToken) -> None:
    pick(which.whose, "a business's machine")
    pick(which.span, "without end")
    pick(which.purpose, "Read what ads brought")
    assert (which.answer.whose, which.answer.span) == ("a business's machine", "without end")
    pick(which.whose, "a person")
    assert (which.answer.purpose, which.answer.span) == ("Read what ads brought", "for weeks")


def test_a_choice_that_gives_way_is_said(which: WhichToken) -> None:
    pick(which.whose, "a person")
    pick(which.span, "for weeks")
    assert "nearest" not in which.message.value
    pick(which.whose, "a Page")
    assert which.span.value == "without end"
    assert 'aria-live="polite"' in which.message.value
    assert "Not for weeks on behalf of a Page." in which.message.value
    pick(which.purpose, "Read the app's settings")
    assert "This is not done on behalf of a Page. Here is the nearest." in which.message.value
    pick(which.purpose, "Ask Graph about a token")
    assert "not done" not in which.message.value, "the reason is of this change, not of one before"


def test_the_answer_as_a_table(which: WhichToken) -> None:
    pick(which.whose, "a Page")
    pick(which.span, "without end")
    told = bare(which.facts.value)
    assert "<th scope=row>Kind</th>" in told
    assert "<caption" in told
    assert "pages_read_engagement (a Page&#x27;s content, followers and metadata)" in told
    assert ">without end</td>" in told
    assert "the Page is deleted" in told
    assert 'href="04_page_tokens.ipynb"' in told
    pick(which.whose, "a business's machine")
    assert "The admin who makes the token logs in with business_management" in which.facts.value
    assert "60 days" not in which.facts.value
    pick(which.purpose, "List the Pages that somebody works on")
    pick(which.whose, "a person")
    assert "(the list of Pages the person can work on). Pages of a business take business_management as well" in which.facts.value


def test_every_link_leads_to_a_notebook(which: WhichToken, root: Path) -> None:
    for row in rows("purposes.csv"):
        for dropdown, name in ((which.purpose, "purpose"), (which.whose, "whose"), (which.span, "span")):
            pick(dropdown, row[name])
        links = re.findall(r'href="([^"]+)"', which.facts.value)
        assert len(links) == len(which.answer.steps) + 1
        assert all((root / "notebooks" / link).is_file() for link in links)


def test_the_snapshot_shows_choices_answer_and_code(which: WhichToken) -> None:
    pick(which.purpose, "Log somebody in on a TV")
    shown = which.snapshot()
    assert "I want to: <code>Log somebody in on a TV</code>" in shown
    assert "none: every login gives public_profile" in shown
    assert "token = wait_for_device_login(client, login)" in shown
