"""Tokens are frozen values, and an expiry has three values that never mix."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fbnb.errors import InputError
from fbnb.redact import Secret
from fbnb.tokens import NEVER, AccessToken, GranularScope, TokenInfo, TokenKind, expired, expiry_from_epoch, expiry_in_words

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
TEXT = "EAA_SANDBOX_USER_0123456789abcdef"


def test_an_expiry_is_a_time_or_never_or_not_told() -> None:
    assert expiry_from_epoch(1793617200) == NOW + timedelta(hours=2)
    assert expiry_from_epoch(0) is NEVER
    assert expiry_from_epoch(None) is None
    assert [expired(e, NOW) for e in (NOW, NOW + timedelta(seconds=1), NEVER, None)] == [True, False, False, None]
    assert [expiry_in_words(e) for e in (NOW, NEVER, None)] == [
        "expires 2026-11-02 09:00 UTC",
        "never expires",
        "expiry not told",
    ]
    assert repr(NEVER) == "NEVER"


def test_a_token_shows_only_its_hint() -> None:
    token = AccessToken.of(TEXT, label="mine")
    assert repr(token) == "AccessToken(USER EAA…cdef, expiry not told)"
    assert token.labelled("yours").label == "yours"
    assert token == AccessToken.of(TEXT, label="mine")
    with pytest.raises(AttributeError):
        token.label = "changed"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "kind", "problem"),
    [
        ("", TokenKind.USER, "is empty"),
        ("  \n", TokenKind.USER, "is empty"),
        (f'"{TEXT}"', TokenKind.USER, "stands in quotes"),
        (f"{TEXT}'", TokenKind.USER, "stands in quotes"),
        (f"{TEXT}\n", TokenKind.USER, "line break"),
        (f"{TEXT[:9]} {TEXT[9:]}", TokenKind.USER, "space"),
        ("1000000000001|abc", TokenKind.USER, "not a USER token"),
        (TEXT, TokenKind.APP, "not a APP token"),
    ],
)
def test_what_cannot_be_a_token_is_refused_without_being_shown(text: str, kind: TokenKind, problem: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        AccessToken.of(text, kind)
    assert TEXT not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.remedy


def test_token_info_has_every_field_and_takes_ids_as_numbers() -> None:
    info = TokenInfo.from_graph(
        {
            "app_id": 1,
            "type": "PAGE",
            "application": "demo",
            "data_access_expires_at": 1676858291,
            "expires_at": 0,
            "is_valid": True,
            "issued_at": 1669086000,
            "profile_id": 2,
            "user_id": 3,
            "scopes": ["a", "b"],
            "granular_scopes": [{"scope": "a", "target_ids": [2]}, {"scope": "b"}],
            "metadata": {"sso": "ios", "auth_type": "rerequest", "auth_nonce": "n"},
        }
    )
    assert info == TokenInfo(
        is_valid=True,
        kind=TokenKind.PAGE,
        app_id="1",
        application="demo",
        expires_at=NEVER,
        data_access_expires_at=datetime(2023, 2, 20, 1, 58, 11, tzinfo=UTC),
        issued_at=datetime(2022, 11, 22, 3, 0, tzinfo=UTC),
        user_id="3",
        profile_id="2",
        scopes=("a", "b"),
        granular_scopes=(GranularScope("a", ("2",)), GranularScope("b", None)),
        metadata={"sso": "ios", "auth_type": "rerequest", "auth_nonce": "n"},
    )


def test_token_info_of_a_token_that_graph_cannot_read() -> None:
    info = TokenInfo.from_graph({"error": {"code": 190, "message": "no", "subcode": 463}, "is_valid": False, "scopes": []})
    assert (info.is_valid, info.kind, info.expires_at, info.scopes) == (False, None, None, ())
    assert info.error
    assert (info.error.code, info.error.subcode) == (190, 463)
    assert TokenInfo.from_graph({"type": "SOMETHING_NEW"}).kind is None
    assert repr(info) == "TokenInfo(unreadable, not valid, expiry not told)"


def test_confirmed_keeps_what_was_left_unsaid() -> None:
    token = AccessToken(Secret(TEXT), TokenKind.PAGE, "bakery", issued_at=NOW, expires_at=NOW, subject="7")
    assert token.confirmed(TokenInfo(is_valid=True)) == token
    told = token.confirmed(TokenInfo(is_valid=True, expires_at=NEVER, data_access_expires_at=NOW, profile_id="8"))
    assert (told.expires_at, told.data_access_until, told.subject, told.issued_at) == (NEVER, NOW, "8", NOW)
