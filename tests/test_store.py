"""The store: what is put in comes out, encrypted meanwhile; who gets in; what is known of each, and where it came from."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import make_url, text

from fbnb.auditor import audit
from fbnb.client import Call, GraphClient
from fbnb.errors import (
    FbnbError,
    InputError,
    RateLimited,
    ScopeUnknown,
    SettingError,
    StoreError,
    TemporaryFailure,
    TokenInvalid,
    TokenRefused,
)
from fbnb.flows.app_tokens import compose_app_token
from fbnb.flows.debug_token import debug_token
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.kit import sandbox_client
from fbnb.pytest_plugin import GraphServer
from fbnb.redact import Secret
from fbnb.renewal import renew
from fbnb.sandbox import Sandbox
from fbnb.store import KeySource, StoredToken, TokenState, TokenStore
from fbnb.store.records import granular_text
from fbnb.store.succession import give_way, retire
from fbnb.tokens import NEVER, AccessToken, GranularScope, TokenFault, TokenInfo, TokenKind, expired

END = datetime(2026, 12, 24, tzinfo=UTC)


def token(number: int = 1) -> AccessToken:
    return AccessToken(Secret(f"EAAstore{number:040d}"), label=f"token {number}")


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody's own folders."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))


@pytest.fixture
def store(store_url: str) -> Iterator[TokenStore]:
    store = TokenStore(store_url, key="file")
    yield store
    store.close()


@pytest.fixture
def gate(store_url: str, client: GraphClient) -> Iterator[TokenStore]:
    """A store that can ask the sandbox."""
    store = TokenStore(store_url, client=client, key="file")
    yield store
    store.close()


# What is put in comes out.


def test_a_token_comes_out_as_it_was_put_in(store: TokenStore) -> None:
    whole = replace(token(), kind=TokenKind.PAGE, issued_at=END, expires_at=NEVER, data_access_until=END, subject="77")
    stored = store.put(whole, app_id="1", parent=token(2), made_by="me/accounts")
    assert store.get(stored) == store.get(whole) == store.get(whole.fingerprint) == whole
    assert store.find(whole) == stored
    assert (stored.kind, stored.app_id, stored.subject, stored.label, stored.hint) == ("PAGE", "1", "77", "token 1", whole.hint)
    assert (stored.expires_at, stored.data_access_until, stored.issued_at, stored.expiry_source) == (
        NEVER,
        END,
        END,
        "expires_in",
    )
    assert (stored.parent, stored.made_by, stored.state) == (token(2).fingerprint, "me/accounts", TokenState.UNCHECKED)


def test_never_and_not_told_stay_apart(store: TokenStore) -> None:
    for number, expiry in enumerate([NEVER, None, END]):
        store.put(replace(token(number), expires_at=expiry, data_access_until=expiry), app_id="1")
        assert (store.find(token(number)).expires_at, store.get(token(number)).data_access_until) == (expiry, expiry)


def test_what_debug_token_said_is_kept(store: TokenStore) -> None:
    granular = (GranularScope("pages_show_list", ("7", "8")), GranularScope("email"))
    info = TokenInfo(True, TokenKind.USER, "1", expires_at=END, scopes=("email", "pages_show_list"), granular_scopes=granular)
    stored = store.put(token(), info, app_id="1")
    assert (stored.scopes, stored.granular_scopes, stored.expires_at) == (info.scopes, granular, END)
    assert (stored.state, stored.expiry_source) == (TokenState.LIVE, "debug_token")
    assert stored.last_checked is not None
    assert stored.last_checked == stored.last_good


def test_a_token_that_is_put_again_keeps_what_is_known_of_it(store: TokenStore) -> None:
    first = store.put(token(), TokenInfo(True, TokenKind.USER, "1", expires_at=END, scopes=("email",)), app_id="1")
    again = store.put(replace(token(), label=""), app_id="1", parent=token(2), made_by="a call")
    assert again == structs.replace(first, parent=token(2).fingerprint, made_by="a call")
    assert store.put(token().labelled("another name"), app_id="1") == structs.replace(again, label="another name")
    assert store.put_all([token()], app_id="1") == len(store) == 1


def test_any_number_is_put_and_found_again(store: TokenStore) -> None:
    assert store.put_all((token(number) for number in range(2500)), app_id="1") == 2500
    assert store.put_all([], app_id="1") == 0
    found = [stored.fingerprint for stored in store.tokens()]
    assert found == sorted(token(number).fingerprint for number in range(2500))
    assert len(store) == len(list(store)) == 2500
    assert store.get(token(2499)) == token(2499)


def test_the_tokens_of_one_app_and_of_one_person(store: TokenStore) -> None:
    for number, (app, subject) in enumerate([("1", "a"), ("1", "b"), ("2", "a")]):
        store.put(replace(token(number), subject=subject), app_id=app)
    assert {stored.label for stored in store.tokens(app_id="1")} == {"token 0", "token 1"}
    assert {stored.label for stored in store.tokens(subject="a")} == {"token 0", "token 2"}
    assert [stored.label for stored in store.tokens(app_id="2", subject="a")] == ["token 2"]
    assert list(store.tokens(app_id="3")) == []


def test_a_token_is_found_by_the_beginning_of_its_fingerprint(store: TokenStore) -> None:
    stored = store.put(token(), app_id="1")
    assert store.find(stored.fingerprint[:8]) == store.find(stored.fingerprint[:63]) == stored
    assert store.find(stored.fingerprint[:12].upper()) == stored
    for name in (stored.fingerprint[:7], "\ud800\0" * 8, "%" * 8, "_" * 64, "", "0" * 64, stored.fingerprint[:9] + "%"):
        with pytest.raises(InputError, match=r"The store has no token .*\. Name it by its fingerprint"):
            store.find(name)


def test_the_beginning_of_a_fingerprint_will_do_whatever_is_asked(store: TokenStore) -> None:
    name = store.put(token(1), app_id="1").fingerprint[:8]
    child = store.put(token(2), app_id="1", parent=name)
    assert store.get(name) == token(1)
    assert store.note(name, strikes=1).strikes == 1
    with store.held(name) as hold:
        assert hold.stored.label == "token 1"
    assert list(store.children(name)) == [child]
    assert list(store.children("")) == list(store.replaced_by("EAA")) == []
    assert [one.label for one in store.blast_radius(name)] == ["token 1", "token 2"]


def test_what_debug_token_said_of_a_token_that_is_there_is_kept(gate: TokenStore, client: GraphClient) -> None:
    token = log_in(client, ["email"])
    assert gate.put(token).state is TokenState.UNCHECKED
    info = debug_token(client, token, using=compose_app_token(client.settings))
    stored = gate.put(token, info)
    assert (stored.state, stored.subject, stored.scopes) == (TokenState.LIVE, info.user_id, info.scopes)
    dead = gate.put(token, TokenInfo(is_valid=False, error=TokenFault(190, "It ended", 463)))
    assert (dead.state, dead.why) == (TokenState.DEAD, "190/463: It ended")


def test_what_was_not_known_of_a_token_is_learnt_and_what_was_stays(store: TokenStore) -> None:
    store.put(token(), app_id="1")
    known = store.put(replace(token(), expires_at=END, subject="7"), app_id="1")
    assert (known.expires_at, known.subject, known.expiry_source) == (END, "7", "expires_in")
    assert store.put(replace(token(), expires_at=NEVER, subject="8"), app_id="1") == known


def test_a_page_that_was_admitted_alone_is_hung_on_its_login_later(gate: TokenStore, client: GraphClient) -> None:
    login = gate.admit(log_in(client, ["pages_show_list"]))
    page = next(page.token for page in list_pages(client, gate.get(login)) if page.token)
    gate.admit(page)
    known = gate.admit(page.labelled("Tide"), parent=login, made_by="me/accounts")
    assert (known.parent, known.made_by, known.label) == (login.fingerprint, "me/accounts", "Tide")
    assert gate.admit(page.labelled("")) == known


def test_graph_knows_better_of_which_app_a_token_is(gate: TokenStore, client: GraphClient) -> None:
    token = log_in(client, ["email"])
    gate.put(token, app_id="999")
    assert gate.admit(token).app_id == client.settings.app_id
    assert [one.token.fingerprint for one in audit(client, gate)] == [token.fingerprint]


def test_a_token_whose_ciphertext_is_damaged_is_mended_at_the_gate(gate: TokenStore, client: GraphClient) -> None:
    token = log_in(client, ["email"])
    stored = gate.admit(token)
    with gate.vault.writing() as connection:
        gate.change(connection, stored.fingerprint, ciphertext=b"nonsense")
    assert gate.admit(token) == stored
    assert gate.get(stored).value == token.value


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"colour": 5}, r"^A stored token has no colour\. It has kind, "),
        ({"ciphertext": b"", "fingerprint": ""}, "^A stored token has no ciphertext, fingerprint"),
        ({"state": "alive"}, "^That cannot be so of the token"),
        ({"kind": "BOT"}, "^That cannot be so of the token"),
        ({"expires_at": END.replace(tzinfo=None)}, "is in no time zone"),
        ({"strikes": None}, "strikes"),
    ],
)
def test_what_cannot_be_known_of_a_token_is_not_noted(store: TokenStore, columns: dict[str, Any], said: str) -> None:
    stored = store.put(token(), app_id="1")
    with pytest.raises(FbnbError, match=said):
        store.note(stored, **columns)
    assert store.find(stored) == stored


def test_times_are_noted_as_they_are(store: TokenStore) -> None:
    stored = store.put(token(), app_id="1")
    assert store.note(stored) == stored
    assert store.note(stored, expires_at=NEVER).expires_at is NEVER
    for end in (END, datetime.fromtimestamp(1, UTC)):
        assert store.note(stored, expires_at=end).expires_at == end
    assert expired(store.note(stored, expires_at=datetime.fromtimestamp(0, UTC)).expires_at, END), "not never"
    for far in (datetime.max.replace(tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)):
        assert not expired(store.note(stored, expires_at=far).expires_at, END)


def test_a_kind_may_be_named_by_its_word_and_must_be_one(gate: TokenStore, client: GraphClient) -> None:
    token = log_in(client, ["email"])
    assert gate.admit(token, kind="USER").kind is TokenKind.USER
    with pytest.raises(InputError, match=r"no such kind of token\. There are USER, PAGE"):
        gate.admit(token, kind="BOT")


@pytest.mark.parametrize("parent", ["EAAno-fingerprint", "0" * 8, " "])
def test_what_names_no_token_is_nobodys_parent(store: TokenStore, parent: str) -> None:
    with pytest.raises(InputError, match="The store has no token"):
        store.put(token(), app_id="1", parent=parent)
    assert len(store) == 0
    assert store.put(token(), app_id="1", parent="").parent == ""


def test_a_beginning_that_several_have_is_refused(store: TokenStore) -> None:
    store.put_all(map(token, range(2)), app_id="1")
    with store.vault.writing() as connection:
        for number in range(2):
            twin = {"name": token(number).fingerprint, "twin": f"{'a' * 10}{number:054d}"}
            connection.execute(text("UPDATE fbnb_tokens SET fingerprint = :twin WHERE fingerprint = :name"), twin)
    with pytest.raises(InputError, match=r"Several tokens begin with aaaaaaaaaa\. Give more of it\."):
        store.find("a" * 10)


def test_an_unknown_token_is_one_line_whatever_is_asked(store: TokenStore) -> None:
    def hold() -> None:
        with store.held(token()):
            pass

    asked: list[Callable[[], object]] = [
        lambda: store.get(token()),
        lambda: store.find(token()),
        lambda: store.forget(token()),
        lambda: store.note(token(), label="x"),
        lambda: store.lineage(token()),
        lambda: store.blast_radius(token()),
        hold,
    ]
    for ask in asked:
        with pytest.raises(InputError, match=f"^The store has no token {token().fingerprint[:12]}\\. Name it by"):
            ask()
    assert list(store.children(token())) == []


def test_a_pasted_token_is_not_repeated(store: TokenStore) -> None:
    with pytest.raises(InputError) as caught:
        store.get("1000000000001|SomeAppTokenThatWasPasted")
    assert "Pasted" not in str(caught.value)


def test_a_label_that_no_database_takes_is_mended(store: TokenStore) -> None:
    assert store.put(token().labelled("a\ud800b\0c"), app_id="1").label == "a?bc"


@pytest.mark.parametrize("odd", ["EAAplain", None, 5, AccessToken(Secret(""))])
def test_what_is_no_token_is_refused(store: TokenStore, odd: AccessToken) -> None:
    with pytest.raises(InputError, match="That is not an access token"):
        store.put(odd, app_id="1")
    with pytest.raises(InputError, match="That is not an access token"):
        store.put_all([token(), odd], app_id="1")
    assert len(store) == 0


def test_nobody_said_which_app(store: TokenStore) -> None:
    with pytest.raises(InputError, match="which app"):
        store.put(token())
    assert len(store) == 0


def test_a_forgotten_token_is_gone_and_its_children_stay(store: TokenStore) -> None:
    store.put(token(1), app_id="1")
    child = store.put(token(2), app_id="1", parent=token(1))
    assert list(store.children(token(1))) == [child]
    assert store.forget(token(1).fingerprint[:10]).label == "token 1"
    assert list(store) == [child]
    assert list(store.children(token(1))) == [child]
    assert store.lineage(child) == [child]
    with pytest.raises(InputError):
        store.forget(token(1))


def test_a_replaced_token_leads_to_its_successor(store: TokenStore) -> None:
    store.put(token(1), app_id="1")
    for old, new in ((1, 2), (2, 3)):
        with store.held(token(old)) as hold:
            hold.promote(token(new), {"state": "live"}, "a renewal")
    assert store.get(token(1)) == store.get(token(2)) == token(3).labelled("token 1")
    assert [stored.fingerprint for stored in store] == [token(3).fingerprint]
    assert len(store) == 1
    assert len(list(store.tokens(replaced=True))) == 3
    assert store.find(token(1)).state is TokenState.REPLACED


def test_what_fails_within_a_hold_changes_nothing(store: TokenStore) -> None:
    before = store.put(token(), app_id="1")

    def change() -> None:
        with store.held(token()) as hold:
            hold.promote(token(2), {"state": "live"}, "a renewal")
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        change()
    assert list(store.tokens(replaced=True)) == [before]


# Where it is.


def test_files_are_their_owners_alone(tmp_path: Path) -> None:
    mask, place = os.umask(0), tmp_path / "made" / "here" / "tokens.db"
    try:
        store = TokenStore(place, key="file")
        store.put(token(), app_id="1")
    finally:
        os.umask(mask)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in place.parent.iterdir()}
    assert modes == dict.fromkeys(["tokens.db", "tokens.db-wal", "tokens.db-shm", "tokens.db.key"], 0o600)
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    with store.vault.reading() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar_one() == 2
    store.close()


def test_a_store_that_goes_with_its_program_does_not_wait_for_the_disk(client: GraphClient) -> None:
    with closing(TokenStore(client=client)) as store, store.vault.reading() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar_one() == 0
        assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"


def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    TokenStore(tmp_path / "tokens.db", key="file").close()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_the_place_is_the_one_named_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FBNB_STORE", str(tmp_path / "mine.db"))
    store = TokenStore()
    assert store.vault.path == tmp_path / "mine.db"
    store.close()
    practice = TokenStore(client=sandbox_client(Sandbox()))
    assert practice.vault.path != tmp_path / "mine.db"  # what somebody tries out is not put among real tokens
    practice.close()


def test_the_place_is_in_the_data_folder(tmp_path: Path) -> None:
    store = TokenStore()
    assert store.vault.path == tmp_path / "share" / "fbnb" / "tokens.db"
    assert repr(store) == f"TokenStore({store.vault.path})"
    assert stat.S_IMODE(store.vault.path.parent.stat().st_mode) == 0o700
    store.close()


def test_a_sandboxs_tokens_go_with_the_store(client: GraphClient, tmp_path: Path) -> None:
    store = TokenStore(client=client)
    assert store.vault.path
    folder = store.vault.path.parent
    store.put(token())
    assert store.vault.key.source is KeySource.FILE
    assert next(iter(store)).app_id == client.settings.app_id
    store.close()
    del store
    assert not folder.exists()
    assert not (tmp_path / "share").exists()


@pytest.mark.parametrize(
    "place", ["mysql://u:hunter22@h/x", "postgresql://u:hunter22@h:port/x", "://", "sqlite://", "sqlite:///:memory:"]
)
def test_what_is_no_place_is_refused_without_its_password(place: str) -> None:
    with pytest.raises(StoreError) as caught:
        TokenStore(place)
    assert caught.value.remedy
    assert "hunter22" not in str(caught.value)


def test_a_folder_is_no_place(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="Name a file in a folder of your own"):
        TokenStore(tmp_path)


def _open(place: str, start: Barrier, said: Queue[str]) -> None:
    start.wait()
    store = TokenStore(place, key="file")
    store.put(token(os.getpid()), app_id="1")
    said.put(store.vault.key.fingerprint)
    store.close()


def test_several_programs_that_make_a_store_at_once_make_one(store_url: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    start, said = spawn.Barrier(4), spawn.Queue()
    those = [spawn.Process(target=_open, args=(store_url, start, said)) for _ in range(4)]
    for one in those:
        one.start()
    names = {said.get(timeout=60) for _ in those}
    for one in those:
        one.join()
        assert one.exitcode == 0
    assert len(names) == 1
    store = TokenStore(store_url)
    assert {store.get(stored).fingerprint for stored in store} == {token(one.pid or 0).fingerprint for one in those}
    store.close()


def test_a_store_is_pickled_as_its_place(store: TokenStore) -> None:
    store.put(token(), app_id="1")
    password = store.vault.url.password
    written = pickle.dumps(store)
    assert not password or password.encode() not in written
    if store.vault.path:
        there: TokenStore = pickle.loads(written)
        assert there.get(token()) == token()
        assert pickle.loads(written) is there
        there.close()


# The key.


def test_rotation_changes_the_key_and_no_token(store: TokenStore, store_url: str) -> None:
    store.put_all(map(token, range(1200)), app_id="1")
    store.keep_secret("1", Secret("ab" * 16))
    with store.held(token(0)) as hold:
        hold.promote(token(5000), {"state": "live"}, "a renewal")
    before, key = _ciphertexts(store), store.vault.key
    assert store.rotate() == 1200
    assert store.vault.key.fingerprint != key.fingerprint
    assert not set(before) & set(_ciphertexts(store))
    again = TokenStore(store_url)
    for one in (store, again):
        assert [one.get(token(number)) for number in (1, 700, 1199)] == [token(1), token(700), token(1199)]
        assert one.get(token(0)).fingerprint == token(5000).fingerprint
        assert one.secret("1") == Secret("ab" * 16)
    again.close()


def _ciphertexts(store: TokenStore) -> list[bytes]:
    with store.vault.reading() as connection:
        found = connection.execute(text("SELECT ciphertext FROM fbnb_tokens WHERE ciphertext IS NOT NULL"))
        return [bytes(row.ciphertext) for row in found]


def test_whoever_had_the_store_open_before_a_rotation_goes_on(store: TokenStore, store_url: str) -> None:
    store.put(token(1), app_id="1")
    early, later = TokenStore(store_url), TokenStore(store_url)
    store.rotate()
    assert early.get(token(1)) == token(1)
    later.put(token(2), app_id="1")
    later.keep_secret("1", Secret("cd" * 16))
    assert store.get(token(2)) == early.get(token(2)) == token(2)
    assert early.rotate() == 2
    assert store.rotate() == 2
    assert [one.get(token(2)) for one in (store, early, later)] == [token(2)] * 3
    assert [one.secret("1") for one in (store, early, later)] == [Secret("cd" * 16)] * 3
    for one in (early, later):
        one.close()


def test_a_passphrase_for_a_key_in_a_file_is_refused(store: TokenStore) -> None:
    before = store.vault.key
    with pytest.raises(InputError, match="A passphrase is no use to a key that a file keeps"):
        store.rotate(Secret("correct horse battery"))
    assert store.vault.key == before


def test_the_old_key_is_not_kept(tmp_path: Path) -> None:
    place, key = tmp_path / "tokens.db", tmp_path / "tokens.db.key"
    store = TokenStore(place, key="file")
    before = key.read_text()
    store.rotate()
    assert len(key.read_text().split()) == 1
    assert before.strip() not in key.read_text()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    store.close()


def test_a_new_passphrase_is_asked_for_from_then_on(store_url: str) -> None:
    old, new = Secret("correct horse battery"), Secret("staple of another horse")
    store = TokenStore(store_url, passphrase=old)
    store.put(token(), app_id="1")
    assert store.rotate(new) == 1
    assert store.rotate(new) == 1
    assert store.get(token()) == token()
    store.close()
    again = TokenStore(store_url, passphrase=new)
    assert again.get(token()) == token()
    again.close()
    with pytest.raises(StoreError, match="not the one"):
        TokenStore(store_url, passphrase=old)


# The gate.


def test_a_good_token_is_admitted_with_all_that_graph_knows(gate: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    short = log_in(client, ["email", "pages_show_list"])
    stored = gate.admit(short, kind=TokenKind.USER, scopes="email")
    info = debug_token(client, short, using=compose_app_token(client.settings))
    assert (stored.state, stored.kind, stored.subject, stored.app_id) == ("live", info.kind, info.user_id, info.app_id)
    assert (set(stored.scopes), stored.expires_at, stored.expiry_source) == (set(info.scopes), info.expires_at, "debug_token")
    assert (stored.obtained, stored.last_checked) == (sandbox.clock.now(), sandbox.clock.now())
    assert gate.get(stored).value == short.value


def test_what_is_known_is_not_asked_again(gate: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    short = log_in(client, ["email"])
    stored, calls = gate.admit(short), sandbox.calls
    assert gate.admit(short, scopes=["email"]) == stored
    assert sandbox.calls == calls
    with pytest.raises(TokenRefused, match="lacks ads_read"):  # which may have been granted since, so that is asked
        gate.admit(short, scopes=["ads_read"])
    with pytest.raises(TokenRefused, match="a page token is wanted"):
        gate.admit(short, kind=TokenKind.PAGE)
    assert sandbox.calls == calls + 2
    sandbox.clock.advance(hours=2)
    with pytest.raises(TokenRefused):
        gate.admit(short)
    assert sandbox.calls == calls + 3


def test_a_token_that_was_put_unasked_is_asked_about_at_the_gate(gate: TokenStore, client: GraphClient) -> None:
    short = log_in(client, ["email"])
    first = gate.put(short.labelled("mine"))
    assert first.state is TokenState.UNCHECKED
    admitted = gate.admit(short.labelled(""))
    assert (admitted.state, admitted.label, admitted.subject != "") == ("live", "mine", True)


REFUSALS: dict[str, tuple[Callable[[GraphClient, Sandbox], AccessToken], dict[str, object], str, str]] = {
    "of a wrong kind": (
        lambda client, sandbox: log_in(client, ["email"]),
        {"kind": TokenKind.SYSTEM_USER},
        "This is a user token, and a system user token is wanted.",
        "generate_system_user_token",
    ),
    "an app's": (lambda client, sandbox: compose_app_token(client.settings), {"kind": TokenKind.USER}, "This is a", "log_in"),
    "without a scope": (
        lambda client, sandbox: log_in(client, ["email"]),
        {"scopes": "email,ads_read,pages_show_list"},
        "This token lacks ads_read, pages_show_list.",
        "auth_type='rerequest'",
    ),
    "malformed": (
        lambda client, sandbox: AccessToken.of("EAAnoneofgraphs"),
        {},
        "This token does not work: ",
        "Copy it again",
    ),
    "of another app": (
        lambda client, sandbox: log_in(_other(client, sandbox), []),
        {},
        "This token is of another app.",
        "Log in to this app",
    ),
}


def _other(client: GraphClient, sandbox: Sandbox) -> GraphClient:
    app = sandbox.world.seed.apps[1]
    redirect = app.redirect_uris[0] if app.redirect_uris else client.settings.redirect_uri
    settings = replace(client.settings, app_id=app.id, app_secret=Secret(app.secret), redirect_uri=redirect)
    return replace(client, settings=settings)


@pytest.mark.parametrize("why", REFUSALS)
def test_a_token_is_refused_in_words_and_not_stored(why: str, gate: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    make, wanted, problem, remedy = REFUSALS[why]
    this = make(client, sandbox)
    with pytest.raises(TokenRefused) as caught:
        gate.admit(this, **wanted)  # type: ignore[arg-type]
    assert caught.value.problem.startswith(problem)
    assert remedy in caught.value.remedy
    assert len(gate) == 0


@pytest.mark.parametrize("happened", ["log_out", "change_password", "remove_app", "block"])
def test_a_dead_token_is_refused_with_what_it_died_of(
    happened: str, gate: TokenStore, client: GraphClient, sandbox: Sandbox
) -> None:
    this = extend_user_token(client, log_in(client, ["email"]))
    getattr(sandbox, happened)("Mara Quay")
    with pytest.raises(TokenRefused, match="This token does not work: ") as caught:
        gate.admit(this)
    assert caught.value.remedy
    assert len(gate) == 0


def test_a_misspelt_scope_is_no_fault_of_the_token(gate: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    calls = sandbox.calls
    with pytest.raises(ScopeUnknown):
        gate.admit(token(), scopes="emial")
    assert sandbox.calls == calls


def test_a_store_without_a_client_has_nobody_to_ask(store: TokenStore) -> None:
    with pytest.raises(SettingError, match="nobody to ask"):
        store.admit(token())


def test_graph_that_cannot_be_asked_admits_nothing(gate: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    short = log_in(client, ["email"])
    sandbox.fail(2)
    with pytest.raises(TemporaryFailure):
        gate.admit(short)
    assert len(gate) == 0


def test_an_app_without_its_secret_asks_with_the_token_itself(store_url: str, client: GraphClient) -> None:
    gate = TokenStore(store_url, client=client.without_secret(), key="file")
    assert gate.admit(log_in(client, ["email"])).state is TokenState.LIVE
    with pytest.raises(FbnbError):
        gate.admit(AccessToken.of("EAAnoneofgraphs"))
    gate.close()


def test_a_better_token_takes_the_place_of_needless_ones(gate: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    small, wide = log_in(client, ["email"]), log_in(client, ["email", "pages_show_list"])
    gate.admit(small.labelled("small"))
    gate.admit(wide.labelled("wide"))
    other = sandbox_client(sandbox).acting_as(sandbox.person("Ben Tide"))
    ben = gate.admit(log_in(other, ["email"]).labelled("Ben's"))
    long = gate.admit(extend_user_token(client, wide).labelled("long"), parent=wide, made_by="fb_exchange_token")
    assert {stored.label for stored in gate} == {"long", "Ben's"}
    assert gate.get(small) == gate.get(long)
    assert gate.find(ben).successor == ""
    assert gate.find(small).label == "small"


def test_a_token_that_can_do_less_or_ends_sooner_retires_nobody(gate: TokenStore, client: GraphClient) -> None:
    wide = log_in(client, ["email", "pages_show_list"])
    gate.admit(extend_user_token(client, wide).labelled("long"))
    gate.admit(wide.labelled("short"))
    assert {stored.label for stored in gate} == {"long", "short"}


def test_a_new_login_retires_the_dead_tokens_of_the_same_person(gate: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    long = extend_user_token(client, log_in(client, ["email", "pages_show_list"]))
    page = next(page for page in list_pages(client, long) if page.token)
    assert page.token
    gate.admit(long.labelled("long"))
    gate.admit(page.token.labelled("page"), parent=long, made_by="me/accounts")
    sandbox.change_password("Mara Quay")
    sandbox.clock.advance(days=61)
    gate.admit(log_in(client, ["email"]).labelled("new"))
    assert {stored.label for stored in gate} == {"new", "page"}, "a Page token's place is not a person's"


READ, SHOW = "pages_read_engagement", "pages_show_list"
ONE, BOTH = [GranularScope(READ, ("1",))], [GranularScope(READ, ("2", "1"))]


@pytest.mark.parametrize(
    ("scopes", "limits", "new_scopes", "new_limits", "retires"),
    [
        ([READ], [], [SHOW, READ], [], True),
        ([READ, SHOW], [], ["ads_read"], [], False),
        ([READ, SHOW], [], [READ], [], False),
        ([], [], [READ], [], False),
        ([READ], ONE, [READ], BOTH, True),
        ([READ], BOTH, [READ], ONE, False),
        ([READ], ONE, [READ], [], True),
        ([READ], [], [READ], ONE, False),
    ],
)
def test_a_machines_dead_token_gives_way_only_to_one_that_reaches_as_far(
    scopes: list[str],
    limits: list[GranularScope],
    new_scopes: list[str],
    new_limits: list[GranularScope],
    retires: bool,
    gate: TokenStore,
) -> None:
    def robots(number: int, state: TokenState, scopes: list[str], limits: list[GranularScope]) -> StoredToken:
        granular = granular_text(tuple(limits))
        stored = gate.put(replace(token(number), kind=TokenKind.SYSTEM_USER, subject="77"))
        return gate.note(stored, person="77", state=state, scopes=" ".join(scopes), granular_scopes=granular)

    dead = robots(1, TokenState.DEAD, scopes, limits)
    robots(2, TokenState.LIVE, ["ads_management"], [])
    new = robots(3, TokenState.LIVE, new_scopes, new_limits)
    assert give_way(gate, [dead], gate.now(), {new.fingerprint}) == set(), "Graph could not be asked about it"
    assert give_way(gate, [dead], gate.now()) == ({dead.fingerprint} if retires else set())
    assert gate.find(dead).successor == (new.fingerprint if retires else "")
    dead = robots(4, TokenState.DEAD, scopes, limits)
    retire(gate, new, gate.now())
    assert gate.find(dead).successor == (new.fingerprint if retires else "")


@pytest.mark.parametrize("state", [TokenState.UNCHECKED, TokenState.LIVE, TokenState.DEAD])
@pytest.mark.parametrize("expires_at", [None, 0, -1, 0.5, 1, 60])
def test_the_database_finds_what_works_by_the_same_rule_as_a_token_says_it(
    state: TokenState, expires_at: float | None, gate: TokenStore, client: GraphClient
) -> None:
    ended = gate.admit(log_in(client, ["email"]))
    other = gate.put(token(), app_id=ended.app_id)
    now = gate.now() + timedelta(milliseconds=300)
    end = int(now.timestamp() + expires_at) if expires_at else expires_at
    same = {"subject": ended.subject, "person": ended.person, "state": state, "expires_at": end}
    other = gate.note(other, **same)
    gate.note(ended, state=TokenState.DEAD)
    assert gate.working_like(ended, now) == ([other] if other.works(now) else [])


@pytest.mark.parametrize("other", ["app_id", "kind", "subject", "person", "successor"])
def test_a_token_of_another_role_works_in_nobodys_place(other: str, gate: TokenStore, client: GraphClient) -> None:
    ended = gate.note(gate.admit(log_in(client, ["email"])), state=TokenState.DEAD)
    new = gate.put(token(), app_id=ended.app_id)
    new = gate.note(new, subject=ended.subject, person=ended.person)
    assert gate.working_like(ended, gate.now()) == [new]
    gate.note(new, **{other: "PAGE" if other == "kind" else "77"})
    assert gate.working_like(ended, gate.now()) == []


# What calls with it have met.


def _met(client: GraphClient, this: AccessToken) -> FbnbError:
    with pytest.raises(FbnbError) as caught:
        client.get("me", this)
    return caught.value


def test_the_second_refusal_of_a_token_is_its_death(gate: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    stored = gate.admit(log_in(client, ["email"]))
    this = gate.get(stored)
    sandbox.log_out("Mara Quay")
    once = gate.saw(_met(client, this))
    assert once is not None
    assert (once.strikes, once.state) == (1, TokenState.LIVE)
    twice = gate.saw(_met(client, this))
    assert twice is not None
    assert (twice.strikes, twice.state) == (2, TokenState.DEAD)
    assert twice.why.startswith("190/")
    assert twice.cause
    assert not twice.works(client.now())
    assert this.value.reveal() not in twice.why


@pytest.mark.parametrize("fault", [2, 4, 17, 341, "timeout", "reset", "html"])
def test_what_passes_by_itself_never_counts(fault: int | str, gate: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    stored = gate.admit(log_in(client, ["email"]))
    sandbox.fail(fault)
    error = _met(client, gate.get(stored))
    assert not isinstance(error, TokenInvalid)
    for _ in range(3):
        assert gate.saw(error) is None
    assert gate.find(stored) == stored


@pytest.mark.parametrize("error", [RateLimited("x"), TemporaryFailure("x"), InputError("x"), TokenInvalid("x")])
def test_an_error_of_no_token_says_nothing(error: FbnbError, store: TokenStore) -> None:
    store.put(token(), app_id="1")
    assert store.saw(error) is None
    assert next(iter(store)).strikes == 0


def test_the_refusal_of_a_token_that_is_not_here_says_nothing(gate: TokenStore, client: GraphClient) -> None:
    assert gate.saw(_met(client, token())) is None


def test_a_refusal_in_a_batch_counts_for_its_own_token(gate: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    good, bad = gate.admit(log_in(client, ["email"])), gate.put(token())
    answers = client.batch(gate.get(good), [Call("me"), Call("me", token=token())])
    assert isinstance(answers[1], TokenInvalid)
    struck = gate.saw(answers[1])
    assert struck
    assert (struck.fingerprint, struck.strikes, gate.find(good).strikes) == (bad.fingerprint, 1, 0)


def test_graphs_word_that_a_token_works_ends_the_count(gate: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    stored = gate.admit(log_in(client, ["email"]))
    refusal = TokenInvalid("Invalid OAuth access token", code=190)
    refusal.fingerprint = stored.fingerprint
    gate.saw(refusal)
    assert [verdict.token.strikes for verdict in audit(client, gate, quiet=True)] == [0]
    again = gate.saw(refusal)
    assert again
    assert again.state is TokenState.LIVE


# Where it came from.


@pytest.fixture
def family(gate: TokenStore, client: GraphClient, sandbox: Sandbox) -> list[StoredToken]:
    """A user token, and the Page tokens that were got with it."""
    long = extend_user_token(client, log_in(client, ["pages_show_list"]))
    stored = [gate.admit(long.labelled("long"))]
    pages = [page for page in list_pages(client, long) if page.token][:2]
    return stored + [
        gate.admit(page.token.labelled(page.name), parent=long, made_by="me/accounts") for page in pages if page.token
    ]


def test_lineage_goes_back_to_the_first_login_through_renewals(
    gate: TokenStore, client: GraphClient, sandbox: Sandbox, family: list[StoredToken]
) -> None:
    first, page, _ = family
    sandbox.clock.advance(days=56)
    renewed = renew(client, gate, first)
    assert renewed.fingerprint != first.fingerprint
    line = gate.lineage(renewed)
    assert [(one.fingerprint, one.depth) for one in line] == [(first.fingerprint, 0), (renewed.fingerprint, 1)]
    assert [one.state for one in line] == [TokenState.REPLACED, TokenState.LIVE]
    assert [one.fingerprint for one in gate.lineage(page)] == [first.fingerprint, page.fingerprint]
    assert renewed.made_by.endswith("fb_exchange_token")


def test_the_blast_radius_is_all_that_hangs_on_a_login(
    gate: TokenStore, client: GraphClient, sandbox: Sandbox, family: list[StoredToken]
) -> None:
    first, *pages = family
    sandbox.clock.advance(days=56)
    renewed = renew(client, gate, first)
    third = next(page.token for page in list_pages(client, gate.get(renewed))[2:] if page.token)
    late = gate.admit(third.labelled("late"), parent=renewed, made_by="me/accounts")
    everything = {stored.fingerprint for stored in [first, *pages, renewed, late]}
    for of in (first, renewed):
        reached = gate.blast_radius(of)
        assert {one.fingerprint for one in reached} == everything
        assert reached[0].fingerprint == first.fingerprint, "parents before children"
        assert {one.depth for one in reached} == {0, 1, 2}
    assert [one.fingerprint for one in gate.blast_radius(late)] == [late.fingerprint]
    assert [one.fingerprint for one in gate.blast_radius(pages[0])] == [pages[0].fingerprint]


def test_what_hangs_on_a_login_hangs_on_the_one_that_took_its_place(gate: TokenStore, client: GraphClient) -> None:
    small = gate.admit(log_in(client, ["pages_show_list"]))
    page = next(page.token for page in list_pages(client, gate.get(small)) if page.token)
    hanging = gate.admit(page, parent=small)
    wide = gate.admit(log_in(client, ["pages_show_list", "email"]))
    assert gate.find(small).successor == wide.fingerprint
    for of in (small, wide):
        reached = gate.blast_radius(of)
        assert {one.fingerprint for one in reached} == {small.fingerprint, wide.fingerprint, hanging.fingerprint}
        assert {one.fingerprint: one.depth for one in reached}[hanging.fingerprint] == 1


def test_a_renewed_login_may_be_forgotten_and_nothing_falls_off(
    gate: TokenStore, client: GraphClient, sandbox: Sandbox, family: list[StoredToken]
) -> None:
    first, *pages = family
    sandbox.clock.advance(days=56)
    second = renew(client, gate, first)
    sandbox.clock.advance(days=56)
    third = renew(client, gate, second)
    for gone in (second, first):
        gate.forget(gone)
        assert {one.fingerprint for one in gate.blast_radius(third)} > {page.fingerprint for page in pages}
        assert {one.fingerprint for one in gate.blast_radius(pages[0])} == {pages[0].fingerprint}
    assert [one.fingerprint for one in gate.lineage(pages[0])] == [third.fingerprint, pages[0].fingerprint]


def test_a_replaced_token_leads_on_past_one_that_was_forgotten(store: TokenStore) -> None:
    store.put_all(map(token, range(1, 4)), app_id="1")
    with store.vault.writing() as connection:
        for old, new in ((1, 2), (2, 3)):
            store.replace(connection, token(old).fingerprint, token(new).fingerprint)
    store.forget(token(2))
    assert store.get(token(1)) == token(3)
    store.forget(token(3))
    assert [one.label for one in store.blast_radius(token(1))] == ["token 1"]


def test_a_parent_that_cannot_be_read_stands_in_the_line_by_its_name(store: TokenStore) -> None:
    store.put(token(1), app_id="1")
    child = store.put(token(2), app_id="1", parent=token(1))
    with store.vault.writing() as connection:
        store.change(connection, token(1).fingerprint, kind="nonsense")
    assert [one.label for one in store.lineage(child)] == ["damaged row", "token 2"]
    assert store.blast_radius(child) == [child]


def test_tokens_that_name_each_other_as_parents_end_the_search(store: TokenStore) -> None:
    store.put(token(1), app_id="1", parent=token(2))
    store.put(token(2), app_id="1", parent=token(1))
    assert len(store.lineage(token(1))) == 2
    assert len(store.blast_radius(token(1))) == 2


# Two at once.

RENEW = """
import sys
from fbnb.kit import connect
from fbnb.renewal import renew
from fbnb.store import TokenStore

