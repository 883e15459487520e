"""Nothing secret survives redaction, and nothing else is lost to it."""

from __future__ import annotations

import copy
import pickle
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbnb.redact import SECRET_PARAMETERS, Secret, hint, redact, redact_json, redact_params, sealed

LIKE_A_TOKEN = "EAA" + "Z9" * 40


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"see {LIKE_A_TOKEN}.", "see EAA…Z9Z9."),
        ("1234|5678", "1234|…"),
        ("token 1234567890123|abcdefgh!", "token 1234567890123|…!"),
        ("access_token=1234%7C5678&x=1", "access_token=1234%7C…&x=1"),
        ("client_secret=hunter2&fields=id", "client_secret=…&fields=id"),
        ('{"access_token": "short", "id": "1"}', '{"access_token": "…", "id": "1"}'),
        ("{'app_secret': 'hunter2'}", "{'app_secret': '…'}"),
        ("https://x/?code=abcdefghij#_=_", "https://x/?code=…#_=_"),
        ('"code": 190, "error_code=1349126', '"code": 190, "error_code=1349126'),
        ("(#100) code 36009", "(#100) code 36009"),
        ("AQ" + "b" * 40, "…"),
    ],
)
def test_by_name_and_by_pattern(text: str, shown: str) -> None:
    assert redact(text) == shown
    assert redact(redact(text)) == shown


@pytest.mark.parametrize("unit", ["-", "7", "a.", "code ", "access_token "])
def test_a_long_answer_takes_no_time(unit: str) -> None:
    begun = time.process_time()
    redact(unit * (100_000 // len(unit)))
    assert time.process_time() - begun < 1


def test_by_known_value_however_it_is_written() -> None:
    secret = "not/like a token+at=all"
    text = f"{secret} and {quote(secret, safe='')}"
    assert redact(text, [secret]) == "… and …"


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="…"), min_size=4))
def test_a_known_value_never_survives(secret: str) -> None:
    assert secret not in redact(f"before <{secret}> and {quote(secret)} after", [secret])


def test_parameters_and_json_by_name() -> None:
    assert redact_params({"code": "x", "fields": "id"}) == {"code": "…", "fields": "id"}
    body = {
        "data": [{"access_token": LIKE_A_TOKEN, "id": "1"}],
        "error": {"code": 190},
        "next": f"https://x/?access_token={LIKE_A_TOKEN}",
    }
    assert redact_json(body) == {
        "data": [{"access_token": "EAA…Z9Z9", "id": "1"}],
        "error": {"code": 190},
        "next": "https://x/?access_token=EAA…Z9Z9",
    }


def test_sealed_keeps_what_is_not_secret_and_hides_the_rest() -> None:
    told = sealed({"id": "1", "n": 5, "access_token": ["odd", LIKE_A_TOKEN], "next": f"https://x/?access_token={LIKE_A_TOKEN}"})
    assert (told["id"], told["n"]) == ("1", 5)
    assert [secret.reveal() for secret in told["access_token"]] == ["odd", LIKE_A_TOKEN]
    assert repr(told["next"]) == "Secret(https://x/?access_token=EAA…Z9Z9)"
    assert redact_json({"access_token": ["odd"]}) == {"access_token": ["…"]}


def test_a_secret_hides_and_compares() -> None:
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret!r} {secret} {[secret]}"
    assert secret == Secret("hunter2") != Secret("hunter3")
    assert secret != "hunter2"
    assert len({secret, Secret("hunter2")}) == 1
    assert copy.deepcopy(secret) is secret
    assert copy.copy(secret) is secret
    assert secret.reveal() == "hunter2"
    assert bool(secret)
    assert not Secret("")
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(secret)


def test_hints() -> None:
    assert hint(LIKE_A_TOKEN) == "EAA…Z9Z9"
    assert hint("1234567890123|abc") == "1234567890123|…"
    assert hint("anything else") == "…"
    assert Secret("x", shown="an address").hint == "an address"


def test_a_token_broken_over_lines_is_hidden_to_its_end() -> None:
    broken = "EAA" + "FakeBroken1" * 5 + "\n" + "FakeBroken2" * 4 + "\r\n" + "FakeBroken3" * 3
    assert redact(f"token {broken}\nTraceback (most recent call last)") == "token EAA…ken3\nTraceback (most recent call last)"
    assert redact(redact(broken)) == redact(broken)
    two = "EAA" + "FakeBroken1" * 5
    assert redact(f"{two}\n{two}") == "EAA…ken1\nEAA…ken1"


@pytest.mark.parametrize("name", sorted(SECRET_PARAMETERS - {"code"}))
def test_a_secrets_name_hides_what_follows_it_in_capitals_too(name: str) -> None:
    for written in (name, name.upper(), name.title(), name.replace("s", "\u017f")):
        assert "hunter2" not in redact(f"it said {written}: hunter2hunter2")
