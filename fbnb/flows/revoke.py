"""Taking back: what a person granted, one permission undone, the whole login undone, and the callbacks that tell the app."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fbnb.answers import part
from fbnb.client import GraphClient
from fbnb.errors import InputError, SignatureMismatch
from fbnb.flows.system_user import succeeded
from fbnb.redact import Secret
from fbnb.tokens import AccessToken, Permission


def list_permissions(client: GraphClient, token: AccessToken, *, user_id: str = "me") -> list[Permission]:
    """What the person granted and declined so far, and what has expired. user_id: with an app token, anyone who uses the app.

    Source: Meta, "/{user}/permissions" reference.
    """
    rows = client.items(f"{user_id}/permissions", token)
    return [Permission(part(row, "permission", str), part(row, "status", str)) for row in rows]


def revoke_permission(client: GraphClient, token: AccessToken, permission: str, *, user_id: str = "me") -> bool:
    """Take one permission back; the tokens live on without it. user_id: with an app token, whose.

    Raises InputError: not one permission's name. RequestInvalid: it was never asked for. Source: Meta, "Revoke Permissions".
    """
    if not re.fullmatch(r"\w+", permission):  # without a name, the path would be the one that takes everything back
        raise InputError(f"{permission!r} is not the name of one permission.", remedy="To take all back, use revoke_login.")
    return succeeded(client.delete(f"{user_id}/permissions/{permission}", token).get("success"))


def revoke_login(client: GraphClient, token: AccessToken, *, user_id: str = "me") -> bool:
    """De-authorise the app: every permission is gone, and every token the app has of the person dies.

    user_id: with an app token, whose; the app token lives on. Source: Meta, "Revoke Permissions", Revoke login.
    """
    return succeeded(client.delete(f"{user_id}/permissions", token).get("success"))


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What Graph tells a callback. payload: all of it, decoded; it may hold a token."""

    user_id: str
    issued_at: datetime | None
    payload: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"SignedRequest(user {self.user_id}, issued {self.issued_at})"


def make_signed_request(payload: Mapping[str, Any], secret: Secret) -> Secret:
    """A signed_request as Graph makes them, to try a callback with: signature first, over the encoded payload.

    payload: what it tells; the name of the algorithm is added where it is not there.
    """
    named = {**payload, "algorithm": payload.get("algorithm", "HMAC-SHA256")}
    encoded = _encoded(json.dumps(named, separators=(",", ":")).encode())
    return Secret(f"{_signature(encoded, secret)}.{encoded}")


def read_signed_request(text: str | Secret, secret: Secret) -> SignedRequest:
    """The payload of a signed_request, after its signature was compared in constant time.

    Raises SignatureMismatch: not signed with this secret, by another algorithm, or not a signed_request at all.
    Source: Meta, "Deauthorize Callback" and "Data Deletion Request Callback".
    """
    told = _verified(text.reveal() if isinstance(text, Secret) else text, secret)
    if told is None:
        raise SignatureMismatch("The signed_request is not one that was signed with this app's secret.")
    return told


def _verified(text: str, secret: Secret) -> SignedRequest | None:
    try:
        signature, _, encoded = text.partition(".")
        # The text is compared, not what it decodes to: several texts decode to the same bytes.
        if not hmac.compare_digest(signature.rstrip("=").encode(), _signature(encoded, secret).encode()):
            return None
        payload = json.loads(_decoded(encoded))
        if not isinstance(payload, dict) or str(payload.get("algorithm", "")).upper() != "HMAC-SHA256":
            return None
        issued = payload.get("issued_at")
        at = datetime.fromtimestamp(issued, UTC) if isinstance(issued, int) else None
        return SignedRequest(str(payload.get("user_id", "")), at, payload)
    except (ValueError, RecursionError, OverflowError, OSError):
        return None


def answer_data_deletion(text: str | Secret, secret: Secret, status_url: str) -> dict[str, str]:
    """The JSON that a data-deletion callback must answer: where the person sees how it goes, and a code to ask with.

    status_url: a page of yours; the code is added to it. The same request has the same code, should Graph post it twice.

    Raises SignatureMismatch. Source: Meta, "Data Deletion Request Callback".
    """
    told = read_signed_request(text, secret)
    about = f"deletion/{told.user_id}/{told.payload.get('issued_at')}"
    code = hmac.new(secret.reveal().encode(), about.encode(), hashlib.sha256).hexdigest()[:20]
    return {"url": f"{status_url}{'&' if '?' in status_url else '?'}code={code}", "confirmation_code": code}


def _signature(encoded: str, secret: Secret) -> str:
    return _encoded(hmac.new(secret.reveal().encode(), encoded.encode(), hashlib.sha256).digest())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
