"""OpenID Connect: who someone is, in a token that Facebook signs and that opens nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import jwt
from jwt.types import Options

from fbnb.answers import part
from fbnb.catalogue import scope_list
from fbnb.client import DIALOG_HOST, GraphClient
from fbnb.errors import SignatureMismatch
from fbnb.flows.login import Pkce, code_from_redirect, from_redirect, login_url, spend_code, token_from_answer
from fbnb.redact import Secret
from fbnb.tokens import AccessToken

ISSUERS = (f"https://{DIALOG_HOST}", "https://facebook.com")
DISCOVERY = ".well-known/openid-configuration/"
SIGNING_KEYS = ".well-known/oauth/openid/jwks/"
_OPTIONS: Options = {
    "require": ["iss", "aud", "sub", "iat", "exp", "jti"],
    "strict_aud": True,
    # Times are judged below.
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
}
_FRESH = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class IdToken:
    """A verified id_token: its header and claims, to read; the string itself is not kept."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]

    @property
    def user_id(self) -> str:
        """`sub`: the person, by the id that this app knows them by."""
        return str(self.claims["sub"])


def discover(client: GraphClient) -> dict[str, Any]:
    """Facebook's discovery document: issuer, addresses, algorithms. It lists no token_endpoint."""
    return client.public(DISCOVERY)


def fetch_signing_keys(client: GraphClient) -> list[dict[str, Any]]:
    """The public keys that id_tokens are signed with, as JWKs. Source: the discovery document's jwks_uri."""
    keys = part(client.public(SIGNING_KEYS), "keys", list)
    # A key is public, but its long text can happen to look like a token, and be sealed.
    return [{name: value.reveal() if isinstance(value, Secret) else value for name, value in key.items()} for key in keys]


def log_in_limited(client: GraphClient, scopes: Iterable[str] | str = ("openid",), *, nonce: str) -> Secret:
    """Limited Login: the dialog gives an id_token and no access token, so Graph can be asked nothing.

    Raises LoginCancelled, DialogRefused, StateMismatch, RedirectMistake. Source: Meta, "Limited Login".
    """
    state = client.nonce()
    url = login_url(client, ["openid", *scope_list(scopes)], state=state, nonce=nonce, response_type="id_token")
    return from_redirect("id_token", client.open_dialog(url), state, client.settings.redirect_uri)


def log_in_with_pkce(client: GraphClient, scopes: Iterable[str] | str, pair: Pkce, *, nonce: str) -> tuple[AccessToken, Secret]:
    """A login whose code is redeemed with the verifier in place of the secret; returns access token and id_token.

    Raises CodeRejected: the verifier is not this login's; and what a login raises. Source: Meta, "OIDC Token with Manual Flow".
    """
    state = client.nonce()
    url = login_url(client, ["openid", *scope_list(scopes)], state=state, nonce=nonce, code_challenge=pair.challenge)
    code = code_from_redirect(client.open_dialog(url), state=state, redirect_uri=client.settings.redirect_uri)
    answer = spend_code(client, redirect_uri=client.settings.redirect_uri, code=code, code_verifier=pair.verifier)
    return token_from_answer(client, answer, label="from OIDC"), part(answer, "id_token", Secret)


def verify_id_token(client: GraphClient, id_token: Secret, *, nonce: str, access_token: AccessToken | None = None) -> IdToken:
    """Header and claims, once signature, issuer, audience, times and nonce are found right, by the client's clock.

    access_token: the one that came along; an at_hash in the id_token must be of this very one.

    Raises SignatureMismatch, which names what was wrong. Source: Meta, "Validating the OIDC Token", and the iOS SDK.
    """
    keys = fetch_signing_keys(client)
    try:
        header = jwt.get_unverified_header(id_token.reveal())
        claims = jwt.decode(
            id_token.reveal(),
            jwt.PyJWKSet.from_dict({"keys": keys})[header.get("kid", "")].key,
            algorithms=["RS256"],
            audience=client.settings.app_id,
            issuer=ISSUERS,
            options=_OPTIONS,
        )
        problem = _wrong_with(client, claims, nonce) or _wrong_hash(claims, access_token)
    except KeyError:
        problem = "none of Facebook's keys has the id that it names"
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as wrong:
        # What is not PyJWT's own says in its words what it could not read.
        problem = f"{type(wrong).__name__}: {wrong}" if isinstance(wrong, jwt.PyJWTError) else "it cannot be read"
    if problem:
        raise SignatureMismatch(f"The id_token is not to be believed ({problem}).")
    return IdToken(header, claims)


def _wrong_with(client: GraphClient, claims: Mapping[str, Any], nonce: str) -> str:
    """What the library cannot judge, for it knows no clock but the system's."""
    now = client.now().timestamp()
    if not claims["exp"] > now:
        return "it has expired"
    if not abs(now - claims["iat"]) <= _FRESH.total_seconds():
        return "it was not issued within the last ten minutes"
    if not (claims["sub"] and claims["jti"]):
        return "its sub or jti is empty"
    return "" if claims.get("nonce") == nonce else "its nonce is of another login"


def _wrong_hash(claims: Mapping[str, Any], token: AccessToken | None) -> str:
    # OpenID Connect Core, 3.1.3.6: the left half of the token's SHA-256.
    if token is None or "at_hash" not in claims:
        return ""
    half = hashlib.sha256(token.value.reveal().encode()).digest()[:16]
    right = base64.urlsafe_b64encode(half).decode().rstrip("=")
    return "" if claims["at_hash"] == right else "its at_hash is of another access token"
