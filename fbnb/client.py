"""GraphClient: get, post, delete and paging against Graph, live or sandbox. It knows no flow.

It stands directly on an httpx transport: no cookies, no redirects followed, and no INFO line with a token in it.
"""

from __future__ import annotations

import hmac
import json
import logging
import secrets
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from fbnb.answers import Raw, part, passing, understood, understood_batch
from fbnb.clock import Clock, ManualClock, SystemClock
from fbnb.errors import DialogRefused, FbnbError, GraphError, InputError, SettingError, TransportError, UnreadableAnswer
from fbnb.redact import ELLIPSIS, SECRET_PARAMETERS, Known, RedactingFilter, Secret, redact
from fbnb.retries import NO_RETRIES, Outcome, Repeat, Retries, repeatable
from fbnb.settings import Settings, Target
from fbnb.tokens import AccessToken, fingerprint
from fbnb.usage import Usage, latest_usage, told_wait
from fbnb.wire import CREDENTIALS, KEPT, Wire

GRAPH_HOST = "graph.facebook.com"
DIALOG_HOST = "www.facebook.com"
BATCH = 50
_SERVE = "Serve the sandbox (with sandbox.serve() as url), and let connect(target=url) make the client."
_LONGEST = 1e7  # seconds: four months; nobody who agreed to more will notice
_TIMEOUT = {"connect": 10.0, "read": 60.0, "write": 60.0, "pool": 60.0}

# What httpx's own parts log at DEBUG has the answer's headers in it, and Graph repeats tokens in those.
for _name in ("httpx", *(f"httpcore.{module}" for module in ("connection", "http11", "http2", "proxy", "socks"))):
    logging.getLogger(_name).addFilter(RedactingFilter())

Consent = Callable[[str], str]
"""How a person answers the dialog at a URL: returns the URL they were redirected to."""


class Proof(StrEnum):
    """Which `appsecret_proof` goes with a token: none, the plain one, or one that is good for five minutes."""

    NONE = "none"
    PLAIN = "plain"
    TIMED = "timed"


def appsecret_proof(token: AccessToken, secret: Secret, at: datetime | None = None) -> str:
    """The proof that the caller knows the app's secret: hex HMAC-SHA256 of the token, key the secret.

    at: for the timed form, the instant it is made, sent along as `appsecret_time`. Source: Meta, "Login Security".
    """
    suffix = f"|{int(at.timestamp())}" if at else ""
    return hmac.digest(secret.reveal().encode(), f"{token.value.reveal()}{suffix}".encode(), "sha256").hex()


def live_transport() -> httpx.BaseTransport:
    """A pooled transport to the internet, through the proxy and with the certificates that the environment names.

    HTTPS_PROXY or ALL_PROXY, NO_PROXY and the system's proxy settings; SSL_CERT_FILE and SSL_CERT_DIR.

    Pickled, it is made again over there, of what the environment names there.

    Raises SettingError: the proxy's address or the certificates cannot be used.
    """
    problem = ""
    try:
        return _LiveTransport(verify=httpx.create_ssl_context(), proxy=_proxy())
    except ImportError:
        problem = "HTTPS_PROXY names a SOCKS proxy, for which httpx needs the package socksio."
    except (OSError, ValueError) as wrong:
        problem = f"The proxy or the certificates of the environment cannot be used: {type(wrong).__name__}."
    raise SettingError(problem, remedy="Check HTTPS_PROXY (http://host:port), SSL_CERT_FILE and SSL_CERT_DIR.")


class _LiveTransport(httpx.HTTPTransport):
    def __reduce__(self) -> tuple[Any, ...]:
        return live_transport, ()


def _proxy() -> str | None:
    if urllib.request.proxy_bypass(GRAPH_HOST):
        return None
    proxies = urllib.request.getproxies()
    proxy = proxies.get("https") or proxies.get("all")
    return proxy if proxy is None or "://" in proxy else f"http://{proxy}"


