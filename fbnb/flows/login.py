"""Log in: a person answers the dialog, the app gets a code, the code becomes a user token."""

from __future__ import annotations

import base64
import getpass
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from fbnb.answers import part, read
from fbnb.catalogue import scope_list
from fbnb.client import DIALOG_HOST, GraphClient
from fbnb.errors import (
    DialogRefused,
    FbnbError,
    InputError,
    LoginCancelled,
    RedirectMistake,
    StateMismatch,
    TemporaryFailure,
    TransportError,
    UnreadableAnswer,
)
from fbnb.redact import Secret
from fbnb.tokens import AccessToken, Expiry, TokenKind

_AUTH_TYPES = frozenset({"rerequest", "reauthenticate", "reauthorize"})
_LOGIN_AGAIN = "Start the login again for a new code; this one, sent again, can meet 36009: it has been used."
_AGAIN = "Paste the whole address of the page the dialog led to."


@dataclass(frozen=True, slots=True)
class Pkce:
    """A verifier to keep and the challenge made from it. Source: RFC 7636."""

    verifier: Secret
    challenge: str


def pkce(client: GraphClient) -> Pkce:
    """A fresh pair, method S256; the verifier is 64 characters long."""
    verifier = hashlib.sha256(f"{client.nonce()}".encode()).hexdigest()
    digest = hashlib.sha256(verifier.encode()).digest()
    return Pkce(Secret(verifier), base64.urlsafe_b64encode(digest).decode().rstrip("="))


def login_url(
    client: GraphClient,
    scopes: Iterable[str] | str = (),
    *,
    state: str,
    redirect_uri: str | None = None,
    auth_type: str | None = None,
    response_type: str | None = None,
    display: str | None = None,
    config_id: str | None = None,
    code_challenge: str | None = None,
    nonce: str | None = None,
) -> str:
    """The address of the login dialog.

    state: an unguessable string of this login alone; the redirect brings it back. auth_type: `rerequest` to ask again for
    what was declined, `reauthorize` to renew data access, `reauthenticate` to ask for the password. config_id: a Facebook
    Login for Business configuration, in place of scopes. code_challenge: PKCE, method S256. nonce: for an id_token.

    Raises InputError: no state, or no such auth_type. ScopeUnknown: a misspelt scope.
    Source: Meta, "Manually Build a Login Flow".
    """
    if not state:
        raise InputError("A login needs a state.", remedy="Use client.nonce(), and keep it to compare with the redirect.")
    if auth_type and (unknown := set(auth_type.split(",")) - _AUTH_TYPES):
        raise InputError(f"There is no auth_type {unknown.pop()!r}.", remedy=f"There are {', '.join(sorted(_AUTH_TYPES))}.")
    params = {
        "client_id": client.settings.app_id,
        "redirect_uri": redirect_uri or client.settings.redirect_uri,
        "state": state,
        "scope": ",".join(scope_list(scopes)),
        "auth_type": auth_type,
        "response_type": response_type,
        "display": display,
        "config_id": config_id,
        "override_default_response_type": "true" if config_id and response_type else None,
        "code_challenge": code_challenge,
        "code_challenge_method": "S256" if code_challenge else None,
        "nonce": nonce,
    }
    query = urlencode({name: value for name, value in params.items() if value})
    site = client.settings.served or f"https://{DIALOG_HOST}"  # a served sandbox has a dialog of its own
    return f"{site}/{client.settings.version}/dialog/oauth?{query}"


def code_from_redirect(redirect: str | Secret, *, state: str, redirect_uri: str | None = None) -> Secret:
    """The code in the URL that the dialog redirected to, pasted whole; a trailing `#_=_` is Facebook's own and ignored.

    state: the one this login began with. redirect_uri: where it should have led, checked if given.

    Raises RedirectMistake: not a URL, of another path, or without a code. StateMismatch: of another login.
    LoginCancelled, DialogRefused: what the dialog answered instead.
    """
    return from_redirect("code", redirect, state, redirect_uri)


def from_redirect(name: str, redirect: str | Secret, state: str, redirect_uri: str | None = None) -> Secret:
    """What the redirect brought under a name, such as `code` or `id_token`. Raises as `code_from_redirect`."""
    try:
        return _found(redirect.reveal() if isinstance(redirect, Secret) else redirect, name, state, redirect_uri)
    except FbnbError as refused:
        problem = refused.with_traceback(None)
    raise problem  # without the frames that had the code in clear


