"""A mail server: its address read, its connection opened, and what it refuses in words."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from fbnb.errors import SettingError
from fbnb.redact import ELLIPSIS, Secret

Connection = smtplib.SMTP
EXAMPLE = "smtp://user:password@mail.example:587"
SECONDS = 10  # that each answer of a server may take
_SHAPE = f"Such as {EXAMPLE} or smtps://...; in user and password write @ as %40, / as %2F, # as %23."


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed over, and as whom."""

    host: str
    port: int
    tls: bool  # from the first byte on
    user: str
    password: Secret

    @property
    def near(self) -> bool:
        """Whether it is this machine."""
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False


def read_server(server: Secret) -> Server | SettingError:
    """The parts of a server's address; an error is given back, for this frame and urllib's messages show the password."""
    wrong = SettingError("FBNB_SMTP is not the address of a mail server.", remedy=_SHAPE)
    try:
        parts = urlsplit(server.reveal())
        port, host = parts.port, (parts.hostname or "").encode("idna").decode()
        user, password = unquote(parts.username or ""), Secret(unquote(parts.password or ""), shown=ELLIPSIS)
        more = parts.path.strip("/") or parts.query or parts.fragment
    except ValueError:
        return wrong
    if parts.scheme not in {"smtp", "smtps"} or not host or more or bool(user) != bool(password):
        return wrong
    if not f"{user}{password.reveal()}".isascii():
        return SettingError("FBNB_SMTP has a user or a password beyond ASCII.", remedy="Give the account one in ASCII.")
    tls = parts.scheme == "smtps"
    return Server(host, port or (465 if tls else 587 if user else 25), tls, user, password)


def connected(server: Server) -> Connection:
    """A connection, over TLS wherever the server offers it, and logged in. Raises OSError or ValueError; see `said`."""
    named = "localhost" if server.near else None  # else smtplib asks DNS for this machine's name
    with ExitStack() as undo:
        connection = (
            smtplib.SMTP_SSL(server.host, server.port, named, timeout=SECONDS, context=_context(server))
            if server.tls
            else smtplib.SMTP(server.host, server.port, named, timeout=SECONDS)
        )
        undo.callback(connection.close)
        connection.ehlo_or_helo_if_needed()
        if not server.tls and connection.has_extn("starttls"):
            connection.starttls(context=_context(server))
        if server.user:
            _log_in(connection, server)
        undo.pop_all()
    return connection


def _log_in(connection: Connection, server: Server) -> None:
    if not server.near and not isinstance(connection.sock, ssl.SSLSocket):
        raise smtplib.SMTPNotSupportedError("it offers no TLS, and without that it is not told the password")
    connection.login(server.user, server.password.reveal())
    del connection.password  # smtplib keeps it in clear


def _context(server: Server) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if server.near:  # a mail server of this machine has a certificate of its own making
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def stands(connection: Connection) -> bool:
    """Whether a kept connection still is one: servers end those that were silent for a while."""
    with suppress(OSError):
        if connection.noop()[0] == 250:
            return True
    connection.close()
    return False


def hangs(error: Exception) -> bool:
    """Whether an answer took too long, which smtplib calls a lost connection."""
    return isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)


def said(error: Exception) -> str:
    """What went wrong, to follow "the mail server"; of a failed login only the number, for its words may repeat what was sent."""
    if hangs(error):
        return f"did not answer within {SECONDS} seconds"
    match error:
        case smtplib.SMTPAuthenticationError(smtp_code=code):
            return f"refused the user or the password ({code})"
        case smtplib.SMTPRecipientsRefused(recipients=refused):
            ((code, words),) = refused.values()
            return f"refused the person's address: {code} {_text(words)}"
        case smtplib.SMTPResponseException(smtp_code=code, smtp_error=words):
            return f"answered {code} {_text(words)}"
        case smtplib.SMTPServerDisconnected():
            return "ended the connection"
        case smtplib.SMTPException():
            return f"lacks what is needed: {error}"
        case ssl.SSLCertVerificationError(verify_message=words):
            return f"has a certificate that does not hold: {words} (SSL_CERT_FILE names others to trust)"
        case OSError(strerror=str(words)):
            return f"cannot be reached: {words}"
    return f"cannot be used: {type(error).__name__}"


def _text(words: bytes | str) -> str:
    return words.decode(errors="replace") if isinstance(words, bytes) else words
