"""The nouns: access tokens, what debug_token says of them, Pages and permissions. Frozen values, aware UTC datetimes.

An expiry has three values that never mix: a datetime, `NEVER` (Graph said 0) and `None` (Graph did not say).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum, StrEnum
from typing import Any, Literal

from fbnb.errors import InputError
from fbnb.redact import Secret


class Never(Enum):
    """The type of `NEVER`."""

    NEVER = "never"

    def __repr__(self) -> str:
        return "NEVER"


NEVER = Never.NEVER
Expiry = datetime | Literal[Never.NEVER] | None


def expiry_from_epoch(seconds: int | None) -> Expiry:
    """Graph's epoch seconds as an expiry: 0 is NEVER, absent is None."""
    if seconds is None:
        return None
    return NEVER if seconds == 0 else datetime.fromtimestamp(seconds, UTC)


def expired(expiry: Expiry, now: datetime) -> bool | None:
    """Whether the time has come; None where Graph did not say when it would."""
    if expiry is None:
        return None
    return False if expiry is NEVER else expiry <= now


def fingerprint(text: str) -> str:
    """What a token is known by where the token itself must not stand: the SHA-256 of its text, in hex.

    A plain hash is enough: a token is long and random, so nobody gets from the hash to the token by trying, as with passwords.
    """
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


