"""`fbnb tokens` as it is really run: what it takes in, shows, forgets, and refuses to be told."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import Command, Graph, lines, serving_graph

from fbnb.flows.app_tokens import compose_app_token
from fbnb.flows.login import log_in
from fbnb.redact import Secret
from fbnb.store import TokenStore
from fbnb.tokens import AccessToken, TokenKind

TOKEN = "EAAcanary0123456789abcdefghijklmnop"


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graph]:
    with serving_graph(tmp_path_factory.mktemp("world")) as graph:
        yield graph


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """With no settings of Graph."""
    return Command(tmp_path)


@pytest.fixture
def online(graph: Graph, tmp_path: Path) -> Command:
    return Command(tmp_path, graph.fbnb)


def stocked(command: Command) -> list[str]:
    """Put three tokens in; returns their fingerprints."""
    with command.store() as store:
        tokens = [AccessToken(Secret(f"{TOKEN}{n}"), label=f"{n}") for n in range(3)]
        return [store.put(token, app_id="1").fingerprint for token in tokens]


def test_a_piped_token_is_taken_in_listed_and_forgotten(online: Command, graph: Graph) -> None:
    token = log_in(graph.client, ["email"])
    done = online("tokens", "add", "--label", "Mara", "--kind", "user", "--scope", "email", told=f"{token.value.reveal()}\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Stored the USER token {token.hint} (Mara), fingerprint {token.fingerprint[:12]}")
    listed = online("tokens", "list")
    assert token.value.reveal() not in done.stdout + listed.stdout
    title, row = listed.stdout.splitlines()
    assert title.split()[:2] == ["FINGERPRINT", "KIND"]
    assert row.split()[:4] == [token.fingerprint[:12], "USER", token.hint, "live"]
    assert row.endswith("Mara")
    forgotten = online("tokens", "forget", token.fingerprint[:8])
    assert forgotten.stdout.startswith("Forgot the USER token")
    assert online("tokens", "list", "--json").stdout == ""


def test_the_store_may_be_in_postgresql(online: Command, graph: Graph, postgres_url: str) -> None:
    token = log_in(graph.client, ["email"])
    assert online("tokens", "list", FBNB_STORE=postgres_url).returncode == 2, "there is none there yet, and list makes none"
    assert online("tokens", "add", FBNB_STORE=postgres_url, told=token.value.reveal()).returncode == 0
    (row,) = lines(online("tokens", "list", "--json", "--db", postgres_url))
    assert row["fingerprint"] == token.fingerprint
    assert row["scopes"] == ["email", "public_profile"]


def test_an_app_token_is_told_by_its_shape(online: Command, graph: Graph) -> None:
    done = online("tokens", "add", told=compose_app_token(graph.client.settings).value.reveal())
    assert done.stdout.startswith("Stored the APP token")
    assert graph.variables["FB_APP_SECRET"] not in done.stdout


def test_added_again_under_another_name_it_has_that_name(online: Command, graph: Graph) -> None:
    token = log_in(graph.client, ["email"]).value.reveal()
    online("tokens", "add", "--label", "old", told=token)
    assert "(new)" in online("tokens", "add", "--label", "new", told=token).stdout
    assert [row["label"] for row in lines(online("tokens", "list", "--json"))] == ["new"]


def test_a_token_that_will_not_do_is_refused_with_what_to_do(online: Command, graph: Graph) -> None:
    token = log_in(graph.client, ["email"]).value.reveal()
    for told, options, words in (
        (graph.variables["FB_EXPIRED_TOKEN"], [], "This token does not work:"),
        (token, ["--kind", "page"], "a page token is wanted. Get one with"),
        (token, ["--scope", "pages_show_list"], "This token lacks pages_show_list. Ask the person"),
        (token, ["--scope", "email,pages_show_list"], "This token lacks pages_show_list. Ask the person"),
        (token, ["--scope", "pages_shw_list"], "Did you mean pages_show_list?"),
        (TOKEN, [], "This token"),
        ("", [], "The access token is empty."),
        ("\n", [], "The access token is empty."),
        ('"abc"', [], "stands in quotes"),
        ("a b", [], "has a space in it"),
        ("\0\x1b[2J", [], ""),
        ("123|abc", ["--kind", "user"], "This is not a USER token"),
    ):
        done = online("tokens", "add", *options, told=told)
        assert done.returncode == 2, told
        assert done.stderr.startswith("fbnb: ")
        assert done.stderr.count("\n") == 1
        assert words in done.stderr
        assert not told.strip() or told not in done.stderr
    assert online("tokens", "list", "--json").stdout == ""


@pytest.mark.parametrize(
    "typed",
    [
        ["add", TOKEN],
        ["add", f"--token={TOKEN}"],
        ["add", f"--{TOKEN}"],
        ["add", "--access-token", TOKEN],
        ["add", "--label", TOKEN],
        ["add", "--kind", TOKEN],
        ["add", "--scope", "email", TOKEN],
        ["add", "1234567890123|abcdefgh"],
        ["add", "no-shape-of-a-token"],
        ["forget", TOKEN],
        ["forget", "no-shape-of-a-token"],
        ["list", TOKEN],
        ["rotate-key", TOKEN],
        [TOKEN],
    ],
)
def test_a_token_in_an_argument_is_refused_and_not_repeated(typed: list[str], online: Command) -> None:
    status, said = online.here("tokens", *typed)
    assert status == 2
    assert not any(part in said for part in (TOKEN[:12], "abcdefgh", "no-shape"))
    assert not (online.home / "tokens.db").exists()


@pytest.mark.parametrize(
    "typed",
    [
        [],
        ["lst"],
        ["list", "--jsn"],
        ["list", "--db"],
        ["list", "--db", ""],
        ["list", "--db", "nowhere.db"],
        ["list", "--db", "mysql://host/db"],
        ["list", "--db", "://"],
        ["list", "--db", "sqlite://"],
        ["list", "--db", "/"],
        ["list", "--db", "/dev/null"],
        ["list", "--db", "postgresql://127.0.0.1:1/x"],
        ["list", "--db", "postgresql://127.0.0.1:x/x"],
        ["add", "--kind", "USER"],
        ["add", "--label"],
        ["add", "--label", "\udcff"],
        ["forget"],
        ["forget", ""],
        ["forget", "12345678"],
        ["forget", "%"],
        ["rotate-key", "--db", "tests"],
        ["add", "--scope", ""],
    ],
)
def test_no_typing_mistake_is_a_traceback(typed: list[str], command: Command) -> None:
    status, said = command.here("tokens", *typed)
    assert status == 2, said
    assert said.splitlines()[-1].startswith("fbnb")
    assert not (command.home / "tokens.db").exists(), "and none makes a store"


def test_listing_forgetting_and_rotating_need_neither_settings_nor_network(command: Command) -> None:
    first, *_ = stocked(command)
    assert command("tokens", "list").returncode == 0
    done = command("tokens", "rotate-key")
    assert done.stdout == "3 tokens are encrypted with a new key, and the old one opens nothing any more.\n"
    assert command("tokens", "forget", first).returncode == 0
    with command.store() as store:
        assert {store.get(token).value.reveal() for token in store} < {f"{TOKEN}{n}" for n in range(3)}


def test_a_beginning_of_a_fingerprint_has_eight_characters_or_more(command: Command) -> None:
    first, *_ = stocked(command)
    done = command("tokens", "forget", first[:7])
    assert done.returncode == 2
    assert "its first eight characters" in done.stderr
    assert len(lines(command("tokens", "list", "--json"))) == 3


def test_a_misspelt_variable_opens_no_other_store(command: Command) -> None:
    stocked(command)
    done = command("tokens", "list", FBNB_STORE="", FBNB_STROE="tokens.db")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "fbnb: There is no variable FBNB_STROE. Did you mean FBNB_STORE?\n"


def test_what_is_no_token_begins_no_store(online: Command) -> None:
    assert online("tokens", "add", told="a b").returncode == 2
    assert not (online.home / "tokens.db").exists()


def test_a_token_that_is_added_again_takes_the_new_label(online: Command, graph: Graph) -> None:
    token = log_in(graph.client, ["email"]).value.reveal()
    for label in ("first", "second"):
        assert f"({label})" in online("tokens", "add", "--label", label, told=token).stdout
    [row] = lines(online("tokens", "list", "--json"))
    assert row["label"] == "second"


def test_a_row_that_cannot_be_read_is_listed_and_can_be_forgotten(command: Command) -> None:
    _, spoilt, _ = stocked(command)
    with command.store() as store, store.vault.writing() as connection:
        store.change(connection, spoilt, state="nonsense")
    _, *rows = command("tokens", "list").stdout.splitlines()
    assert [row.split()[0] for row in rows if row.endswith("damaged row")] == [spoilt[:12]]
    assert len(rows) == 3
    assert command("tokens", "forget", spoilt[:8]).stdout.startswith("Forgot the USER token … (damaged row)")
    assert len(lines(command("tokens", "list", "--json"))) == 2


def test_replaced_tokens_are_listed_when_asked_for(command: Command) -> None:
    old, new, _ = stocked(command)
    with command.store() as store, store.vault.writing() as connection:
        store.replace(connection, old, new)
    assert len(lines(command("tokens", "list", "--json"))) == 2
    every = lines(command("tokens", "list", "--json", "--all"))
    assert {row["fingerprint"]: row["successor"] for row in every}[old] == new
    assert "replaced" in command("tokens", "list", "--all").stdout


def test_a_passphrase_is_rotated_by_the_environment(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FBNB_STORE_PASSPHRASE", "the first one")
    store = TokenStore(command.store_place, key="passphrase")
    store.put(AccessToken(Secret(TOKEN)), app_id="1")
    store.close()
    assert "nobody gave it" in command("tokens", "list").stderr, "there is no terminal to ask at"
    done = command("tokens", "rotate-key", FBNB_STORE_PASSPHRASE="the first one", FBNB_STORE_NEW_PASSPHRASE="the second one")
    assert done.stdout.endswith("From now on FBNB_STORE_PASSPHRASE is the new passphrase.\n")
    assert command("tokens", "list", FBNB_STORE_PASSPHRASE="the first one").returncode == 2
    assert command("tokens", "list", FBNB_STORE_PASSPHRASE="the second one").returncode == 0


def test_somebodys_label_moves_no_cursor_and_no_alphabet_is_too_small(command: Command) -> None:
    with command.store() as store:
        store.put(AccessToken(Secret(TOKEN), label="Zoë\x1b[2J\nQuay"), app_id="1")
    done = command("tokens", "list", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "Zo\\xeb [2J Quay" in done.stdout
    assert "\x1b" not in done.stdout


def test_with_a_closed_standard_input_nothing_was_typed(online: Command) -> None:
    shell = ["sh", "-c", '"$0" -m fbnb.cli tokens add <&-', sys.executable]
    done = subprocess.run(shell, cwd=online.home, env=online.environ(), capture_output=True, text=True)
    assert (done.returncode, done.stderr.split(".")[0]) == (2, "fbnb: The access token is empty")


def test_a_token_typed_at_a_terminal_is_not_shown(online: Command, graph: Graph) -> None:
    token, said = log_in(graph.client, ["email"]), b""
    with online.store():
        pass  # a new one would have asked for its passphrase first
    process, terminal = pty.fork()
    if not process:
        os.chdir(online.home)
        os.execve(sys.executable, [sys.executable, "-m", "fbnb.cli", "tokens", "add"], online.environ())
    while b"not shown" not in said:
        said += os.read(terminal, 1000)
    os.write(terminal, f"{token.value.reveal()}\n".encode())
    while part := _read(terminal):
        said += part
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0
    assert "Stored the USER token" in said.decode()
    assert token.value.reveal() not in said.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1000)
    except OSError:  # whoever wrote is gone
        return b""


def test_the_kind_may_be_any_of_five(command: Command) -> None:
    shown = command("tokens", "add", "--help").stdout
    assert all(kind.value.lower() in shown for kind in TokenKind)
