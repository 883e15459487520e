"""The hidden cases: every suspect can come up, can be told from every other by asking, and is judged."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from fbnb.client import GraphClient
from fbnb.errors import GraphError, InputError
from fbnb.flows.app_tokens import get_app_token
from fbnb.flows.debug_token import debug_token
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.flows.revoke import list_permissions
from fbnb.sandbox import Sandbox
from fbnb.sandbox.mystery import SUSPECTS
from fbnb.tables import suspect_table
from fbnb.tokens import AccessToken

CASES = range(len(SUSPECTS))


@pytest.fixture
def ask(client: GraphClient) -> Callable[[], tuple[str, ...]]:
    """All that a detective can ask, with tokens from before the case: the answers, or the refusals in Graph's words."""
    user = extend_user_token(client, log_in(client, ["pages_show_list"]))
    page, app = list_pages(client, user)[0].token, get_app_token(client)
    assert page
    questions: list[Callable[[], object]] = [
        lambda: client.get("me", user),
        lambda: inspected(client, user, app),
        lambda: inspected(client, page, app),
        lambda: list_permissions(client, user),
        lambda: [(found.name, bool(found.token)) for found in list_pages(client, user)],
    ]
    return lambda: tuple(map(told, questions))


def inspected(client: GraphClient, about: AccessToken, using: AccessToken) -> list[object]:
    info = debug_token(client, about, using=using)
    error = info.error and f"{info.error.code}/{info.error.subcode} {info.error.message}"
    return [info.is_valid, error, info.scopes, info.granular_scopes, info.data_access_expires_at]


def told(question: Callable[[], object]) -> str:
    try:
        return str(question())
    except GraphError as refused:
        return f"{refused.code}/{refused.subcode} {refused.message}"


def culprit(sandbox: Sandbox) -> str:
    return next(name for name in sandbox.suspects if sandbox.judge(name).right)


def test_every_suspect_comes_up_once_in_as_many_cases(sandbox: Sandbox, short: AccessToken) -> None:
    found = [culprit(sandbox) for case in CASES if sandbox.hide(case)]
    assert len(found) >= 15
    assert sorted(found) == sorted(SUSPECTS)


def test_no_two_suspects_give_the_same_answers_to_all_questions(sandbox: Sandbox, ask: Callable[[], tuple[str, ...]]) -> None:
    well = ask()
    answers = [ask() for case in CASES if sandbox.hide(case)]
    assert len(set(answers)) == len(CASES)
    assert well not in answers


def test_what_a_suspect_is_said_to_show_is_in_the_answers(sandbox: Sandbox, ask: Callable[[], tuple[str, ...]]) -> None:
    for case in CASES:
        sandbox.hide(case)
        shows, answers = SUSPECTS[culprit(sandbox)].shows, "\n".join(ask())
        clues = re.findall(
            r"190/\d+|declined|expired|deleted\b|not accessible|API access \w+|Application has been deleted", shows
        )
        assert all(clue in answers for clue in clues), shows


