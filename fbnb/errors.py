"""Every error of the package, named for what to do next.

FbnbError
├── SettingError          a variable is missing or malformed: set it
├── InputError            what was typed cannot be right: type it again
│   ├── ScopeUnknown      no permission has that name
│   └── RedirectMistake   the pasted URL is not the redirect of this login
├── StateMismatch         the redirect belongs to another login: start again, do not use it
├── SignatureMismatch     what came is not signed by Facebook for this app: do not act on it
├── LoginCancelled        the person said no: explain, then ask again
├── LoginTimedOut         nobody answered the dialog: start again, or wait longer
├── DialogRefused         the dialog itself refused: change the app's settings
├── SandboxOnly           only the sandbox can do that: skip the cell
├── WorldError            the sandbox's world.json is wrong: correct the named line or key
├── StoreError            the token store cannot be used: do as it says
│   ├── WrongKey          the key is not the one this store was encrypted with: give that one
│   ├── StoreBusy         another program is writing: try again
│   ├── StoreGone         the database does not answer: start it, and go on
│   └── RowDamaged        a stored token is not what was stored: forget it, get it anew
├── TokenRefused          the token is not what is wanted: get one that is
├── NotRenewed            the token was left as it is: do as it says
├── LoginNeeded           no stored token will do: send the person to its url
├── NoticeFailed          a person could not be told, the notice is not marked as said: look to what tells them
├── TransportError        nothing came back: check the network, proxy, certificates
├── UnreadableAnswer      something came back that is not Graph's: look at what stands between
└── GraphError            Graph refused; carries code, subcode, type, status, fbtrace_id
    ├── TokenInvalid      get a new token through login
    │   ├── TokenExpired      its time ran out: log in again
    │   ├── TokenRevoked      someone ended it early: ask the person again
    │   ├── AccountLocked     the account waits for its owner: they clear it at facebook.com
    │   └── TokenMalformed    not a token, or not all of it: copy it again
    ├── WrongTokenKind    a token of another kind is needed here
    ├── PermissionMissing ask for the permission or the task
    ├── CodeRejected      the login code is used, late or for another redirect_uri: get a new one
    ├── LoginPending      the person has not answered on the other device yet: poll again, not too often
    ├── LoginDeclined     the person said no on the other device: explain, then ask again
    ├── AppRestricted     the app is not live, restricted or set up wrongly: look into its dashboard
    ├── AppCredentialsWrong  app id or app secret is wrong: compare with the app's dashboard
    ├── ProofRejected     appsecret_proof is missing or wrong: sign this token with this app's secret
    ├── RateLimited       wait
    ├── Blocked           Meta's rules do not allow it: stop, do not repeat it
    ├── TemporaryFailure  retry
    ├── NotFound          no such object, or not visible to this token
    └── RequestInvalid    a parameter or path is wrong: correct it
        ├── RedirectRejected  redirect_uri is not one the app allows: list it in the dashboard
        └── VersionRetired    the version, or what was called, is gone: move on
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fbnb.redact import redact
from fbnb.rules import Rule, Told, fitting


class FbnbError(Exception):
    """Base of all: one line that says what is wrong, and `remedy`, what to do about it."""

    remedy = ""

    def __init__(self, message: str = "", *, remedy: str | None = None) -> None:
        self.problem = redact(message)
        if remedy is not None:
            self.remedy = remedy
        super().__init__(" ".join(part for part in (self.problem, self.remedy) if part))

    def amend(self, more: str = "", *, remedy: str | None = None) -> None:
        """Say `more` about what is wrong, and another `remedy` in place of the one there was."""
        self.problem = " ".join(filter(None, (self.problem, more)))
        self.remedy = self.remedy if remedy is None else remedy
        self.args = (" ".join(filter(None, (self.problem, self.remedy))),)

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


class LoginTimedOut(FbnbError):
    """Nobody answered the dialog in the browser in time."""

    remedy = "Start the login again, with seconds= for more time, or with paste=True where your browser is on another machine."


class DialogRefused(FbnbError):
    """The login dialog showed an error instead of a question."""

    remedy = "Correct the app's login settings or roles in its dashboard, then start the login again."


class SandboxOnly(FbnbError):
    """Asked of live Graph, where nobody can move the clock or another person's hand."""

    remedy = "Skip this cell, or run the notebook on the sandbox."


class WorldError(FbnbError):
    """The file the sandbox is seeded from cannot be used."""


class StoreError(FbnbError):
    """The token store cannot be used."""


class WrongKey(StoreError):
    """The key at hand is not the one that this store was encrypted with."""


class StoreBusy(StoreError):
    """Another program holds the token store."""

    remedy = "Try again in a moment; nothing was changed."


class StoreGone(StoreError):
    """The token store's database went away."""

    remedy = "Start it again, then do the same again: what was stored is stored, and an audit goes on where it stopped."


class RowDamaged(StoreError):
    """A stored token is not what was stored: its row was changed, or changed places with another."""

    remedy = "Forget it (fbnb tokens forget), and get it anew."


class TokenRefused(FbnbError):
    """A token is not stored, because it is not what is wanted."""


class NotRenewed(FbnbError):
    """A token was not renewed, and stays what it was."""


class LoginNeeded(FbnbError):
    """Nothing stored will do to act for someone; they have to log in.

    url: of the login dialog. state: what its redirect has to bring back. reason: in words.
    """

    remedy = "Send the person to its url; code_from_redirect(..., state=its state) reads the answer."

    def __init__(self, reason: str = "", *, url: str = "", state: str = "") -> None:
        self.reason, self.url, self.state = redact(reason), url, state
        super().__init__(reason)


