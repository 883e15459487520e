"""Every error of the package, named for what to do next.

FbnbError
├── SettingError          a variable is missing or malformed: set it
├── InputError            what was typed cannot be right: type it again
│   ├── ScopeUnknown      no permission has that name
│   └── RedirectMistake   the pasted URL is not the redirect of this login
├── StateMismatch         the redirect belongs to another login: start again, do not use it
├── SignatureMismatch     what came is not signed by Facebook for this app: do not act on it
├── LoginCancelled        the person said no: explain, then ask again
├── DialogRefused         the dialog itself refused: change the app's settings
├── SandboxOnly           only the sandbox can do that: skip the cell
├── WorldError            the sandbox's world.json is wrong: correct the named line or key
├── TransportError        nothing came back: check the network, proxy, certificates
├── UnreadableAnswer      something came back that is not Graph's: look at what stands between
└── GraphError            Graph refused; carries code, subcode, type, status, fbtrace_id
    ├── TokenInvalid      get a new token through login
    │   ├── TokenExpired      its time ran out: log in again
    │   ├── TokenRevoked      someone ended it early: ask the person again
    │   └── TokenMalformed    not a token, or not all of it: copy it again
    ├── WrongTokenKind    a token of another kind is needed here
    ├── PermissionMissing ask for the permission or the task
    ├── CodeRejected      the login code is used, late or for another redirect_uri: get a new one
    ├── LoginPending      the person has not answered on the other device yet: poll again, not too often
    ├── LoginDeclined     the person said no on the other device: explain, then ask again
    ├── AppCredentialsWrong  app id or app secret is wrong: compare with the app's dashboard
    ├── ProofRejected     appsecret_proof is missing or wrong: sign this token with this app's secret
    ├── RateLimited       wait
    ├── TemporaryFailure  retry
    ├── NotFound          no such object, or not visible to this token
    └── RequestInvalid    a parameter or path is wrong: correct it
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fbnb.redact import redact


class FbnbError(Exception):
    """Base of all: one line that says what is wrong, and `remedy`, what to do about it."""

    remedy = ""

    def __init__(self, message: str = "", *, remedy: str | None = None) -> None:
        self.problem = redact(message)
        if remedy is not None:
            self.remedy = remedy
        super().__init__(" ".join(part for part in (self.problem, self.remedy) if part))

    def __reduce__(self) -> tuple[Any, ...]:
        return _revive, (type(self), str(self), dict(vars(self)))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(f"{type(self).__name__}: {self}")

    def _render_traceback_(self) -> list[str]:
        # IPython asks an error how it wants to be shown: a refusal is an answer to read, not a crash to debug.
        return [f"{type(self).__name__}: {self}"]


def _revive(kind: type[FbnbError], line: str, facts: dict[str, Any]) -> FbnbError:
    error = kind.__new__(kind, line)
    error.args = (line,)
    vars(error).update(facts)
    return error


class SettingError(FbnbError):
    """A setting is missing or malformed."""


class InputError(FbnbError):
    """What was given cannot be right, whatever Graph would say."""


class ScopeUnknown(InputError):
    """No permission has that name."""


class RedirectMistake(InputError):
    """The pasted URL is not the redirect of this login."""


class StateMismatch(FbnbError):
    """The `state` in the redirect is not the one this login began with."""

    remedy = "Start the login again and use only the redirect that it ends in."


class SignatureMismatch(FbnbError):
    """A signed_request or an id_token is not what Facebook signed for this app."""

    remedy = "Do not act on it; check that it reached you whole, and whose app secret or app id you compare with."


class LoginCancelled(FbnbError):
    """The person closed the dialog with Cancel."""

    remedy = "Explain why the app needs it, then ask again."


class DialogRefused(FbnbError):
    """The login dialog showed an error instead of a question."""

    remedy = "Correct the app's login settings or roles in its dashboard, then start the login again."


class SandboxOnly(FbnbError):
    """Asked of live Graph, where nobody can move the clock or another person's hand."""

    remedy = "Skip this cell, or run the notebook on the sandbox."


