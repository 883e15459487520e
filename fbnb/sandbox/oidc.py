"""Twin of flows/oidc: who someone is, signed. The key pair is made once for each world, when it is first needed."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

from fbnb.sandbox.messages import DIALOG_HOST, Asked
from fbnb.sandbox.world import World

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa

# jwt and cryptography are imported where they are used: loading them takes longer than the rest of a sandbox together.
ISSUER = f"https://{DIALOG_HOST}"
_LIFETIME = 3600
_CLAIMS = (
    "iss aud sub iat exp jti nonce at_hash name given_name middle_name family_name email picture user_friends user_birthday"
    " user_age_range user_link user_hometown user_location user_gender"
)


def discover(world: World, asked: Asked) -> dict[str, Any]:
    """`GET /.well-known/openid-configuration/`: no token_endpoint is listed."""
    return {
        "issuer": ISSUER,
        "authorization_endpoint": asked.address("facebook.com", "dialog/oauth/"),
        "jwks_uri": asked.address(DIALOG_HOST, ".well-known/oauth/openid/jwks/"),
        "response_types_supported": ["id_token", "token id_token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": _CLAIMS.split(),
    }


def signing_keys(world: World, asked: Asked) -> dict[str, Any]:
    """`GET /.well-known/oauth/openid/jwks/`: the public half."""
    from jwt.algorithms import RSAAlgorithm

    public = json.loads(RSAAlgorithm.to_jwk(_key(world).public_key()))
    return {"keys": [{"kid": _kid(world), "kty": "RSA", "alg": "RS256", "use": "sig", "n": public["n"], "e": public["e"]}]}


def id_token(world: World, app: str, person: str, nonce: str, access_token: str = "") -> str:
    """Who the person is, for this app alone, good for an hour. at_hash ties it to the access token handed out with it."""
    import jwt

    who, now = world.people[person], int(world.now().timestamp())
    given, _, family = who.name.partition(" ")
    claims = {"iss": ISSUER, "aud": app, "sub": world.scoped_id(person, app), "iat": now, "exp": now + _LIFETIME}
    claims |= {"jti": world.next_digest("jti", 40), "name": who.name, "given_name": given, "family_name": family}
    if nonce:
        claims["nonce"] = nonce
    if who.email and "email" in world.grant(person, app).granted:
        claims["email"] = who.email
    if access_token:
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        claims["at_hash"] = base64.urlsafe_b64encode(half).decode().rstrip("=")
    return jwt.encode(claims, _key(world), algorithm="RS256", headers={"kid": _kid(world)})


def _key(world: World) -> rsa.RSAPrivateKey:
    from cryptography.hazmat.primitives.asymmetric import rsa

    with world.lock:
        if "oidc" not in world.keys:
            world.keys["oidc"] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        key: rsa.RSAPrivateKey = world.keys["oidc"]
        return key


def _kid(world: World) -> str:
    return world.digest("oidc key", 40)