class NoticeFailed(FbnbError):
    """A person could not be told about their token, or it is not sure that they were."""

    remedy = "The notice is not marked as said, so the next audit tries again; see to what is wrong before that."


class TransportError(FbnbError):
    """No answer came back."""

    remedy = "Check the network, the proxy (HTTPS_PROXY) and the certificates (SSL_CERT_FILE), then call again."


class UnreadableAnswer(FbnbError):
    """An answer came back that Graph does not give."""

    remedy = "Look for a proxy, a login page or a cut connection between here and Graph, then call again."


def numbered(code: object, subcode: object = None) -> str:
    """Graph's numbers as people write them: `190/460`, or `190` where there is no subcode."""
    return f"{code}/{subcode}" if subcode else str(code)


class GraphError(FbnbError):
    """Graph refused the call.

    code, subcode: Graph's numbers (None where it gave none). type: such as "OAuthException". message: Graph's words.
    status: the HTTP status, which alone means little. fbtrace_id: what Meta's support asks for. fingerprint: of the token
    that the call carried (see fbnb/tokens.py), set by the client; "" where it carried none.
    """

    fingerprint: str = ""

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
        numbers = f" ({numbered(code, subcode)})" if code is not None else ""
        super().__init__(f"Graph refused{numbers}: {self.message.rstrip('.')}.", remedy=remedy)


class TokenInvalid(GraphError):
    """190 and its kin: the token does not work."""

    remedy = "Get a new token through login."


class TokenExpired(TokenInvalid):
    """The token's time ran out."""

    remedy = "Log in again for a new one; an expired token cannot be extended."


class TokenRevoked(TokenInvalid):
    """The token was ended before its time."""

    remedy = "Send the person through login again."


class AccountLocked(TokenInvalid):
    """Facebook holds the person's account back."""

    remedy = "The person logs in at facebook.com and does what it asks, then logs in here again."


class TokenMalformed(TokenInvalid):
    """Graph cannot read the token."""

    remedy = "Copy it again, whole; an app token is app-id|app-secret, and an id_token is no access token."


class WrongTokenKind(GraphError):
    """The token is of a kind that cannot make this call."""

    remedy = "Call with the kind of token the message names."


class PermissionMissing(GraphError):
    """A permission, or a task on the Page, is missing."""

    remedy = "Ask the person for the permission (auth_type=rerequest), or whoever owns the Page or account for access to it."


class CodeRejected(GraphError):
    """The login code cannot be exchanged."""

    remedy = "Get a new code where this one came from: each is good once, for minutes only, for one redirect_uri."


class LoginPending(GraphError):
    """The person has not answered on the other device yet."""

    remedy = "Poll again after the interval, until the code expires."


class LoginDeclined(GraphError):
    """The person said no on the other device."""

    remedy = "Explain why the app needs it, then start a new device login."


class AppRestricted(GraphError):
    """The app may not do this, for anyone or for this person."""

    remedy = "Look into the app's dashboard: is it live, is anything asked of you there, is the feature approved?"


class AppCredentialsWrong(GraphError):
    """App id or app secret is not right."""

    remedy = "Compare FBNB_APP_ID and FBNB_APP_SECRET with the app's dashboard (Settings, Basic)."


class ProofRejected(GraphError):
    """`appsecret_proof` is missing or wrong."""

    remedy = "Sign the very token that is sent, with the secret of the app it belongs to."


class RateLimited(GraphError):
    """Too many calls."""

    remedy = "Stop calling and wait; the usage headers say how full the hour is."


class Blocked(GraphError):
    """Meta's rules do not allow what was tried."""

    remedy = "Stop and do not repeat it; wait until the block ends, and change what was sent."


class TemporaryFailure(GraphError):
    """Graph's own fault, for now."""

    remedy = "Call again in a moment."


class NotFound(GraphError):
    """There is no such object, or this token may not see it."""

    remedy = "Check the id, then whether this token's person has access to it."


class RequestInvalid(GraphError):
    """A parameter or the path is wrong."""

    remedy = "Correct the call as the message says."


class RedirectRejected(RequestInvalid):
    """`redirect_uri` is not one that the app allows."""

    remedy = "Send the very redirect_uri of the login, and list it in the app's dashboard (Facebook Login, Settings)."


class VersionRetired(RequestInvalid):
    """The version of Graph, or what was called in it, is retired."""

    remedy = "Call a version that is in use (FBNB_VERSION)."


PASSING = (RateLimited, TemporaryFailure, TransportError, UnreadableAnswer)
"""What passes by itself: the same call may well succeed later, and it says nothing about the token."""


def graph_error(status: int, body: dict[str, Any], known: Iterable[str] = ()) -> GraphError:
    """The error that an answer with an `error` object means.

    status: the HTTP status. body: the decoded answer. known: secrets of the request, which the message may repeat. An
    unknown code gives a plain GraphError, never a crash.
    """
    told = body.get("error")
    told = told if isinstance(told, dict) else {"message": str(told)}
    message, code, subcode = str(told.get("message", "")), _number(told.get("code")), _number(told.get("error_subcode"))
    words = "\n".join(str(told.get(name, "")) for name in ("message", "error_user_title", "error_user_msg"))
    rule, _ = next(fitting(Told(code, subcode, words)))
    kind = kind_of(rule)
    return (kind if issubclass(kind, GraphError) else GraphError)(
        redact(message, known),
        code=code,
        subcode=subcode,
        type=str(told.get("type", "")),
        status=status,
        fbtrace_id=str(told.get("fbtrace_id", "")),
        remedy=rule.remedy or kind.remedy,
    )


def kind_of(rule: Rule) -> type[FbnbError]:
    """The class that a rule names."""
    kind: type[FbnbError] = globals()[rule.error]
    return kind


def _number(value: object) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None