class _Unsent(httpx.BaseTransport):
    """Sends nothing: for a rehearsal."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("This is a rehearsal.")


def no_consent(url: str) -> str:
    """For a client that nobody sits in front of."""
    raise DialogRefused("Nobody is there to answer the login dialog.", remedy="Give the client a consent.")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a batch. params: as for `GraphClient.get`. token: whose, where it is not the batch's own."""

    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    method: str = "GET"
    token: AccessToken | None = None


@dataclass(frozen=True, repr=False)
class GraphClient:
    """One app's way to Graph. Raises, from every call: GraphError, TransportError, UnreadableAnswer.

    consent: how a person answers the login dialog. nonce: where unguessable strings come from. wire: what was said, each
    attempt on its own. retries: how often and how long a call that may be repeated is; see fbnb/retries.py for which.

    Pickled, it leaves behind the secret, the client token, what was said, its consent and its nonce: `with_secret` gives
    the secret back over there. Raises InputError then: its clock can be moved, or its sandbox is in this process.
    """

    settings: Settings
    transport: httpx.BaseTransport
    clock: Clock = field(default_factory=SystemClock)
    consent: Consent = no_consent
    nonce: Callable[[], str] = secrets.token_urlsafe
    proof: Proof = Proof.PLAIN
    wire: Wire = field(default_factory=Wire)
    retries: Retries = field(default_factory=Retries)

    def __repr__(self) -> str:
        return f"GraphClient({self.settings.served or self.settings.target}, app {self.settings.app_id}, {self.settings.version})"

    def __reduce__(self) -> tuple[Any, ...]:
        if not isinstance(self.clock, SystemClock):
            raise InputError("This client's clock stands in this process, and no other would see it move.", remedy=_SERVE)
        settings = replace(self.settings, app_secret=None, client_token=None)
        return _arrived, (settings, self.transport, self.clock, self.proof, self.retries)

    def __copy__(self) -> Self:  # which would go by way of __reduce__, and lose the secret
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def now(self) -> datetime:
        """The time by this client's clock, in aware UTC."""
        return self.clock.now()

    @property
    def usage(self) -> Usage:
        """How close to its limits the app is, by the latest answers on the wire that told."""
        return latest_usage(((exchange.at, exchange.headers) for exchange in reversed(self.wire.last(KEPT))), self.now())

    def acting_as(self, consent: Consent) -> GraphClient:
        """The same client, with someone else in front of the login dialog."""
        return replace(self, consent=consent)

    def rehearsing(self) -> GraphClient:
        """The same client with nobody at the other end: what it would send is on its own wire. No time passes for it."""
        alone = replace(self, transport=_Unsent(), clock=ManualClock(self.now()), wire=Wire(), retries=NO_RETRIES)
        return replace(alone, consent=lambda url: "", nonce=lambda: ELLIPSIS)

    def with_retries(self, retries: Retries) -> GraphClient:
        """The same client, which calls again as often and as long as told; `NO_RETRIES` takes the first answer for final.

        Raises InputError: neither.
        """
        if not isinstance(retries, Retries):
            raise InputError("That is no Retries.", remedy="Such as Retries(attempts=2, seconds=30), or NO_RETRIES.")
        return replace(self, retries=retries)

    def get(self, path: str, token: AccessToken | None = None, **params: Any) -> dict[str, Any]:
        """`GET /{version}/{path}`. params: text, numbers, lists (joined by commas), or a Secret or AccessToken."""
        return self._call("GET", path, token, params)

    def post(self, path: str, token: AccessToken | None = None, **params: Any) -> dict[str, Any]:
        """`POST` with the parameters as a form."""
        return self._call("POST", path, token, params)

    def delete(self, path: str, token: AccessToken | None = None, **params: Any) -> dict[str, Any]:
        """`DELETE` with the parameters in the query."""
        return self._call("DELETE", path, token, params)

    def batch(
        self, token: AccessToken, calls: Sequence[Call], *, headers: bool = True
    ) -> list[dict[str, Any] | FbnbError | None]:
        """Many calls in as few requests as it takes, 50 in each; Graph counts every call all the same.

        Returns an answer or an error for each, in their order: what is refused is returned, not raised, and not called again.
        None: Graph did not get to it, or left it out. headers: whether each answer comes with its own, which cost time.
        """
        told, more = list[dict[str, Any] | FbnbError | None](), {} if headers else {"include_headers": False}
        for start in range(0, len(calls), BATCH):
            some = calls[start : start + BATCH]
            answers = part(self._call("POST", "", token, {"batch": some} | more), "data", list)
            if len(answers) != len(some):
                raise UnreadableAnswer(f"{len(some)} calls of a batch were answered by {len(answers)}.")
            told += answers
        return told

    def public(self, path: str) -> dict[str, Any]:
        """`GET` of a public document on the dialog's host, such as the keys that id_tokens are signed with."""
        return self._call("GET", path, None, {}, version="", host=DIALOG_HOST)

    def without_secret(self) -> GraphClient:
        """The same app as it is installed on a phone or in a browser: it knows the app id, and neither secret nor proof."""
        return replace(self, settings=replace(self.settings, app_secret=None))

    def with_secret(self, app_secret: Secret) -> GraphClient:
        """The same app where its secret may be known, as on a server; raises SettingError for what is none."""
        return replace(self, settings=replace(self.settings, app_secret=app_secret))

    def items(self, path: str, token: AccessToken, **params: Any) -> Iterator[dict[str, Any]]:
        """Every row of a list, `next` followed to its end, though only on Graph's own host."""
        answer, seen = self.get(path, token, **params), set[str]()
        while True:
            yield from part(answer, "data", list)
            link = (answer.get("paging") or {}).get("next")
            if not link:
                return
            path, following = _next(link)
            if (mark := urlencode(following)) in seen:
                raise UnreadableAnswer("The list leads back to a page it has already given.")
            seen.add(mark)
            answer = self._call("GET", path, token, following, version="")

    def open_dialog(self, url: str) -> Secret:
        """Let the person answer the login dialog at `url`; returns the URL they were redirected to, secret for its code."""
        redirect = self.consent(url)
        parts = urlsplit(url)
        outcome = (302, "", {"location": redirect})
        self.wire.record(self.now(), "GET", (parts.netloc, parts.path), dict(parse_qsl(parts.query)), outcome, ())
        return Secret(redirect, shown=redact(redirect))

    def _call(
        self,
        method: str,
        path: str,
        token: AccessToken | None,
        params: Mapping[str, Any],
        version: str | None = None,
        host: str = GRAPH_HOST,
    ) -> dict[str, Any]:
        if token is not None and not isinstance(token, AccessToken):
            raise InputError("That is not an access token.", remedy="Make one of the text with AccessToken.of(...).")
        url = host, _path(self.settings.version if version is None else version, path)
        quiet, may = self.settings.target is Target.SANDBOX, _repeatable(method, path, params)
        told = self.retries.run(lambda left: self._attempt(method, url, token, params, left), may, self.clock, quiet=quiet).value
        # Raised only here, after the frames that knew the secrets are gone: no traceback, however verbose, shows them.
        if isinstance(told, BaseException):
            raise told
        return told

    def _attempt(
        self, method: str, url: tuple[str, str], token: AccessToken | None, params: Mapping[str, Any], left: float
    ) -> Outcome:
        hidden: list[str] = []
        try:
            at = self.now()
            hidden += [text for call in _calls(params) for text in _secrets(call.params, call.token, self.settings)]
            sent = self._texts(params, at) | self._credentials(token, at)
            hidden += [*_secrets(params, token, self.settings), sent.get("appsecret_proof", "")]
            raw = self._send(method, url, sent, left)
            known = Known(hidden)
            if not isinstance(raw, Raw):
                lost = _unanswered(raw, hidden, self.settings.served)
                self.wire.record(at, method, url, sent, (None, lost.problem, {}), known)
                return Outcome(lost, passing=True)
            self.wire.record(at, method, url, sent, (raw.status, raw.value, raw.headers), known)
            told = (understood_batch if "batch" in params else understood)(raw, known)
            _mark(told, params, token)
            wait = told_wait(raw.headers) if isinstance(told, FbnbError) else None
            return Outcome(told, passing(raw, told), wait)
        except BaseException as problem:  # noqa: BLE001 - whatever it is, this frame's secrets must not travel with it
            return Outcome(_without_its_frames(problem, hidden))

    def _credentials(self, token: AccessToken | None, at: datetime) -> dict[str, str]:
        if token is None:
            return {}
        told = {"access_token": token.value.reveal()}
        if self.settings.app_secret and self.proof is not Proof.NONE:
            timed = self.proof is Proof.TIMED
            told["appsecret_proof"] = appsecret_proof(token, self.settings.app_secret, at if timed else None)
            told |= {"appsecret_time": str(int(at.timestamp()))} if timed else {}
        return told

    def _texts(self, params: Mapping[str, Any], at: datetime) -> dict[str, str]:
        calls = _calls(params)
        if not calls:
            return _texts(params)
        return _texts({**params, "batch": json.dumps([self._written(call, at) for call in calls])})

    def _written(self, call: Call, at: datetime) -> dict[str, str]:
        """One call as a batch carries it: its parameters in the address, or for a POST in the body."""
        text, path = urlencode(_texts(call.params) | self._credentials(call.token, at)), _path("", call.path)[1:]
        if call.method == "POST":
            return {"method": "POST", "relative_url": path, "body": text}
        return {"method": call.method, "relative_url": f"{path}?{text}" if text else path}

    def _send(self, method: str, place: tuple[str, str], params: Mapping[str, str], left: float) -> Raw | Exception:
        patience = {what: min(seconds, left) for what, seconds in _TIMEOUT.items()}
        query = "" if method == "POST" else urlencode(params)
        url = httpx.URL(f"https://{place[0]}{place[1]}{'?' if query else ''}{query}")  # which takes it apart once
        request = httpx.Request(method, url, **_body(method, params), extensions={"timeout": patience})
        request.read()  # or parts would be sent one by one
        deadline = self.now() + timedelta(seconds=min(left, _LONGEST))
        try:
            response = self.transport.handle_request(request)
            try:
                # What came all at once took no time of its own.
                body = response.content if response.is_closed else b"".join(self._until(deadline, response.iter_bytes()))
                return Raw(response.status_code, dict(response.headers.items()), body)
            finally:
                response.close()
        except (httpx.HTTPError, httpx.StreamError, OSError) as problem:
            return problem

    def _until(self, deadline: datetime, chunks: Iterator[bytes]) -> Iterator[bytes]:
        # httpx times each piece of a body by itself, and a body may drip.
        for chunk in chunks:
            yield chunk
            if self.now() > deadline:
                raise httpx.ReadTimeout("The body takes longer than there was time for")


