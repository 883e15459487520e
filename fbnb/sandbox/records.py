"""What a world has handed out, as it stands in its books: tokens, codes, devices' logins, system users. All frozen."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fbnb.redact import redact, redact_params
from fbnb.sandbox.facts import Moment
from fbnb.sandbox.messages import Asked
from fbnb.tokens import Expiry, TokenKind


@dataclass(frozen=True, slots=True)
class SystemUser:
    """A machine account of a business. role: ADMIN, EMPLOYEE ... app: the app it came with, for a business integration."""

    id: str
    name: str
    role: str
    business: str
    created: datetime
    app: str = ""


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """A token the world handed out. parent: the string it came from; call: what made it. Its state is not here: see judge.

    person: a person or a system user. scopes: what it may do, where that was fixed when it was made; None for what the
    person grants by now. debug_only: a session-info token, good for being asked about and nothing else.
    """

    value: str = field(repr=False)
    kind: TokenKind
    app: str
    issued: Moment
    expires_at: Expiry
    call: str
    person: str = ""
    page: str = ""
    parent: str = field(default="", repr=False)
    long_lived: bool = False
    auth_type: str = ""
    scopes: frozenset[str] | None = None
    debug_only: bool = False


@dataclass(frozen=True, slots=True)
class CodeRecord:
    """A login code. used: the moment of its one exchange, None before. made_by: the flow that made it, which redeems it.

    config: what a business login asked for. nonce: for the id_token; None where none was asked for. parent: the token of
    a client code.
    """

    app: str
    person: str
    redirect_uri: str
    issued: Moment
    auth_type: str = ""
    code_challenge: str = ""
    challenge_method: str = ""
    used: Moment | None = None
    made_by: str = "login"
    config: str = ""
    nonce: str | None = None
    parent: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """A device's login. polled: when it last asked. answer: granted, declined, or "" while nobody answered."""

    app: str
    user_code: str
    scopes: frozenset[str]
    issued: Moment
    polled: Moment | None = None
    answer: str = ""
    person: str = ""


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """A request that was answered. error: code and subcode of a refusal, "" for none."""

    at: datetime
    asked: Asked
    status: int
    error: str = ""

    def told(self) -> dict[str, Any]:
        """All of it but what is secret."""
        asked = self.asked
        version = f"{asked.version}/" if asked.version else ""
        return {
            "at": self.at.isoformat(),
            "method": asked.method,
            "host": asked.host,
            "path": redact(f"/{version}{asked.path}", asked.secrets),
            "params": redact_params(asked.params, asked.secrets),
            "authorized": bool(asked.authorization),
            "status": self.status,
            "error": self.error,
        }