class WorldError(FbnbError):
    """The file the sandbox is seeded from cannot be used."""


class TransportError(FbnbError):
    """No answer came back."""

    remedy = "Check the network, the proxy (HTTPS_PROXY) and the certificates (SSL_CERT_FILE), then call again."


class UnreadableAnswer(FbnbError):
    """An answer came back that Graph does not give."""

    remedy = "Look for a proxy, a login page or a cut connection between here and Graph, then call again."


class GraphError(FbnbError):
    """Graph refused the call.

    code, subcode: Graph's numbers (None where it gave none). type: such as "OAuthException". message: Graph's words.
    status: the HTTP status, which alone means little. fbtrace_id: what Meta's support asks for.
    """

    def __init__(
        self,
        message: str = "",
        *,
        code: int | None = None,
        subcode: int | None = None,
        type: str = "",
        status: int | None = None,
        fbtrace_id: str = "",
        remedy: str | None = None,
    ) -> None:
        self.message = redact(message)
        self.code, self.subcode, self.type, self.status, self.fbtrace_id = code, subcode, type, status, fbtrace_id
        number = f"{code}/{subcode}" if subcode else str(code)
        super().__init__(f"Graph refused ({number}): {self.message.rstrip('.')}.", remedy=remedy)


class TokenInvalid(GraphError):
    """190 and its kin: the token does not work."""

    remedy = "Get a new token through login."


class TokenExpired(TokenInvalid):
    """The token's time ran out."""

    remedy = "Log in again for a new one; an expired token cannot be extended."


class TokenRevoked(TokenInvalid):
    """The token was ended before its time."""

    remedy = "Send the person through login again."


class TokenMalformed(TokenInvalid):
    """Graph cannot read the token."""

    remedy = "Copy it again, whole, without quotes or spaces; an app token is app-id|app-secret."


class WrongTokenKind(GraphError):
    """The token is of a kind that cannot make this call."""

    remedy = "Call with the kind of token the message names."


class PermissionMissing(GraphError):
    """A permission, or a task on the Page, is missing."""

    remedy = "Ask the person for the permission (auth_type=rerequest), or a Page admin for the task."


class CodeRejected(GraphError):
    """The login code cannot be exchanged."""

    remedy = "Get a new code where this one came from: each is good once, for minutes only, for one redirect_uri."


class LoginPending(GraphError):
    """The person has not answered on the other device yet."""

    remedy = "Poll again after the interval, until the code expires."


class LoginDeclined(GraphError):
    """The person said no on the other device."""

    remedy = "Explain why the app needs it, then start a new device login."


class AppCredentialsWrong(GraphError):
    """App id or app secret is not right."""

    remedy = "Compare FBNB_APP_ID and FBNB_APP_SECRET with the app's dashboard (Settings, Basic)."


class ProofRejected(GraphError):
    """`appsecret_proof` is missing or wrong."""

    remedy = "Sign the very token that is sent, with the secret of the app it belongs to."


class RateLimited(GraphError):
    """Too many calls."""

    remedy = "Stop calling and wait; the usage headers say how full the hour is."


class TemporaryFailure(GraphError):
    """Graph's own fault, for now."""

    remedy = "Call again in a moment."


class NotFound(GraphError):
    """There is no such object, or this token may not see it."""

    remedy = "Check the id, then whether this token's person has access to it."


class RequestInvalid(GraphError):
    """A parameter or the path is wrong."""

    remedy = "Correct the call as the message says."


@dataclass(frozen=True, slots=True)
class _Rule:
    """An error of these codes, and of these subcodes or these words where given, is `kind`. remedy: if not its own."""

    kind: type[GraphError]
    codes: frozenset[int]
    subcodes: frozenset[int] = frozenset()
    words: str = ""
    remedy: str | None = None

    def fits(self, code: int, subcode: int | None, message: str) -> bool:
        if code not in self.codes or (self.subcodes and subcode not in self.subcodes):
            return False
        return re.search(self.words, message, re.IGNORECASE) is not None