def test_the_same_number_is_the_same_case_in_another_world_too(sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.hide(3)
    first = culprit(sandbox)
    sandbox.hide(4)
    assert culprit(sandbox) != first
    sandbox.hide(3 + len(SUSPECTS))
    assert culprit(sandbox) == first


def test_a_case_says_nothing_of_its_cause(sandbox: Sandbox, short: AccessToken) -> None:
    words = {sandbox.hide(case).partition(":")[2] for case in CASES}
    assert words == {" something has happened to Mara Quay, to Harbour Bakery or to the app. It is one of 21 causes."}
    assert sandbox.happened == []


def test_a_new_case_begins_as_if_the_last_had_never_been(sandbox: Sandbox, ask: Callable[[], tuple[str, ...]]) -> None:
    alone = [answer for case in (11, 20) if sandbox.hide(case) for answer in ask()]
    again = [answer for case in (20, 11, 20) if sandbox.hide(case) for answer in ask()]
    assert again[len(again) // 3 :] == alone


def test_time_goes_back_when_the_next_case_is_hidden(sandbox: Sandbox, short: AccessToken) -> None:
    start, late = sandbox.clock.now(), []
    for case in CASES:
        sandbox.hide(case)
        late += [culprit(sandbox)] if sandbox.clock.now() > start else []
    assert late == ["time ran out"]


def test_right_comes_with_why_and_with_the_calls_it_took(sandbox: Sandbox, ask: Callable[[], tuple[str, ...]]) -> None:
    sandbox.hide(20)
    ask()
    said = sandbox.judge("two-factor demanded")
    shows = "This gives 190/492 for the Page token, and the Page is still listed, without a token."
    assert (said.right, str(said)) == (True, f"Right. Found with 5 calls. {shows}")


def test_one_call_is_no_calls(sandbox: Sandbox, client: GraphClient, short: AccessToken) -> None:
    sandbox.hide(6)
    list_permissions(client, short)
    assert "Found with 1 call." in str(sandbox.judge("permission taken back"))


def test_wrong_says_how_it_would_have_shown_and_not_what_it_was(sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.hide(20)
    said = sandbox.judge("Page role lost")
    assert said.right is False
    assert str(said).startswith("Not Page role lost, which gives 190/492 for the Page token, and the Page is listed no more.")
    assert "two-factor" not in str(said)


def test_three_dots_are_no_answer_yet(sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.hide(1)
    assert sandbox.judge(...).right is None


def test_no_case_is_open_before_the_first_and_after_a_rewind(sandbox: Sandbox, short: AccessToken) -> None:
    before = sandbox.checkpoint()
    with pytest.raises(InputError, match=r"No case is open\. Begin with sandbox\.hide"):
        sandbox.judge("logged out")
    sandbox.hide(1)
    sandbox.rewind(before)
    with pytest.raises(InputError, match="No case is open"):
        sandbox.judge("logged out")


def test_a_checkpoint_within_a_case_brings_it_back(sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.hide(20)
    within = sandbox.checkpoint()
    sandbox.hide(1)
    sandbox.rewind(within)
    assert culprit(sandbox) == "two-factor demanded"


@pytest.mark.parametrize("answer", ["the butler", "", None, 20, ["logged out"]])
def test_who_is_no_suspect_is_refused_with_the_names(sandbox: Sandbox, short: AccessToken, answer: object) -> None:
    sandbox.hide(1)
    with pytest.raises(InputError, match=r"There is no suspect .* There are time ran out, password changed, .*app deleted"):
        sandbox.judge(answer)


@pytest.mark.parametrize("case", ["1", 1.5, None])
def test_a_case_that_is_no_whole_number_is_refused(sandbox: Sandbox, short: AccessToken, case: Any) -> None:
    with pytest.raises(InputError, match=r"A case is a whole number, not .*\. Try sandbox\.hide\(1\)"):
        sandbox.hide(case)


def test_nothing_can_go_wrong_before_anyone_has_logged_in(sandbox: Sandbox) -> None:
    with pytest.raises(InputError, match=r"Nothing can go wrong yet\. First let Mara Quay log in, with pages_show_list"):
        sandbox.hide(1)


def test_a_line_up_gives_what_each_case_gives(sandbox: Sandbox, client: GraphClient, short: AccessToken) -> None:
    found, one_by_one = sandbox.line_up(lambda: client.get("me", short)), dict[str, list[str]]()
    for case in CASES:
        sandbox.hide(case)
        one_by_one.setdefault(told(lambda: client.get("me", short)), []).append(culprit(sandbox))
    assert sorted(map(sorted, found.values())) == sorted(map(sorted, one_by_one.values()))
    assert len(found) > 10


def test_capitals_are_no_matter(sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.hide(11)
    assert sandbox.judge(culprit(sandbox).upper()).right is True


def test_a_line_up_leaves_world_case_and_count_as_they_were(sandbox: Sandbox, client: GraphClient, short: AccessToken) -> None:
    sandbox.hide(11)
    before = sandbox.clock.now(), sandbox.calls, culprit(sandbox), len(sandbox.world.tokens)
    sandbox.line_up(lambda: list_pages(client, short))
    assert (sandbox.clock.now(), sandbox.calls, culprit(sandbox), len(sandbox.world.tokens)) == before


def test_a_line_up_of_a_question_with_a_mistake_in_it_breaks_nothing(sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.hide(11)
    with pytest.raises(ZeroDivisionError):
        sandbox.line_up(lambda: 1 / 0)
    assert culprit(sandbox) == "time ran out"


def test_the_table_has_a_row_for_each_answer_in_its_first_words(
    sandbox: Sandbox, client: GraphClient, short: AccessToken
) -> None:
    table = suspect_table(sandbox.line_up(lambda: client.get("me", short)))
    assert list(table.columns) == ["answer", "suspects left"]
    left = dict(zip(table["answer"], table["suspects left"], strict=True))
    assert left["190/459 Error validating access token: You cannot access the app till you log …"] == "checkpoint"
    assert suspect_table({}).empty