def _found(redirect: str, name: str, state: str, redirect_uri: str | None) -> Secret:
    parts = _split(redirect)
    if redirect_uri:
        check_place(redirect, redirect_uri)
    told = dict(parse_qsl(parts.query)) | dict(parse_qsl(parts.fragment.removesuffix("_=_")))
    _check_dialog_error(told)
    if not state or not hmac.compare_digest(_bytes(told.get("state", "")), _bytes(state)):
        raise StateMismatch("The state in the redirect is not the one this login began with.")
    if not told.get(name):
        raise RedirectMistake(f"There is no {name} in that URL.", remedy=_AGAIN)
    return Secret(told[name])


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _split(redirect: str) -> SplitResult:
    try:
        parts = urlsplit(redirect.strip())
    except ValueError:
        parts = urlsplit("")
    if not parts.scheme or not parts.netloc:
        raise RedirectMistake("That is not a URL.", remedy=_AGAIN)
    return parts


def check_place(redirect: str, redirect_uri: str) -> None:
    """Raises RedirectMistake: what was pasted is no URL, or leads elsewhere than the login does."""
    parts = _split(redirect)
    if _place(redirect) != _place(redirect_uri):
        raise RedirectMistake(f"That URL leads to {parts.netloc}{parts.path}, the login to {redirect_uri}.", remedy=_AGAIN)


def _place(url: str) -> tuple[str, str, str]:
    parts = _split(url)
    return parts.scheme, parts.netloc, parts.path.rstrip("/")


def _check_dialog_error(told: dict[str, str]) -> None:
    # The dialog has two shapes of error: OAuth's `error`, and its own `error_code` with `error_message`.
    if told.get("error_reason") == "user_denied" or told.get("error") == "access_denied":
        raise LoginCancelled(f"The person cancelled the login ({told.get('error_description', 'access_denied').rstrip('.')}).")
    if "error_code" in told or "error" in told:
        words = told.get("error_message") or told.get("error_description") or told.get("error", "")
        raise DialogRefused(f"The dialog refused ({told.get('error_code', told.get('error'))}): {words.rstrip('.')}.")


def exchange_code(
    client: GraphClient, code: Secret, *, redirect_uri: str | None = None, code_verifier: Secret | None = None
) -> AccessToken:
    """A user token for a login code.

    redirect_uri: the very one of the dialog, by default the client's. code_verifier: in place of the app secret (PKCE).

    Raises CodeRejected: used, older than ten minutes, or of another redirect_uri. AppCredentialsWrong.
    Source: Meta, "Manually Build a Login Flow".
    """
    answer = spend_code(
        client,
        redirect_uri=redirect_uri or client.settings.redirect_uri,
        client_secret=None if code_verifier else client.settings.app_secret,
        code=code,
        code_verifier=code_verifier,
    )
    return token_from_answer(client, answer, label="from login")


def spend_code(client: GraphClient, **params: Any) -> dict[str, Any]:
    """What `oauth/access_token` answers to a code of any kind. A code is good once, so the call is never repeated.

    params: the code, and what goes with it. Raises TransportError, UnreadableAnswer: the answer was lost, and perhaps with
    it the token that the code was good for. TemporaryFailure: Graph does not say whether the code is spent.
    """
    try:
        return client.get("oauth/access_token", client_id=client.settings.app_id, **params)
    except (TransportError, UnreadableAnswer) as lost:
        lost.amend("The code may have been spent, and the token lost with the answer.", remedy=_LOGIN_AGAIN)
        problem: FbnbError = lost.with_traceback(None)
    except TemporaryFailure as failed:
        failed.amend(remedy="Send the code once more, in a moment; if that meets 36009, start the login again.")
        problem = failed.with_traceback(None)
    raise problem


def token_from_answer(
    client: GraphClient, answer: dict[str, Any], *, label: str, kind: TokenKind = TokenKind.USER
) -> AccessToken:
    """The token in an `oauth/access_token` answer; its expiry is None where Graph gave no `expires_in`."""
    now, value, seconds = client.now(), part(answer, "access_token", Secret), answer.get("expires_in")
    with read():
        expires: Expiry = None if seconds is None else now.replace(microsecond=0) + timedelta(seconds=int(seconds))
    return AccessToken(value, kind, label, issued_at=now, expires_at=expires)


def log_in(client: GraphClient, scopes: Iterable[str] | str = (), *, auth_type: str | None = None) -> AccessToken:
    """The whole login in one call, on either target: dialog, redirect, code, token.

    Whoever the client carries as its consent answers the dialog: on the sandbox a person of its world, on live Graph you.

    Raises ScopeUnknown, LoginCancelled, DialogRefused, RedirectMistake, StateMismatch, CodeRejected.
    """
    state = client.nonce()
    redirect = client.open_dialog(login_url(client, scopes, state=state, auth_type=auth_type))
    return exchange_code(client, code_from_redirect(redirect, state=state, redirect_uri=client.settings.redirect_uri))


def paste_redirect(url: str) -> str:
    """The consent of a person at a browser: shows the dialog's address and reads the URL it led to.

    Read without echo, for the URL has a code in it and a notebook keeps what it echoes.
    """
    print(f"Open this address, log in, and copy the address of the page it leads to:\n{url}")  # noqa: T201 - what is asked of a person at the terminal
    return getpass.getpass("Paste it here: ")
