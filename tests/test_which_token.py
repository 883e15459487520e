"""Every answer is true on the sandbox: the code runs, the token is of that kind and lives that long, and no scope is too many."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import FrozenInstanceError
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fbnb.catalogue import flows, permissions
from fbnb.client import GraphClient
from fbnb.errors import DialogRefused, FbnbError, InputError
from fbnb.flows.debug_token import debug_token
from fbnb.flows.login import log_in, login_url
from fbnb.flows.page_tokens import list_pages
from fbnb.resources import rows
from fbnb.tokens import NEVER
from fbnb.which_token import SPANS, Advice, purposes, spans_for, which_token, whose_for

ROWS = [(row["purpose"], row["whose"], row["span"]) for row in rows("purposes.csv")]
ADVICE = [which_token(*row) for row in ROWS]
POSTS = "Read a Page's posts"
EVERY = pytest.mark.parametrize("advice", ADVICE, ids=[" / ".join(row) for row in ROWS])


def run(code: str) -> tuple[Any, dict[str, Any]]:
    """What the last line of the code comes to on a fresh sandbox, and the names the code made."""
    tree, names = ast.parse(code), dict[str, Any]()
    last = tree.body.pop()
    assert isinstance(last, ast.Expr)
    exec(compile(tree, "<code>", "exec"), names)
    return eval(compile(ast.Expression(last.value), "<code>", "eval"), names), names


def refused(code: str) -> bool:
    """Whether Graph refuses: with an error, or by leaving out what was asked for, as it does with Pages and e-mail addresses."""
    try:
        return not run(code)[0]
    except (FbnbError, IndexError, KeyError):
        return True


def with_configuration(scopes: list[str], folder: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the login configuration ask for these scopes."""
    world = json.loads((root / "data/world.json").read_text())
    configurations = [one for app in world["apps"] for one in app.get("configurations", [])]
    next(one for one in configurations if one["id"] == "7000000000001")["scopes"] = scopes
    (folder / "world.json").write_text(json.dumps(world))
    monkeypatch.setenv("FBNB_WORLD", str(folder / "world.json"))


@EVERY
def test_the_code_gets_the_token_and_makes_the_call(advice: Advice) -> None:
    assert advice.instead == ""
    assert advice.code.startswith("from fbnb import connect")
    assert "\nclient, sandbox = connect()\n" in advice.code
    assert max(map(len, advice.code.splitlines())) <= 120
    assert run(advice.code)[0]


@EVERY
def test_the_token_is_of_that_kind_and_lives_that_long(advice: Advice) -> None:
    _, names = run(advice.code)
    if advice.kind == "id_token":
        assert "token" not in names
        return
    client = names["client"]
    token = names["token"].confirmed(debug_token(client, names["token"]))
    assert token.kind == advice.kind
    if advice.span == "without end":
        assert token.expires_at is NEVER
    else:
        least, most = {"for hours": (timedelta(minutes=59), timedelta(hours=2)), "for weeks": (timedelta(59), timedelta(60))}[
            advice.span
        ]
        assert least < token.expires_at - client.now() <= most


@EVERY
def test_without_any_one_of_its_scopes_it_is_refused(advice: Advice) -> None:
    found = [scope for scope in re.finditer(r'"(\w+)"', advice.code) if scope[1] in permissions()]
    asked = {scope[1] for scope in found}
    elsewhere = advice.flow["notebook"] in {"12_business_login", "13_oidc"}  # see below
    assert asked >= set(advice.scopes) or elsewhere
    assert asked <= {*advice.scopes, "business_management"}, "which an admin needs to make a system user's token"
    for scope in () if elsewhere else found:
        assert refused(f'{advice.code[: scope.start()]}""{advice.code[scope.end() :]}'), scope[1]