client, _ = connect()
store = TokenStore(sys.argv[1], client=client)
print("ready", flush=True)
sys.stdin.readline()
print(renew(client, store, sys.argv[2]).fingerprint)
store.close()
"""


def test_of_two_programs_that_renew_at_once_one_does(store_url: str, graph_server: GraphServer) -> None:
    client, sandbox = graph_server.client, graph_server.sandbox
    store = TokenStore(store_url, client=client, key="file")
    short = store.admit(log_in(client, ["email"]))
    asked = len(sandbox.requests)
    command = [sys.executable, "-c", RENEW, store_url, short.fingerprint]
    environment = os.environ | {name: text for name, text in graph_server.variables.items() if name.startswith("FBNB_")}
    those = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) for _ in range(2)
    ]
    for one in those:
        assert one.stdout
        assert one.stdout.readline() == "ready\n"
    for one in those:
        assert one.stdin
        one.stdin.write("go\n")
        one.stdin.flush()
    named = {one.communicate(timeout=60)[0].strip() for one in those}
    assert [one.returncode for one in those] == [0, 0]
    assert named == {store.find(short).successor}
    exchanges = [request for request in sandbox.requests[asked:] if request.asked.path == "oauth/access_token"]
    assert len(exchanges) == 1
    store.close()


def test_a_store_that_is_to_be_there_is_not_begun(store_url: str) -> None:
    with pytest.raises(StoreError, match="There is no token store at"):
        TokenStore(store_url, key=KeySource.FILE, make=False)
    assert not Path(make_url(store_url).database or "").exists()
    TokenStore(store_url, key=KeySource.FILE).close()
    store = TokenStore(store_url, make=False)
    assert len(store) == 0
    store.close()


def page_token(client: GraphClient, user: AccessToken) -> AccessToken:
    """The token of the first Page."""
    token = list_pages(client, user)[0].token
    assert token
    return token


def test_of_two_tokens_that_cover_each_other_one_stays(client: GraphClient, sandbox: Sandbox, store_url: str) -> None:
    store = TokenStore(store_url, client=client, key=KeySource.FILE)
    first = extend_user_token(client, log_in(client, ["pages_show_list"]))
    before = store.admit(page_token(client, first))
    sandbox.clock.advance(days=1)
    after = store.admit(page_token(client, extend_user_token(client, log_in(client, ["pages_show_list"]))))
    assert [one.fingerprint for one in store] == [after.fingerprint]
    again = store.admit(page_token(client, first))  # which replaces the newer one, and is replaced by nothing
    assert again.fingerprint == before.fingerprint
    assert [one.fingerprint for one in store] == [before.fingerprint]
    assert store.get(after).fingerprint == before.fingerprint
    with store.vault.writing() as connection:
        store.replace(connection, before.fingerprint, after.fingerprint)
    assert [one.fingerprint for one in store] == [before.fingerprint]
    store.close()
