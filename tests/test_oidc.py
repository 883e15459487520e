"""OpenID Connect: an id_token is believed only when everything about it is right, by the client's own clock."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import jwt
import pytest
from capture import Capture
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from fbnb.client import GraphClient
from fbnb.clock import ManualClock
from fbnb.errors import AppCredentialsWrong, CodeRejected, DialogRefused, LoginCancelled, SignatureMismatch, TokenMalformed
from fbnb.flows.login import from_redirect, log_in, login_url, pkce
from fbnb.flows.oidc import discover, fetch_signing_keys, log_in_limited, log_in_with_pkce, verify_id_token
from fbnb.kit import sandbox_client
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.tokens import AccessToken

JUST = "last ten minutes"
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def parts(id_token: Secret) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, unverified."""
    return jwt.get_unverified_header(id_token.reveal()), jwt.decode(id_token.reveal(), options={"verify_signature": False})


def signed(sandbox: Sandbox, id_token: Secret, key: Any = None, **changed: Any) -> Secret:
    """The same id_token with other claims (None: without), properly signed with the world's key or with another."""
    header, claims = parts(id_token)
    claims = {name: value for name, value in (claims | changed).items() if value is not None}
    text = jwt.encode(claims, key or sandbox.world.keys["oidc"], algorithm="RS256", headers={"kid": header["kid"]})
    return Secret(text)


@pytest.fixture
def id_token(client: GraphClient) -> Secret:
    return log_in_limited(client, ["email"], nonce="n")


def test_who_it_is_stands_in_the_claims(client: GraphClient, id_token: Secret) -> None:
    who = verify_id_token(client, id_token, nonce="n")
    assert who.user_id == client.get("me", log_in(client))["id"] == "2100000000001"
    assert (who.header["alg"], who.header["typ"]) == ("RS256", "JWT")
    expected = {"iss": "https://www.facebook.com", "aud": client.settings.app_id, "nonce": "n", "name": "Mara Quay"}
    assert expected.items() <= who.claims.items()
    assert (who.claims["given_name"], who.claims["family_name"]) == ("Mara", "Quay")
    assert who.claims["exp"] - who.claims["iat"] == 3600
    assert "at_hash" not in who.claims


def test_the_address_is_told_only_where_it_was_granted(client: GraphClient, sandbox: Sandbox) -> None:
    shy = client.acting_as(sandbox.person(decline=["email"]))
    assert "email" not in verify_id_token(client, log_in_limited(shy, ["email"], nonce="n"), nonce="n").claims
    asked = client.acting_as(sandbox.person("Ben Tide"))
    claims = verify_id_token(client, log_in_limited(asked, ["email"], nonce="n"), nonce="n").claims
    assert claims["email"] == "ben@harbour-street.example"


