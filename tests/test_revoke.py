"""Taking back: what was granted, one permission undone, all undone, and the callbacks that tell of it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import string
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbnb.client import GraphClient
from fbnb.errors import (
    GraphError,
    InputError,
    NotFound,
    PermissionMissing,
    RequestInvalid,
    SignatureMismatch,
    TokenExpired,
    TokenMalformed,
    TokenRevoked,
    WrongTokenKind,
)
from fbnb.flows.app_tokens import compose_app_token, compose_client_token
from fbnb.flows.debug_token import debug_token
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.flows.revoke import (
    answer_data_deletion,
    list_permissions,
    make_signed_request,
    read_signed_request,
    revoke_login,
    revoke_permission,
)
from fbnb.flows.session_info import get_session_info_token
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.tables import status_table
from fbnb.tokens import AccessToken, Permission
from fbnb.walks import walk_revoke

APP, PIER, MARA, BEN = "1000000000001", "1000000000002", "2100000000001", "2100000000002"
KEY = Secret("key")
# Verified apart from this package: the contract, section 8.3.
VECTOR = (
    "Mf_s6nTb38UYqioBmPqu0Ewm9souPZB9I2fIGwV729U"
    ".eyJ1c2VyX2lkIjoiMCIsImFsZ29yaXRobSI6IkhNQUMtU0hBMjU2IiwiaXNzdWVkX2F0IjoxNjI0MjQ0MTU2fQ"
)


def statuses(client: GraphClient, token: AccessToken, user_id: str = "me") -> dict[str, str]:
    return {permission.name: permission.status for permission in list_permissions(client, token, user_id=user_id)}


@pytest.fixture
def token(client: GraphClient) -> AccessToken:
    return log_in(client, ["email", "pages_show_list"])


@pytest.fixture
def app_token(client: GraphClient) -> AccessToken:
    return compose_app_token(client.settings)


@pytest.fixture
def pier(client: GraphClient, sandbox: Sandbox) -> GraphClient:
    app = sandbox.world.apps[PIER]
    settings = replace(client.settings, app_id=app.id, app_secret=Secret(app.secret), redirect_uri=app.redirect_uris[0])
    return replace(client, settings=settings)


# What was granted


def test_the_three_statuses(client: GraphClient, sandbox: Sandbox) -> None:
    token = log_in(client.acting_as(sandbox.person(decline=["email"])), ["email", "user_birthday"])
    sandbox.expire_permission("Mara Quay", APP, "user_birthday")
    assert statuses(client, token) == {"public_profile": "granted", "email": "declined", "user_birthday": "expired"}
    assert debug_token(client, token).scopes == ("public_profile",)


def test_the_app_may_ask_about_anyone_who_uses_it(client: GraphClient, app_token: AccessToken, token: AccessToken) -> None:
    assert statuses(client, app_token, MARA) == statuses(client, token) == statuses(client, token, MARA)
    assert statuses(client, app_token, BEN) == {}
    with pytest.raises(NotFound, match="'999'"):
        list_permissions(client, app_token, user_id="999")


def test_a_person_may_allow_some_and_is_asked_again_only_on_rerequest(client: GraphClient, sandbox: Sandbox) -> None:
    reluctant, willing = (client.acting_as(sandbox.person(decline=names)) for names in (["email"], []))
    assert statuses(client, log_in(reluctant, ["email"]))["email"] == "declined"
    assert statuses(client, log_in(willing, ["email"]))["email"] == "declined"
    assert statuses(client, log_in(reluctant, ["email"], auth_type="rerequest"))["email"] == "declined"
    assert statuses(client, log_in(willing, ["email"], auth_type="rerequest"))["email"] == "granted"
    assert statuses(client, log_in(reluctant, ["email"]))["email"] == "granted", "what was granted stays"


def test_what_has_expired_is_asked_again_by_any_login(client: GraphClient, sandbox: Sandbox, token: AccessToken) -> None:
    sandbox.expire_permission("Mara Quay", APP, "email")
    assert statuses(client, log_in(client))["email"] == "expired", "this one did not name it"
    assert statuses(client, log_in(client, ["email"]))["email"] == "granted"
    with pytest.raises(InputError, match="has not granted user_likes"):
        sandbox.expire_permission("Mara Quay", APP, "user_likes")


def test_nobody_else_may_ask(client: GraphClient, sandbox: Sandbox, app_token: AccessToken, token: AccessToken) -> None:
    page = list_pages(client, token)[0].token
    assert page
    with pytest.raises(PermissionMissing, match="User not visible"):
        list_permissions(client, token, user_id=BEN)
    with pytest.raises(WrongTokenKind, match="current user"):
        list_permissions(client, app_token)
    with pytest.raises(WrongTokenKind, match="user access token"):
        list_permissions(client, compose_client_token(client.settings), user_id=MARA)
    with pytest.raises(RequestInvalid, match=r"\(permissions\) on node type \(Page\)"):
        list_permissions(client, page)
    with pytest.raises(WrongTokenKind, match="Debug only"):
        list_permissions(client, get_session_info_token(client, token))
    with pytest.raises(TokenMalformed, match="decrypted"):
        list_permissions(client, AccessToken(Secret("EAA_SANDBOX_half")))


def test_until_the_very_end_of_the_token(client: GraphClient, sandbox: Sandbox, token: AccessToken) -> None:
    sandbox.clock.advance(hours=2, seconds=-1)
    assert "email" in statuses(client, token)
    sandbox.clock.advance(seconds=1)
    with pytest.raises(TokenExpired):
        list_permissions(client, token)


def test_the_table_of_statuses() -> None:
    table = status_table([Permission("email", "declined"), Permission("brand_new", "granted")])
    assert list(table.index) == ["email", "brand_new"]
    assert list(table.loc["email"]) == ["declined", "the person's e-mail address"]
    assert list(table.loc["brand_new"]) == ["granted", ""]
    assert list(status_table([])) == ["status", "unlocks"]


# One taken back


def test_one_is_gone_and_the_token_lives(client: GraphClient, token: AccessToken) -> None:
    assert revoke_permission(client, token, "email") is True
    info = debug_token(client, token)
    assert info.is_valid
    assert info.scopes == ("pages_show_list", "public_profile")
    assert statuses(client, token)["email"] == "declined"


def test_what_was_taken_back_is_asked_again_only_on_rerequest(client: GraphClient, token: AccessToken) -> None:
    revoke_permission(client, token, "email")
    assert statuses(client, log_in(client, ["email"]))["email"] == "declined"
    assert statuses(client, log_in(client, ["email"], auth_type="rerequest"))["email"] == "granted"


def test_page_tokens_die_with_the_last_page_permission(client: GraphClient, token: AccessToken) -> None:
    page = list_pages(client, extend_user_token(client, token))[0].token
    assert page
    revoke_permission(client, token, "email")
    assert client.get("me", page)["name"] == "Harbour Bakery"
    revoke_permission(client, token, "pages_show_list")
    with pytest.raises(PermissionMissing, match="must be granted before impersonating"):
        client.get("me", page)


def test_the_app_may_take_one_back(client: GraphClient, app_token: AccessToken, token: AccessToken) -> None:
    assert revoke_permission(client, app_token, "email", user_id=MARA) is True
    assert statuses(client, token)["email"] == "declined"


def test_taking_back_does_not_renew_data_access(client: GraphClient, sandbox: Sandbox, token: AccessToken) -> None:
    long = extend_user_token(client, token)
    until = debug_token(client, long).data_access_expires_at
    sandbox.clock.advance(days=30)
    revoke_permission(client, long, "email")
    assert debug_token(client, long).data_access_expires_at == until


def test_what_cannot_be_taken_back(client: GraphClient, app_token: AccessToken, token: AccessToken) -> None:
    with pytest.raises(RequestInvalid, match="user_likes has not been granted"):
        revoke_permission(client, token, "user_likes")
    with pytest.raises(RequestInvalid, match="Invalid parameter"):
        revoke_permission(client, token, "public_profile")
    with pytest.raises(PermissionMissing, match="User not visible"):
        revoke_permission(client, token, "email", user_id=BEN)
    with pytest.raises(NotFound, match="Unsupported delete request"):
        revoke_permission(client, app_token, "email", user_id="999")
    with pytest.raises(WrongTokenKind, match="user access token"):
        revoke_permission(client, compose_client_token(client.settings), "email", user_id=MARA)
    assert statuses(client, token)["public_profile"] == statuses(client, token)["email"] == "granted"


@pytest.mark.parametrize("name", ["", " ", "/", ".", "..", "email/", "email,user_likes", "email?x=1"])
def test_a_name_that_is_none_never_takes_everything_back(name: str, client: GraphClient, token: AccessToken) -> None:
    before = client.wire.count
    with pytest.raises(InputError, match="not the name of one permission"):
        revoke_permission(client, token, name)
    assert client.wire.count == before
    assert debug_token(client, token).is_valid


# Everything taken back


@pytest.mark.parametrize("by", ["the person", "the app"])
def test_every_token_dies(by: str, client: GraphClient, app_token: AccessToken, token: AccessToken) -> None:
    long = extend_user_token(client, token)
    page = list_pages(client, long)[0].token
    assert page
    assert revoke_login(client, token) if by == "the person" else revoke_login(client, app_token, user_id=MARA)
    for dead in (token, long, page):
        with pytest.raises(TokenRevoked, match=rf"190/458.*has not authorized application {APP}"):
            client.get("me", dead)
        info = debug_token(client, dead)
        assert (info.is_valid, info.scopes, info.error and info.error.subcode) == (False, (), 458)
    assert statuses(client, app_token, MARA) == {}, "the app token lives on"


def test_the_app_may_do_it_when_the_persons_token_is_dead(
    client: GraphClient, sandbox: Sandbox, app_token: AccessToken, token: AccessToken
) -> None:
    sandbox.clock.advance(hours=2)
    with pytest.raises(TokenExpired):
        revoke_login(client, token)
    assert revoke_login(client, app_token, user_id=MARA)
    assert statuses(client, app_token, MARA) == {}


def test_other_apps_and_other_people_are_not_concerned(
    client: GraphClient, sandbox: Sandbox, pier: GraphClient, token: AccessToken
) -> None:
    theirs, ben = log_in(pier, ["email"]), log_in(client.acting_as(sandbox.person("Ben Tide")), ["email"])
    revoke_login(client, token)
    assert debug_token(pier, theirs).is_valid
    assert debug_token(client, ben).is_valid


def test_another_app_cannot_do_it(client: GraphClient, pier: GraphClient, token: AccessToken) -> None:
    with pytest.raises(NotFound):
        revoke_login(pier, compose_app_token(pier.settings), user_id=MARA)
    with pytest.raises(WrongTokenKind):
        revoke_login(client, compose_client_token(client.settings), user_id=MARA)
    assert debug_token(client, token).is_valid


def test_twice_is_refused_by_the_dead_token_and_nothing_new_for_the_app(
    client: GraphClient, sandbox: Sandbox, app_token: AccessToken, token: AccessToken
) -> None:
    revoke_login(client, token)
    with pytest.raises(TokenRevoked, match="458"):
        revoke_login(client, token)
    assert revoke_login(client, app_token, user_id=MARA)
    assert len(sandbox.callbacks(APP)) == 1


def test_removing_the_app_forgets_every_answer(client: GraphClient, sandbox: Sandbox) -> None:
    log_in(client.acting_as(sandbox.person(decline=["email"], pages=["Harbour Bakery"])), ["email", "pages_show_list"])
    sandbox.remove_app("Mara Quay", APP)
    token = log_in(client, ["email"])
    assert statuses(client, token) == {"email": "granted", "public_profile": "granted"}


def test_the_walk(client: GraphClient, token: AccessToken) -> None:
    walk = walk_revoke(client, token)
    while not walk.done:
        walk.next()
        assert walk.error is None
    assert Permission("email", "granted") in walk.held["before"]
    assert Permission("email", "declined") in walk.held["after"]
    assert walk.held["its info"].error.subcode == 458


def test_the_walk_stops_where_there_is_nothing_to_take_back(client: GraphClient, token: AccessToken) -> None:
    walk = walk_revoke(client, token, "user_likes")
    walk.next()
    walk.next()
    assert isinstance(walk.error, RequestInvalid)
    assert walk.where == "Next is step 2 of 5: take one of them back."
    assert walk.step.inputs == {"permission": "user_likes"}


# The callbacks


def test_the_app_is_told_by_the_twin_and_the_flow_can_read_it(client: GraphClient, sandbox: Sandbox, token: AccessToken) -> None:
    assert client.settings.app_secret
    sandbox.clock.advance(minutes=7)
    revoke_login(client, token)
    sandbox.clock.advance(days=1)
    sandbox.request_data_deletion("Mara Quay", APP)
    removed, deletion = sandbox.callbacks(APP)
    assert removed.url == "https://harbour-notes.example/facebook/deauthorize"
    assert deletion.url == "https://harbour-notes.example/facebook/deletion"
    for posted, at in ((removed, client.now() - timedelta(days=1)), (deletion, client.now())):
        told = read_signed_request(posted.signed_request, client.settings.app_secret)
        assert (told.user_id, told.issued_at) == (MARA, at)
        assert told.payload == {"user_id": MARA, "algorithm": "HMAC-SHA256", "issued_at": int(at.timestamp())}
        assert make_signed_request(told.payload, client.settings.app_secret) == posted.signed_request, "written apart, the same"
    assert answer_data_deletion(deletion.signed_request, client.settings.app_secret, "https://a.example/status")


def test_a_removal_in_the_settings_is_told_and_one_by_the_app_token_too(
    client: GraphClient, sandbox: Sandbox, app_token: AccessToken, token: AccessToken
) -> None:
    sandbox.remove_app("Mara Quay", APP)
    log_in(client)
    revoke_login(client, app_token, user_id=MARA)
    assert len(sandbox.callbacks(APP)) == 2


def test_nothing_is_told_of_one_permission_of_someone_who_never_came_or_without_an_address(
    client: GraphClient, sandbox: Sandbox, pier: GraphClient, token: AccessToken
) -> None:
    revoke_permission(client, token, "email")
    sandbox.remove_app("Ben Tide", APP)
    log_in(pier)
    sandbox.remove_app("Mara Quay", PIER)
    assert sandbox.callbacks(APP) == sandbox.callbacks(PIER) == []
    with pytest.raises(InputError, match="no app 'nope'"):
        sandbox.callbacks("nope")


def test_a_callback_is_signed_with_the_secret_of_its_time(client: GraphClient, sandbox: Sandbox, token: AccessToken) -> None:
    old = client.settings.app_secret
    assert old
    revoke_login(client, token)
    sandbox.reset_secret(APP)
    sandbox.request_data_deletion("Mara Quay", APP)
    before, after = sandbox.callbacks(APP)
    assert read_signed_request(before.signed_request, old).user_id == MARA
    assert read_signed_request(after.signed_request, Secret(sandbox.world.secret(APP))).user_id == MARA
    with pytest.raises(SignatureMismatch):
        read_signed_request(after.signed_request, old)


# signed_request


def test_the_vector() -> None:
    told = read_signed_request(VECTOR, KEY)
    assert told.payload == {"user_id": "0", "algorithm": "HMAC-SHA256", "issued_at": 1624244156}
    assert (told.user_id, told.issued_at) == ("0", datetime(2021, 6, 21, 2, 55, 56, tzinfo=UTC))
    assert make_signed_request(told.payload, KEY).reveal() == VECTOR


def test_a_payload_as_metas_pages_show_one() -> None:
    shown = {"user_id": "218471", "algorithm": "HMAC-SHA256", "issued_at": 1291836800, "expires": 1291840400}
    told = read_signed_request(make_signed_request(shown, KEY), KEY)
    assert told.payload == shown
    assert (told.user_id, told.issued_at) == ("218471", datetime(2010, 12, 8, 19, 33, 20, tzinfo=UTC))


def test_the_algorithm_is_named_where_it_was_not() -> None:
    assert read_signed_request(make_signed_request({"user_id": "1"}, KEY), KEY).payload["algorithm"] == "HMAC-SHA256"


def test_padding_is_tolerated() -> None:
    signature, _, payload = VECTOR.partition(".")
    assert read_signed_request(f"{signature}=.{payload}", KEY).user_id == "0"


def test_a_payload_without_a_time_has_none() -> None:
    assert read_signed_request(make_signed_request({"user_id": "1", "issued_at": "today"}, KEY), KEY).issued_at is None


def _signed(encoded: str) -> str:
    digest = hmac.new(b"key", encoded.encode(), hashlib.sha256).digest()
    return f"{base64.urlsafe_b64encode(digest).decode().rstrip('=')}.{encoded}"


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


SIGNATURE, _, PAYLOAD = VECTOR.partition(".")
REFUSED: dict[str, str] = {
    "empty": "",
    "a dot": ".",
    "no dot": VECTOR.replace(".", ""),
    "no signature": f".{PAYLOAD}",
    "no payload": f"{SIGNATURE}.",
    "another signature": f"{SIGNATURE[::-1]}.{PAYLOAD}",
    "the signature in hex": f"{hmac.new(b'key', PAYLOAD.encode(), hashlib.sha256).hexdigest()}.{PAYLOAD}",
    "half a signature": f"{SIGNATURE[:20]}.{PAYLOAD}",
    "cut off": VECTOR[:-1],
    "more behind it": f"{VECTOR}.",
    "padded inside": f"{SIGNATURE}.{PAYLOAD}=",
    "swapped": f"{PAYLOAD}.{SIGNATURE}",
    "a signature that is not base64": f"!{SIGNATURE}.{PAYLOAD}",
    "not ASCII": f"{SIGNATURE}é.{PAYLOAD}",
    "half a character": f"{SIGNATURE}\ud800.{PAYLOAD}\ud800",
    "of another secret": make_signed_request({"user_id": "0"}, Secret("another")).reveal(),
    "another algorithm": make_signed_request({"user_id": "0", "algorithm": "HMAC-SHA1"}, KEY).reveal(),
    "no algorithm": _signed(_encoded('{"user_id":"0"}')),
    "an algorithm that is null": make_signed_request({"user_id": "0", "algorithm": None}, KEY).reveal(),
    "signed, but not base64": _signed("not base64!"),
    "signed, but not UTF-8": _signed("_w"),
    "signed, but not JSON": _signed(_encoded("not JSON")),
    "signed, but no object": _signed(_encoded('["HMAC-SHA256"]')),
    "signed, but nested without end": _signed(_encoded("[" * 100_000)),
    "signed, but empty": _signed(""),
    "at a time that there is not": make_signed_request({"user_id": "0", "issued_at": 10**30}, KEY).reveal(),
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_all_else_is_refused_in_the_same_words(text: str) -> None:
    for read in (
        lambda: read_signed_request(text, KEY),
        lambda: read_signed_request(Secret(text), KEY),
        lambda: answer_data_deletion(text, KEY, "https://a.example/"),
    ):
        with pytest.raises(SignatureMismatch, match="not one that was signed with this app's secret") as refused:
            read()
        assert refused.value.__cause__ is refused.value.__context__ is None


def test_signatures_are_compared_in_constant_time_before_anything_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    right, seen, decoded = hmac.compare_digest, list[int](), list[str]()

    def compared(told: bytes, made: bytes) -> bool:
        seen.append(len(made))
        return right(told, made)

    def loaded(text: bytes) -> dict[str, Any]:
        decoded.append("json")
        return {}

    monkeypatch.setattr(hmac, "compare_digest", compared)
    monkeypatch.setattr(json, "loads", loaded)
    for text in (VECTOR, REFUSED["another signature"], REFUSED["half a signature"], REFUSED["empty"]):
        with pytest.raises(SignatureMismatch):
            read_signed_request(text, KEY)
    assert seen == [43] * 4, "each time, the whole of the right one"
    assert decoded == ["json"], "only of the one whose signature is right"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
PAYLOADS = st.builds(
    lambda more, known: more | known,
    st.dictionaries(st.text().filter(lambda name: name not in {"algorithm", "issued_at"}), VALUES, max_size=5),
    st.fixed_dictionaries({"user_id": st.text(string.digits, min_size=1)}, optional={"issued_at": st.integers(0, 2**33)}),
)


@given(payload=PAYLOADS, secret=st.text(min_size=1))
def test_what_is_made_reads_back(payload: dict[str, Any], secret: str) -> None:
    told = read_signed_request(make_signed_request(payload, Secret(secret)), Secret(secret))
    assert told.payload == payload | {"algorithm": "HMAC-SHA256"}
    assert told.user_id == payload["user_id"]
    assert (told.issued_at and int(told.issued_at.timestamp())) == payload.get("issued_at")


@given(payload=PAYLOADS, data=st.data())
def test_any_one_changed_character_is_refused(payload: dict[str, Any], data: st.DataObject) -> None:
    text = make_signed_request(payload, KEY).reveal()
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(
        (st.sampled_from(f"{string.ascii_letters}{string.digits}-_.=+/") | st.characters()).filter(text[place].__ne__)
    )
    with pytest.raises(SignatureMismatch):
        read_signed_request(text[:place] + other + text[place + 1 :], KEY)


@given(text=st.text())
def test_no_text_reads_by_chance(text: str) -> None:
    with pytest.raises(SignatureMismatch):
        read_signed_request(text, KEY)


def test_every_last_character_of_the_signature_counts() -> None:
    # Four of them decode to the same bytes; one is what Graph signed.
    for last in set(f"{string.ascii_letters}{string.digits}-_") - {SIGNATURE[-1]}:
        with pytest.raises(SignatureMismatch):
            read_signed_request(f"{SIGNATURE[:-1]}{last}.{PAYLOAD}", KEY)


def test_a_signed_request_shows_neither_itself_nor_what_it_carries() -> None:
    signed = make_signed_request({"user_id": "7", "oauth_token": "carried along"}, KEY)
    assert repr(signed) == "Secret(…)"
    assert repr(read_signed_request(signed, KEY)) == "SignedRequest(user 7, issued None)"


# The answer to a deletion


def test_the_answer_is_what_facebook_asks_for() -> None:
    told = answer_data_deletion(VECTOR, KEY, "https://a.example/status")
    assert set(told) == {"url", "confirmation_code"}
    assert told["confirmation_code"].isalnum()
    assert told["confirmation_code"].isascii()
    assert told["url"] == f"https://a.example/status?code={told['confirmation_code']}"
    assert json.loads(json.dumps(told)) == told


def test_an_address_with_parameters_keeps_them() -> None:
    told = answer_data_deletion(VECTOR, KEY, "https://a.example/status?lang=de")
    assert told["url"] == f"https://a.example/status?lang=de&code={told['confirmation_code']}"


def test_the_same_request_has_the_same_code_and_another_one_another() -> None:
    def code(secret: str = "key", **payload: Any) -> str:
        signed = make_signed_request({"user_id": "7", "issued_at": 1} | payload, Secret(secret))
        return answer_data_deletion(signed, Secret(secret), "https://a.example/")["confirmation_code"]

    assert code() == code()
    assert len({code(), code(user_id="8"), code(issued_at=2), code("another")}) == 4


Call = Callable[[GraphClient, AccessToken], object]


@pytest.mark.parametrize("call", [revoke_login, list_permissions, lambda c, t: revoke_permission(c, t, "email")])
def test_a_dead_token_of_any_cause_can_do_nothing(call: Call, client: GraphClient, sandbox: Sandbox, token: AccessToken) -> None:
    sandbox.change_password("Mara Quay")
    with pytest.raises(GraphError, match="190/460"):
        call(client, token)