def _rule(kind: type[GraphError], codes: Any, subcodes: Any = (), words: str = "", remedy: str | None = None) -> _Rule:
    return _Rule(kind, frozenset(codes), frozenset(subcodes), words, remedy)


_DEVICE_AGAIN = "Start the login again on the device: a code is good for one login, and for minutes only."


# The first rule that fits decides, so the particular stand before the general.
_RULES = (
    _rule(ProofRejected, {100}, words="appsecret_proof"),
    _rule(CodeRejected, {100}, {36007, 36008, 36009}),
    _rule(CodeRejected, {463}, {1349152}, remedy=_DEVICE_AGAIN),
    _rule(CodeRejected, {100}, words="device login code", remedy=_DEVICE_AGAIN),
    _rule(RateLimited, {17}, {1349172}, remedy="Wait for the interval, then poll again."),
    _rule(LoginPending, {31}),
    _rule(LoginDeclined, {100}, {1349173}),
    _rule(CodeRejected, {1, 100}, words="verification code|authorization code|code_verifier"),
    _rule(AppCredentialsWrong, {1, 100, 101, 190}, words="client secret|validating application|client_id"),
    _rule(NotFound, {100}, {33}),
    _rule(NotFound, {803}),
    _rule(WrongTokenKind, {100}, words="must (provide|be called with) an app access token|did not match the Viewing App"),
    _rule(
        WrongTokenKind,
        {102, 104, 190, 210, 2500},
        words=r"must be called with a|access token (is|must be)|page access token is|user access token",
    ),
    _rule(WrongTokenKind, {190}, words="debug only", remedy="It can only be asked about; call with the token it was made from."),
    _rule(PermissionMissing, {190}, words="must be granted before"),
    _rule(TokenExpired, {102, 190, 463}, {463}),
    _rule(TokenExpired, {463}),
    _rule(TokenRevoked, {102, 190}, {452, 458, 459, 460, 464, 465, 466, 467, 490, 492}),
    _rule(TokenRevoked, {190}, words="belongs to a Page", remedy="Drop the token: it comes back only if the Page does."),
    _rule(TokenMalformed, {190}, words="signature", remedy="Was the app secret reset? Then make the app token anew."),
    _rule(TokenMalformed, {190}, words="cannot parse|decrypted|malformed"),
    _rule(TokenInvalid, {102, 190, 458, 459, 460, 464, 467}),
    _rule(RateLimited, {4, 9, 17, 32, 341, 613, *range(80000, 80015)}),
    _rule(TemporaryFailure, {-1, 1, 2}),
    _rule(PermissionMissing, {3, 10, *range(200, 300)}),
    _rule(RequestInvalid, {100, 191, 2500, 2635, 2900, 2902, 2903}),
)


def graph_error(status: int, body: dict[str, Any], known: Iterable[str] = ()) -> GraphError:
    """The error that an answer with an `error` object means.

    status: the HTTP status. body: the decoded answer. known: secrets of the request, which the message may repeat. An
    unknown code gives a plain GraphError, never a crash.
    """
    told = body.get("error")
    told = told if isinstance(told, dict) else {"message": str(told)}
    message, code, subcode = str(told.get("message", "")), _number(told.get("code")), _number(told.get("error_subcode"))
    fitting = (rule for rule in _RULES if code is not None and rule.fits(code, subcode, message))
    rule = next(fitting, _Rule(GraphError, frozenset()))
    return rule.kind(
        redact(message, known),
        code=code,
        subcode=subcode,
        type=str(told.get("type", "")),
        status=status,
        fbtrace_id=str(told.get("fbtrace_id", "")),
        remedy=rule.remedy,
    )


def _number(value: object) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None