def _body(method: str, params: Mapping[str, str]) -> dict[str, Any]:
    """The parameters of a POST as httpx takes them: a form; of a batch in parts, so that nothing in it is quoted once more."""
    if method != "POST":
        return {}
    return {"files": {name: (None, text) for name, text in params.items()}} if "batch" in params else {"data": params}


def _calls(params: Mapping[str, Any]) -> list[Call]:
    """The calls in a `batch`; none where it is a text that was written by hand."""
    batch = params.get("batch")
    return [call for call in batch if isinstance(call, Call)] if isinstance(batch, list | tuple) else []


def _repeatable(method: str, path: str, params: Mapping[str, Any]) -> Repeat:
    """As `repeatable`; a batch in which every call is a read is a read itself."""
    calls = {(str(call.params.get("method") or call.method), call.path) for call in _calls(params)}
    reads = bool(calls) and all(repeatable(*call) is Repeat.READ for call in calls)
    return repeatable(str(params.get("method") or ("GET" if reads else method)), path)


def _mark(told: object, params: Mapping[str, Any], token: AccessToken | None) -> None:
    """Tell a refusal, or each refusal in a batch, which token it is about. In a batch written by hand that cannot be known."""
    if isinstance(told, GraphError):
        told.fingerprint = _carried(params, token)
    elif (calls := _calls(params)) and isinstance(told, dict) and isinstance(items := told.get("data"), list):
        for item, call in zip(items, calls, strict=False):  # of another length it is refused later
            if isinstance(item, GraphError):
                item.fingerprint = _carried(call.params, call.token) or _carried(params, token)