def test_another_app_knows_the_person_by_another_id(client: GraphClient, sandbox: Sandbox) -> None:
    pier = sandbox.world.apps["1000000000002"]
    settings = replace(client.settings, app_id=pier.id, app_secret=Secret(pier.secret), redirect_uri=pier.redirect_uris[0])
    other = replace(client, settings=settings)
    id_token = log_in_limited(other, nonce="n")
    assert verify_id_token(other, id_token, nonce="n").user_id == "2200000000001"
    with pytest.raises(SignatureMismatch, match="InvalidAudienceError"):
        verify_id_token(client, id_token, nonce="n")


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "another audience": ({"aud": "1000000000002"}, "InvalidAudienceError"),
    "several audiences": ({"aud": ["1000000000001", "1000000000002"]}, "InvalidAudienceError"),
    "another issuer": ({"iss": "https://facebook.example"}, "InvalidIssuerError"),
    "no issuer": ({"iss": None}, "MissingRequiredClaimError"),
    "no expiry": ({"exp": None}, "MissingRequiredClaimError"),
    "no time of issue": ({"iat": None}, "MissingRequiredClaimError"),
    "no subject": ({"sub": None}, "MissingRequiredClaimError"),
    "no jti": ({"jti": None}, "MissingRequiredClaimError"),
    "an empty subject": ({"sub": ""}, "sub or jti is empty"),
    "an empty jti": ({"jti": ""}, "sub or jti is empty"),
    "no nonce": ({"nonce": None}, "nonce is of another login"),
    "another nonce": ({"nonce": "m"}, "nonce is of another login"),
    "an expiry that is no time": ({"exp": "soon"}, "cannot be read|Error"),
    "a time of issue ahead": ({"iat": 1793610000 + 601}, "last ten minutes"),
    "a time of issue that is none": ({"iat": float("nan")}, "last ten minutes"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_claim_that_is_wrong_though_properly_signed(case: str, client: GraphClient, sandbox: Sandbox, id_token: Secret) -> None:
    changed, words = WRONG[case]
    with pytest.raises(SignatureMismatch, match=words) as caught:
        verify_id_token(client, signed(sandbox, id_token, **changed), nonce="n")
    assert id_token.reveal()[:40] not in str(caught.value)


def test_another_key_signs_nothing(client: GraphClient, sandbox: Sandbox, id_token: Secret) -> None:
    with pytest.raises(SignatureMismatch, match="InvalidSignatureError"):
        verify_id_token(client, signed(sandbox, id_token, OTHER_KEY), nonce="n")


def test_a_key_that_facebook_does_not_list(client: GraphClient, sandbox: Sandbox, id_token: Secret) -> None:
    _, claims = parts(id_token)
    for headers in ({"kid": "another"}, {}):
        forged = jwt.encode(claims, sandbox.world.keys["oidc"], algorithm="RS256", headers=headers)
        with pytest.raises(SignatureMismatch, match="none of Facebook's keys"):
            verify_id_token(client, Secret(forged), nonce="n")


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS384"])
def test_the_header_does_not_choose_the_algorithm(algorithm: str, client: GraphClient, id_token: Secret) -> None:
    header, claims = parts(id_token)
    signed_part = ".".join(_text(json.dumps(part).encode()) for part in (header | {"alg": algorithm}, claims))
    # As if the public key were a password.
    signature = hmac.new(fetch_signing_keys(client)[0]["n"].encode(), signed_part.encode(), hashlib.sha256).digest()
    forged = f"{signed_part}.{'' if algorithm == 'none' else _text(signature)}"
    with pytest.raises(SignatureMismatch, match="InvalidAlgorithmError"):
        verify_id_token(client, Secret(forged), nonce="n")


@pytest.mark.parametrize("text", ["", "rubbish", "a.b.c", "eyJhbGciOiJSUzI1NiJ9..", "é.é.é", "." * 2000, "\ud800.a.b"])
def test_what_is_no_id_token_is_refused_in_one_line(text: str, client: GraphClient) -> None:
    with pytest.raises(SignatureMismatch) as caught:
        verify_id_token(client, Secret(text), nonce="n")
    assert "\n" not in str(caught.value)


def test_a_changed_character_anywhere_is_noticed(client: GraphClient, id_token: Secret) -> None:
    text = id_token.reveal()

    # The very last letter has bits that mean nothing.
    @given(st.integers(0, len(text) - 2), st.sampled_from("AZaz09-_"))
    def changed(place: int, letter: str) -> None:
        if text[place] != letter:
            with pytest.raises(SignatureMismatch):
                verify_id_token(client, Secret(text[:place] + letter + text[place + 1 :]), nonce="n")

    changed()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.parametrize(("seconds", "words"), [(600, ""), (601, JUST), (3599, JUST), (3600, "expired")])
def test_times_are_judged_by_the_clients_clock(seconds: int, words: str, client: GraphClient, id_token: Secret) -> None:
    client.clock.sleep(seconds)
    if not words:
        assert verify_id_token(client, id_token, nonce="n").user_id
        return
    with pytest.raises(SignatureMismatch, match=words):
        verify_id_token(client, id_token, nonce="n")


def test_a_clock_that_is_slow_by_an_hour_believes_nothing(client: GraphClient, id_token: Secret) -> None:
    early = ManualClock(client.now().replace(hour=8))
    with pytest.raises(SignatureMismatch, match="last ten minutes"):
        verify_id_token(replace(client, clock=early), id_token, nonce="n")


def test_the_keys_come_with_name_and_use_and_only_the_public_half(client: GraphClient) -> None:
    (key,) = fetch_signing_keys(client)
    assert set(key) == {"kid", "kty", "alg", "use", "n", "e"}
    assert all(isinstance(value, str) for value in key.values())


def test_the_discovery_document_leads_to_the_keys(client: GraphClient) -> None:
    told = discover(client)
    assert told["jwks_uri"].removeprefix("https://www.facebook.com/") == ".well-known/oauth/openid/jwks/"
    assert told["id_token_signing_alg_values_supported"] == ["RS256"]
    assert "token_endpoint" not in told


def test_a_world_keeps_its_key_pair_and_no_two_share_one(client: GraphClient, sandbox: Sandbox) -> None:
    before = sandbox.checkpoint()
    key = fetch_signing_keys(client)
    sandbox.clock.advance(days=1)
    sandbox.rewind(before)
    assert fetch_signing_keys(client) == key
    other = fetch_signing_keys(sandbox_client(Sandbox()))
    assert (other[0]["kid"], other[0]["n"] == key[0]["n"]) == (key[0]["kid"], False)


def test_a_modulus_that_looks_like_a_token_is_a_key_all_the_same(client: GraphClient) -> None:
    told = {"keys": [{"kid": "k", "n": "x-EAA" + "y" * 40, "e": "AQAB"}]}
    assert fetch_signing_keys(replace(client, transport=Capture([told])))[0]["n"] == "x-EAA" + "y" * 40


def test_pkce_stands_in_for_the_secret_and_an_id_token_comes_along(client: GraphClient) -> None:
    phone, pair = client.without_secret(), pkce(client)
    token, id_token = log_in_with_pkce(phone, ["email"], pair, nonce="n")
    who = verify_id_token(phone, id_token, nonce="n", access_token=token)
    assert who.user_id == phone.get("me", token)["id"]
    half = hashlib.sha256(token.value.reveal().encode()).digest()[:16]
    assert _bytes(who.claims["at_hash"]) == half
    sent = {name for exchange in client.wire.exchanges for name in exchange.params}
    assert "code_verifier" in sent
    assert not sent & {"client_secret", "appsecret_proof"}


def test_an_id_token_belongs_to_the_access_token_it_came_with(client: GraphClient) -> None:
    _, id_token = log_in_with_pkce(client, [], pkce(client), nonce="n")
    with pytest.raises(SignatureMismatch, match="at_hash is of another access token"):
        verify_id_token(client, id_token, nonce="n", access_token=log_in(client))


def test_another_logins_verifier_is_refused(client: GraphClient) -> None:
    pair = pkce(client)
    wrong = replace(pair, verifier=pkce(client).verifier)
    with pytest.raises(CodeRejected, match="Invalid code_verifier"):
        log_in_with_pkce(client.without_secret(), [], wrong, nonce="n")


def test_without_a_challenge_the_secret_is_needed(client: GraphClient) -> None:
    with pytest.raises(AppCredentialsWrong):
        log_in_with_pkce(client.without_secret(), [], replace(pkce(client), challenge=""), nonce="n")


def test_graph_opens_to_no_id_token(client: GraphClient, id_token: Secret) -> None:
    for path in ("me", "me/accounts", "3000000000001"):
        with pytest.raises(TokenMalformed, match="Cannot parse access token"):
            client.get(path, AccessToken(id_token))


def test_a_person_may_say_no_to_a_limited_login(client: GraphClient, sandbox: Sandbox) -> None:
    with pytest.raises(LoginCancelled):
        log_in_limited(client.acting_as(sandbox.person(cancel=True)), nonce="n")


def test_an_id_token_is_asked_for_with_openid_only(client: GraphClient) -> None:
    with pytest.raises(DialogRefused, match="for the scope openid only"):
        client.open_dialog(login_url(client, ["email"], state="s", response_type="id_token"))


def test_neither_repr_nor_wire_shows_it(client: GraphClient, id_token: Secret) -> None:
    who = verify_id_token(client, id_token, nonce="n")
    shown = f"{who!r} {id_token!r} {client.wire.exchanges!r}"
    assert not [part for part in id_token.reveal().split(".") if part in shown]
    told = json.dumps({"location": f"http://x/#id_token={id_token.reveal()}&state=s"})
    assert from_redirect("id_token", json.loads(told)["location"], "s") == id_token
