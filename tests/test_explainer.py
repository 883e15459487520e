"""The widget that explains an error: it shows the answer, and keeps no token that was pasted."""

from __future__ import annotations

import pytest
from hands import bare, click

from fbnb import Cause, ErrorExplainer

TOKEN = "EAA" + "CanaryUser" * 6


@pytest.fixture
def explainer() -> ErrorExplainer:
    return ErrorExplainer()


def test_a_pasted_error_is_explained(explainer: ErrorExplainer) -> None:
    explainer.pasted.value = '{"error":{"code":190,"error_subcode":463}}'
    explainer.explain_button.click()
    assert explainer.diagnosis
    assert explainer.diagnosis.cause is Cause.EXPIRED
    assert 'aria-live="polite"' in explainer.answer.value
    assert "Log in again" in explainer.snapshot()


def test_where_it_came_from_counts(explainer: ErrorExplainer) -> None:
    explainer.pasted.value, explainer.where.value = "Invalid OAuth access token signature.", "GET /debug_token"
    explainer.explain_button.click()
    assert explainer.diagnosis
    assert explainer.diagnosis.cause is Cause.APP_SECRET_OR_PROOF


def test_nothing_pasted_is_said(explainer: ErrorExplainer) -> None:
    explainer.explain_button.click()
    assert explainer.diagnosis is None
    assert "Paste an error first." in explainer.answer.value


def test_what_is_pasted_is_hidden_at_once_and_still_understood(explainer: ErrorExplainer) -> None:
    explainer.pasted.value = f"Authorization Error; code=100; subcode=33; access_token={TOKEN}"
    explainer.where.value = f"GET /me?access_token={TOKEN}"
    assert TOKEN not in explainer.pasted.value + explainer.where.value
    explainer.explain_button.click()
    assert explainer.diagnosis
    assert explainer.diagnosis.evidence == ("code 100", "subcode 33")
    states = [str(child.get_state()) for child in explainer.view.children]
    assert TOKEN not in f"{states}{explainer.snapshot()}{explainer._repr_mimebundle_()}{vars(explainer)}"


def test_what_is_typed_or_pasted_in_the_browser_arrives_whole(explainer: ErrorExplainer) -> None:
    for field in (explainer.pasted, explainer.where):
        assert field.continuous_update is False, "typed letter by letter, the end of a token would stay"
    for _ in range(2):
        explainer.pasted.set_state({"value": f"Malformed access token {TOKEN}"})
        assert explainer._whole.reveal() == f"Malformed access token {TOKEN}"
        assert explainer.pasted.value == "Malformed access token EAA…User"
        explainer.pasted.set_state({"value": explainer.pasted.value})  # as the browser may, when the field is left again
        assert explainer._whole.reveal() == f"Malformed access token {TOKEN}"


def test_another_paste_takes_the_place_of_the_first(explainer: ErrorExplainer) -> None:
    for words, cause in ((f"Malformed access token {TOKEN}", Cause.MALFORMED_TOKEN), ("(#4) limit", Cause.RATE_LIMITED)):
        explainer.pasted.value = words
        explainer.explain_button.click()
        assert explainer.diagnosis
        assert explainer.diagnosis.cause is cause


def test_a_double_click_explains_once(explainer: ErrorExplainer) -> None:
    explainer.pasted.value = "(#4) limit"
    click(explainer.explain_button)
    first = explainer.diagnosis
    click(explainer.explain_button)
    assert first
    assert explainer.diagnosis is first


def test_the_answer_is_a_table_with_headings_and_escaped(explainer: ErrorExplainer) -> None:
    explainer.pasted.value = "<b>Malformed access token</b> <script>x"
    explainer.explain_button.click()
    assert "<caption" in explainer.answer.value
    assert "<th scope=row>what to do</th>" in bare(explainer.answer.value)
    assert "<script>" not in explainer.snapshot()