def test_the_scopes_of_a_configuration_are_the_least_too(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    advice = which_token("Read the Pages of a client's business", "a business's machine", "without end")
    with_configuration(list(advice.scopes), tmp_path, root, monkeypatch)
    assert run(advice.code)[0]
    for scope in advice.scopes:
        with_configuration([other for other in advice.scopes if other != scope], tmp_path, root, monkeypatch)
        assert refused(advice.code), scope


def test_no_id_token_without_openid(client: GraphClient) -> None:
    with pytest.raises(DialogRefused, match="openid only"):
        client.open_dialog(login_url(client, ["email"], state=client.nonce(), response_type="id_token"))


def test_the_table_is_whole() -> None:
    assert len(set(ROWS)) == len(ROWS)
    known = {flow["notebook"][3:] for flow in flows()}
    for row in rows("purposes.csv"):
        assert row["span"] in SPANS
        assert row["got_by"]
        assert {*row["got_by"].split(), *row["used_in"].split()} <= known
        assert set(row["scopes"].split()) <= set(permissions())
    assert {
        (purpose, whose, span) for purpose in purposes() for whose in whose_for(purpose) for span in spans_for(purpose, whose)
    } == (set(ROWS))


def test_an_answer_in_full() -> None:
    advice = which_token(POSTS, "a Page", "without end")
    assert (advice.kind, advice.flow["notebook"], advice.lives) == ("PAGE", "04_page_tokens", "without end")
    steps = ["01_login", "03_long_lived", "04_page_tokens", "15_page_reading"]
    assert [step["notebook"] for step in advice.steps] == steps
    assert advice.scopes == ("pages_show_list", "pages_read_engagement")
    assert "the Page is deleted" in advice.dies
    with pytest.raises(FrozenInstanceError):
        advice.kind = "USER"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("whose", "span", "nearest", "why"),
    [
        ("a person", "without end", ("a person", "for weeks"), "On behalf of a Page or a business's machine it can be had"),
        (
            "a Page",
            "for weeks",
            ("a Page", "without end"),
            "PAGE tokens live as long as a short-lived user token, or without end",
        ),
        (
            "a business's machine",
            "for hours",
            ("a business's machine", "for weeks"),
            "SYSTEM_USER tokens live without end, or 60",
        ),
        ("the app itself", "for weeks", ("a person", "for weeks"), "This is not done on behalf of the app itself."),
    ],
)
def test_what_cannot_be_had_says_why_and_gives_the_nearest(whose: str, span: str, nearest: tuple[str, str], why: str) -> None:
    advice = which_token(POSTS, whose, span)
    assert (advice.purpose, advice.whose, advice.span) == (POSTS, *nearest)
    assert why in advice.instead


def test_a_step_that_only_a_sandbox_takes_says_what_it_is_live() -> None:
    lines = {line for advice in ADVICE for line in advice.code.splitlines() if "sandbox." in line}
    assert len(lines) > 3
    assert [line for line in lines if "  # live: " not in line] == []


def test_what_has_no_end_of_its_own_does_not_die_of_time() -> None:
    endless, weeks = (which_token(POSTS, "a business's machine", span) for span in ("without end", "for weeks"))
    assert (endless.lives, endless.dies) == ("without end", "it is revoked or the system user is removed")
    assert (weeks.lives, weeks.dies) == ("about 60 days", "it is revoked, its 60 days pass or the system user is removed")


def test_the_pages_of_a_business_take_a_scope_more(client: GraphClient) -> None:
    advice = which_token("List the Pages that somebody works on", "a person", "for hours")
    assert advice.note == "Pages of a business take business_management as well"
    few, more = (list_pages(client, log_in(client, [*advice.scopes, *other])) for other in ([], ["business_management"]))
    assert len(few) < len(more)


def test_a_way_with_one_time_says_so() -> None:
    advice = which_token("Log somebody in on a TV", "a person", "for hours")
    assert advice.span == "for weeks"
    assert "A device login gives about 60 days at once." in advice.instead


@pytest.mark.parametrize(
    "words", [("Make tea", "a person", "for hours"), (POSTS, "nobody", "for hours"), (POSTS, "a Page", "for ever")]
)
def test_other_words_are_refused(words: tuple[str, str, str]) -> None:
    with pytest.raises(InputError, match=r"is not among the choices\. They are: "):
        which_token(*words)


def test_what_nobody_does_has_no_spans() -> None:
    assert spans_for(POSTS, "the app itself") == ()
    with pytest.raises(InputError):
        whose_for("Make tea")