def _carried(params: Mapping[str, Any], token: AccessToken | None) -> str:
    """The fingerprint of the token that a call is made with, or that it would exchange; "" where there is none."""
    carried = token or params.get("access_token") or params.get("fb_exchange_token")
    return fingerprint(_text(carried)) if carried else ""


def _arrived(settings: Settings, transport: httpx.BaseTransport, clock: Clock, proof: Proof, retries: Retries) -> GraphClient:
    """A client that was pickled elsewhere."""
    return GraphClient(settings, transport, clock, proof=proof, retries=retries)


def _said(problem: BaseException, hidden: list[str], where: str = GRAPH_HOST) -> str:
    return f"No answer from {where}: {type(problem).__name__}: {redact(str(problem), hidden)}."


def _unanswered(problem: BaseException, hidden: list[str], served: str) -> TransportError:
    remedy = "See whether fbnb sandbox serves one there: with --port 0 it has another port each time." if served else None
    return TransportError(_said(problem, hidden, served or GRAPH_HOST), remedy=remedy)


def _without_its_frames(problem: BaseException, hidden: list[str]) -> BaseException:
    if isinstance(problem, KeyboardInterrupt):
        return KeyboardInterrupt()
    if isinstance(problem, SystemExit):
        return SystemExit(problem.code) if isinstance(problem.code, int) else SystemExit()
    if isinstance(problem, InputError):  # of a call in a batch
        return InputError(redact(problem.problem, hidden), remedy=problem.remedy)
    if isinstance(problem, RecursionError):
        return UnreadableAnswer("Graph's answer is nested too deep to be its own.")
    return TransportError(_said(problem, hidden))


