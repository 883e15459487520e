"""`fields=` taken apart, and what is asked of one field."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbnb.sandbox.expansion import fields_of, inner
from fbnb.sandbox.messages import GRAPH_HOST, Asked

TEXTS = {
    "id,name": ["id", "name"],
    " id , name,": ["id", "name"],
    "picture.type(large){url},id": ["picture", "id"],
    "accounts.limit(5){id,posts.limit(2){message,comments{id}}},name": ["accounts", "name"],
    "picture.width(1,2).height(3)": ["picture"],
    "": [],
    "a}b,c": ["a}b", "c"],
    "a{b,c": ["a"],
}


@pytest.mark.parametrize("text", TEXTS)
def test_fields_are_what_stands_between_the_outer_commas(text: str) -> None:
    assert fields_of(Asked("GET", GRAPH_HOST, "me", {"fields": text})) == TEXTS[text]


@given(st.text(alphabet="ab,.(){} "))
def test_no_text_is_too_odd(text: str) -> None:
    assert all(name.strip() for name in fields_of(Asked("GET", GRAPH_HOST, "me", {"fields": text})))


def asked(fields: str, **params: str) -> Asked:
    return inner(Asked("GET", GRAPH_HOST, "me", {"fields": fields, **params}), "accounts", "7/accounts")


def test_what_is_asked_of_a_field_is_a_request_of_its_own() -> None:
    told = asked("id,accounts.limit(5).summary(true){id,picture{url}}", limit="9", access_token="t")
    assert told.path == "7/accounts"
    assert told.params == {"limit": "5", "summary": "true", "fields": "id,picture{url}", "access_token": "t"}


def test_a_field_can_be_asked_as_nobody_else() -> None:
    assert asked("accounts.access_token(other)", access_token="t").access_token == "t"


def test_a_field_that_is_only_named_asks_for_nothing_more() -> None:
    assert asked("accounts").params == {}
