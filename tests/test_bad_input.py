"""Bad input as a person meets it: typed into a notebook cell, answered with one clear line, nothing half done."""

from __future__ import annotations

from pathlib import Path

import pytest
from shell import shown

import fbnb
from fbnb.client import GraphClient
from fbnb.sandbox import Sandbox
from fbnb.tokens import AccessToken

CELLS = {
    "token empty": ("AccessToken.of('')", "InputError", "is empty"),
    "token with a space": ("AccessToken.of('EAA_SANDBOX x')", "InputError", "space"),
    "token with a newline": ("AccessToken.of('EAA_SANDBOX\\n')", "InputError", "line break"),
    "token quoted": ("AccessToken.of('\"EAA_SANDBOX\"')", "InputError", "without them"),
    "token truncated": ("client.get('me', AccessToken.of(token.value.reveal()[:25]))", "TokenMalformed", "Copy it again, whole"),
    "token of another kind": ("AccessToken.of('1000000000001|abc')", "InputError", "not a USER token"),
    "Page token where a user's is needed": (
        "list_pages(client, list_pages(client, token)[0].token)",
        "RequestInvalid",
        "accounts",
    ),
    "app token where a user's is needed": (
        "list_pages(client, compose_app_token(client.settings))",
        "WrongTokenKind",
        "kind of token",
    ),
    "app id not numeric": ("Settings(app_id='my-app')", "SettingError", "FBNB_APP_ID is not a number"),
    "secret where the id belongs": ("Settings(app_id='0123456789abcdef' * 2)", "SettingError", "looks like an app secret"),
    "redirect without a code": (
        "code_from_redirect('http://localhost:8400/callback?state=s', state='s')",
        "RedirectMistake",
        "no code",
    ),
    "redirect with another state": (
        "code_from_redirect('http://localhost:8400/callback?code=c&state=t', state='s')",
        "StateMismatch",
        "Start the login again",
    ),
    "redirect of another path": (
        "code_from_redirect('http://localhost:8400/x?code=c&state=s', state='s', redirect_uri='http://localhost:8400/callback')",
        "RedirectMistake",
        "Paste the whole address",
    ),
    "scope misspelt": ("log_in(client, ['page_show_list'])", "ScopeUnknown", "Did you mean pages_show_list?"),
    "page id unknown": ("get_page(client, '3999999999999', token)", "NotFound", "Check the id"),
    "page id not a number": ("get_page(client, 'harbourbakery', token)", "InputError", "list_pages shows the ids"),
    "version 26": ("Settings(version='26')", "SettingError", "Did you mean v26.0?"),
    "version v26": ("Settings(version='v26')", "SettingError", "Did you mean v26.0?"),
    "world with a syntax error": ("connect(world='bad.json')", "WorldError", "bad.json, line 2, column 9"),
    "no such world": ("connect(world='none.json')", "WorldError", "No such file"),
    "no such target": ("connect(target='lif')", "SettingError", "sandbox, live, or"),
    "no such person": ("sandbox.person('Nobody')", "InputError", "There are Mara Quay"),
}


@pytest.mark.parametrize("case", CELLS)
def test_one_clear_line_and_nothing_half_done(
    case: str, client: GraphClient, sandbox: Sandbox, short: AccessToken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.json").write_text('{\n "seed" "x"}')
    names = {name: getattr(fbnb, name) for name in fbnb.__all__} | {"client": client, "sandbox": sandbox, "token": short}
    cell, error, words = CELLS[case]
    before = sandbox.checkpoint()
    told = shown(cell, names).splitlines()
    assert len(told) == 1, told
    assert told[0].startswith(f"{error}: ")
    assert words in told[0]
    after = sandbox.checkpoint()
    assert (after.now, after.facts, after.books["codes"]) == (before.now, before.facts, before.books["codes"])