def _secrets(params: Mapping[str, Any], token: AccessToken | None, settings: Settings) -> list[str]:
    values = [*params.values(), token, settings.app_secret]
    values = [value.value if isinstance(value, AccessToken) else value for value in values]
    plain = [value for name, value in params.items() if name in SECRET_PARAMETERS and isinstance(value, str)]
    return [value.reveal() for value in values if isinstance(value, Secret)] + plain


def _texts(params: Mapping[str, Any]) -> dict[str, str]:
    return {name: _text(value) for name, value in params.items() if value is not None}


def _text(value: Any) -> str:
    if isinstance(value, AccessToken):
        return value.value.reveal()
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _path(version: str, path: str) -> str:
    if "://" in path or "?" in path or "#" in path:
        raise InputError(
            "A path is what stands after the version, such as me/accounts.", remedy="Give parameters as keyword arguments."
        )
    return "/" + "/".join(filter(None, (version, path.strip("/"))))


def _next(link: str | Secret) -> tuple[str, dict[str, str]]:
    """Path and parameters of a `next` link, without the credentials in it: ours are added again, theirs never logged."""
    try:
        parts = urlsplit(link.reveal() if isinstance(link, Secret) else str(link))
    except ValueError:
        parts = urlsplit("")
    if (parts.scheme, parts.netloc) != ("https", GRAPH_HOST):
        raise UnreadableAnswer(f"The next page of the list is said to be at {parts.netloc!r}, which is not {GRAPH_HOST}.")
    params = dict(parse_qsl(parts.query, keep_blank_values=True))
    return parts.path, {name: value for name, value in params.items() if name not in CREDENTIALS}
