"""What any error means that Graph or someone's SDK printed: the cause, what else it may be, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from html import escape
from typing import Any

from fbnb.codes import numbers
from fbnb.errors import FbnbError, kind_of
from fbnb.pasted import place, plain
from fbnb.redact import redact
from fbnb.resources import rows
from fbnb.rules import Rule, Told, fitting


class Cause(StrEnum):
    """Why a call or a login failed. `means` says it in a sentence."""

    EXPIRED = "expired"
    PASSWORD_CHANGED = "password_changed"
    LOGGED_OUT_OR_SESSION_INVALID = "logged_out_or_session_invalid"
    USER_REVOKED_APP = "user_revoked_app"
    CHECKPOINT_OR_UNCONFIRMED = "checkpoint_or_unconfirmed"
    MALFORMED_TOKEN = "malformed_token"
    WRONG_TOKEN_KIND = "wrong_token_kind"
    WRONG_APP = "wrong_app"
    MISSING_PERMISSION = "missing_permission"
    APP_CONFIG = "app_config"
    APP_SECRET_OR_PROOF = "app_secret_or_proof"
    REDIRECT_MISMATCH = "redirect_mismatch"
    CODE_EXPIRED = "code_expired"
    CODE_USED = "code_used"
    USER_CANCELLED = "user_cancelled"
    PENDING_AUTHORIZATION = "pending_authorization"
    RATE_LIMITED = "rate_limited"
    TRANSIENT = "transient"
    BLOCKED_BY_POLICY = "blocked_by_policy"
    UNKNOWN_OBJECT = "unknown_object"
    BAD_PARAMETER = "bad_parameter"
    VERSION = "version"
    OTHER = "other"

    @property
    def means(self) -> str:
        """The cause in a sentence."""
        return next(row["means"] for row in rows("causes.csv") if row["cause"] == self)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """also: other causes that the words allow, likeliest first. retryable: the same call may work later, unchanged.

    needs_person: someone has to log in, grant or confirm. evidence: what in the input decided, secrets hidden.
    """

    cause: Cause
    also: tuple[Cause, ...]
    remedy: str
    retryable: bool
    needs_person: bool
    evidence: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(f"{name}: {said}" for name, said in self.lines())

    def lines(self) -> list[tuple[str, str]]:
        """What to show of it: pairs of a heading and words, empty ones left out."""
        told = {
            "cause": f"{self.cause}. {self.cause.means}",
            "may also be": ", ".join(self.also),
            "what to do": self.remedy,
            "call again": "yes, later" if self.retryable else "not as it is",
            "ask the person": "yes" if self.needs_person else "no",
            "seen": ", ".join(self.evidence),
        }
        return [(name, said) for name, said in told.items() if said]

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        cell = '<td style="text-align:left;white-space:normal">'
        rows = (f"<tr><th scope=row>{escape(name)}</th>{cell}{escape(said)}</td></tr>" for name, said in self.lines())
        return f"<table>{''.join(rows)}</table>"


def diagnose(anything: object, *, where: str | None = None, http_status: int | None = None) -> Diagnosis:
    """Name cause and remedy of any error: text as pasted, bytes, decoded JSON, an exception, an answer, a redirect URL.

    where: the call or dialog it came from, in any words; an Exchange says so itself. http_status: if known. Nothing raises;
    what is not understood is `other`. Of what was given, only the words that decided are kept, secrets hidden.
    """
    text = plain(anything)
    code, subcode = numbers(text)
    words = f"{text} HTTP {http_status}" if http_status else text
    rule, evidence = next(fitting(Told(code, subcode, words, str(where or place(anything)))))
    return Diagnosis(
        cause=Cause(rule.cause),
        also=tuple(Cause(name) for name in rule.also),
        remedy=_remedy(anything, rule),
        retryable=rule.retryable,
        needs_person=rule.needs_person,
        evidence=tuple(map(_shown, evidence)),
    )


def _remedy(anything: object, rule: Rule) -> str:
    own = anything.remedy if isinstance(anything, FbnbError) else ""
    return own or rule.remedy or kind_of(rule).remedy


def _shown(evidence: str) -> str:
    return redact(evidence).encode(errors="replace").decode()[:120]