class TokenKind(StrEnum):
    """The five kinds. Not `token_type`, which in OAuth is always "bearer"."""

    USER = "USER"
    PAGE = "PAGE"
    APP = "APP"
    CLIENT = "CLIENT"
    SYSTEM_USER = "SYSTEM_USER"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token and what is known of it; only `value.reveal()` shows the string.

    issued_at: when Graph handed it out. expires_at, data_access_until: expiries, see the module. subject: the id of
    the person or Page it acts for. label: what we call it in tables.
    """

    value: Secret
    kind: TokenKind = TokenKind.USER
    label: str = ""
    issued_at: datetime | None = None
    expires_at: Expiry = None
    data_access_until: Expiry = None
    subject: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.value, str):  # against the type, and easily done
            object.__setattr__(self, "value", Secret(self.value))

    @classmethod
    def of(cls, text: str, kind: TokenKind = TokenKind.USER, *, label: str = "") -> AccessToken:
        """The token in a pasted string.

        Raises InputError: empty, quoted, with a space or line break inside, or plainly of another kind.
        """
        problem, value = _wrong_with(text, kind), Secret(text)
        del text  # a verbose traceback shows what a frame still holds
        if problem:
            raise problem
        return cls(value, kind, label)

    @property
    def hint(self) -> str:
        """As much of it as may be shown."""
        return self.value.hint

    @property
    def fingerprint(self) -> str:
        """What it is known by where it must not stand; see `fingerprint`."""
        return fingerprint(self.value.reveal())

    def labelled(self, label: str) -> AccessToken:
        """The same token under another name."""
        return replace(self, label=label)

    def confirmed(self, info: TokenInfo) -> AccessToken:
        """The same token with what debug_token said of it; what it left unsaid stays as it was."""
        return replace(
            self,
            kind=info.kind or self.kind,
            issued_at=info.issued_at or self.issued_at,
            expires_at=self.expires_at if info.expires_at is None else info.expires_at,
            data_access_until=self.data_access_until if info.data_access_expires_at is None else info.data_access_expires_at,
            subject=info.profile_id or info.user_id or self.subject,
        )

    def __repr__(self) -> str:
        return f"AccessToken({self.kind} {self.hint}, {expiry_in_words(self.expires_at)})"


def expiry_in_words(expiry: Expiry) -> str:
    """`never expires`, `expiry not told` or `expires 2026-11-02 11:00 UTC`."""
    if expiry is None:
        return "expiry not told"
    return "never expires" if expiry is NEVER else f"expires {expiry:%Y-%m-%d %H:%M} UTC"


def _wrong_with(text: str, kind: TokenKind) -> InputError | None:
    again = "Copy it again, whole and alone."
    if not text.strip():
        return InputError("The access token is empty.", remedy="Paste the token that the login or the dashboard gave.")
    if text[0] in "\"'" or text[-1] in "\"'":
        return InputError("The access token stands in quotes.", remedy="Paste it without them.")
    if found := re.search(r"\s", text):
        return InputError(
            f"The access token has a {'line break' if found.group() in chr(10) + chr(13) else 'space'} in it.", remedy=again
        )
    if not text.isascii():
        return InputError("The access token has a character in it that no token has.", remedy=again)
    if ("|" in text) != (kind in {TokenKind.APP, TokenKind.CLIENT}):
        shape = "has the app-id|… form of an app or client token" if "|" in text else "lacks the | of an app or client token"
        return InputError(f"This is not a {kind} token: it {shape}.", remedy="Name its kind, or paste the other token.")
    return None


@dataclass(frozen=True, slots=True)
class GranularScope:
    """A permission and what it is limited to; `target_ids` None means everything the person has."""

    scope: str
    target_ids: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class TokenFault:
    """Why debug_token calls a token invalid. Its `subcode` is what other answers call `error_subcode`."""

    code: int
    message: str
    subcode: int | None = None


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """All that debug_token says. Source: Meta, "debug_token" reference.

    A field that Graph leaves out is None or empty: `issued_at` comes for long-lived tokens only, `expires_at` not for
    app tokens, `profile_id` for Page tokens only. NEVER stands for Graph's 0.
    """

    is_valid: bool
    kind: TokenKind | None = None
    app_id: str = ""
    application: str = ""
    expires_at: Expiry = None
    data_access_expires_at: Expiry = None
    issued_at: datetime | None = None
    user_id: str = ""
    profile_id: str = ""
    scopes: tuple[str, ...] = ()
    granular_scopes: tuple[GranularScope, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)
    error: TokenFault | None = None

    def __repr__(self) -> str:
        state = "valid" if self.is_valid else "not valid"
        return f"TokenInfo({self.kind or 'unreadable'}, {state}, {expiry_in_words(self.expires_at)})"

    @classmethod
    def from_graph(cls, data: dict[str, Any]) -> TokenInfo:
        """From the `data` object of the answer; ids may come as numbers."""
        issued, fault = data.get("issued_at"), data.get("error")
        return cls(
            is_valid=bool(data.get("is_valid")),
            kind=TokenKind(data["type"]) if data.get("type") in TokenKind.__members__ else None,
            app_id=str(data.get("app_id", "")),
            application=data.get("application", ""),
            expires_at=expiry_from_epoch(data.get("expires_at")),
            data_access_expires_at=expiry_from_epoch(data.get("data_access_expires_at")),
            issued_at=datetime.fromtimestamp(issued, UTC) if issued else None,
            user_id=str(data.get("user_id", "")),
            profile_id=str(data.get("profile_id", "")),
            scopes=tuple(data.get("scopes", ())),
            granular_scopes=tuple(_granular(item) for item in data.get("granular_scopes", ())),
            metadata=dict(data.get("metadata", {})),
            error=TokenFault(fault.get("code", 0), fault.get("message", ""), fault.get("subcode")) if fault else None,
        )


def _granular(item: dict[str, Any]) -> GranularScope:
    targets = item.get("target_ids")
    return GranularScope(item["scope"], None if targets is None else tuple(map(str, targets)))


@dataclass(frozen=True, slots=True)
class Page:
    """A Page as the person sees it. tasks: what they may do there, None where Graph was not asked. token: its Page token.

    more: whatever other fields were asked for and answered.
    """

    id: str
    name: str
    category: str = ""
    tasks: tuple[str, ...] | None = None
    token: AccessToken | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission and its status: granted, declined or expired."""

    name: str
    status: str
