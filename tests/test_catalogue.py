"""What exists, and what a misspelt name probably meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from fbnb.catalogue import flows, kinds, permissions, scope_list, tasks
from fbnb.errors import ScopeUnknown
from fbnb.resources import rows
from fbnb.tokens import TokenKind


def test_the_tables_agree_with_each_other() -> None:
    assert len(tasks()) == 27
    for facts in permissions().values():
        assert facts.unlocks
        assert set(facts.needs) <= set(permissions()), facts.name
    for row in rows("roles.csv"):
        assert set(row["tasks"].split()) <= set(tasks()), row["role"]
    assert [row["kind"] for row in kinds()] == [str(kind) for kind in TokenKind]


def test_the_map_has_every_notebook_and_the_readme_every_question() -> None:
    root = Path(__file__).parents[1]
    assert [row["notebook"] for row in flows()] == sorted(path.stem for path in (root / "notebooks").glob("*.ipynb"))[1:]
    readme = (root / "README.md").read_text()
    for row in flows():
        assert f"| [{row['notebook']}](notebooks/{row['notebook']}.ipynb) | {row['the question']} | {row['you get']} |" in readme


def test_scopes_come_as_list_or_text_without_repeats() -> None:
    expected = ("email", "pages_show_list")
    assert scope_list(["email", "pages_show_list", "email"]) == expected
    assert scope_list("email,pages_show_list") == scope_list("email  pages_show_list ") == expected
    assert scope_list("") == ()


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("page_show_list", "pages_show_list"),
        ("pages_showlist", "pages_show_list"),
        ("Email", "email"),
        ("ads_managment", "ads_management"),
    ],
)
def test_a_misspelt_scope_says_what_was_meant_and_what_there_is(given: str, meant: str) -> None:
    with pytest.raises(ScopeUnknown, match=f"Did you mean {meant}\\?") as caught:
        scope_list([given])
    assert "permissions() lists all" in str(caught.value)


def test_a_scope_that_may_be_newer_than_we_are_is_left_to_graph() -> None:
    assert scope_list(["quantum_teleport_basic"]) == ("quantum_teleport_basic",)


def test_what_cannot_be_a_scope_is_refused() -> None:
    with pytest.raises(ScopeUnknown, match="no permission 'pages show'"):
        scope_list(["pages show"])
