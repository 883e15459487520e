"""E-mail by SMTP, to a person whose token is dying or dead: for programs that have no page to ask them on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.errors import MessageError
from email.message import EmailMessage
from typing import Self

from fbnb.errors import InputError, NoticeFailed, SettingError
from fbnb.letter import Notice, message, one_line, read_address
from fbnb.redact import ELLIPSIS, Secret
from fbnb.settings import variable
from fbnb.smtp import EXAMPLE, Connection, connected, hangs, read_server, said, stands

__all__ = ["Mail", "Notice", "message"]

_EXAMPLES = {"FBNB_SMTP": EXAMPLE, "FBNB_MAIL_FROM": "notices@harbour.example", "FBNB_MAIL_TO": "mara@harbour.example"}


class Mail:
    """Tells a person by e-mail: `mail(notice)`. It keeps its connection; `with` or `close()` ends it.

    server: smtp://host (port 25), smtp://user:password@host (port 587) or smtps://... (port 465). TLS is used wherever the
    server offers it, and a password goes nowhere without it but to this machine, whose certificate is not looked at. sender:
    an address, with or without a name. to: one too, or what gives the one for a notice (None where none is known).

    Raises SettingError: the server's address is none. InputError: sender or to is none.
    """

    def __init__(self, server: str | Secret, *, sender: str, to: str | Callable[[Notice], str | None]) -> None:
        self._where = "nowhere yet"  # so that a traceback can show half a Mail
        server = server if isinstance(server, Secret) else Secret(server, shown=ELLIPSIS)
        read = read_server(server)
        if isinstance(read, SettingError):
            raise read
        self._server, self._where = read, f"{read.host}:{read.port}"
        self._sender, self._to = str(read_address(sender)), to if callable(to) else str(read_address(to))
        self._connection: Connection | None = None
        self._down, self._lock = "", threading.Lock()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Self:
        """The mail of FBNB_SMTP, FBNB_MAIL_FROM and FBNB_MAIL_TO. Raises SettingError: one is missing or malformed."""
        told = _told(environ)
        if isinstance(told, SettingError):
            raise told
        server, sender, to = told
        return cls(server, sender=sender, to=to)

    def __call__(self, notice: Notice) -> None:
        """Send one e-mail. After the server could not be used once, each further notice fails at once, until `close()`.

        Raises NoticeFailed: it was not sent, or may not have been. InputError: the link holds a secret, or is none.
        """
        mail = message(notice, self._sender, self._recipient(notice))
        with self._lock:
            problem = self._down or self._opened() or self._sent(mail)
        if problem:
            raise NoticeFailed(f"{one_line(notice.label)} could not be told by e-mail: {problem}.")

    def _recipient(self, notice: Notice) -> str:
        to = self._to if isinstance(self._to, str) else self._to(notice) or ""
        if _is_address(to):
            return to
        problem = "their address is not one e-mail address" if to else "no address is known"
        remedy = "Give theirs by to=; until then the notice is not marked as said."
        raise NoticeFailed(f"{one_line(notice.label)} could not be told by e-mail: {problem}.", remedy=remedy)

    def _opened(self) -> str:
        """Open the connection unless it stands. What went wrong, in words: so that no error leads to frames with the password."""
        if self._connection is not None and stands(self._connection):
            return ""
        try:
            self._connection = connected(self._server)
        except (OSError, ValueError) as error:
            self._down = self._words(error)
        return self._down

    def _sent(self, mail: EmailMessage) -> str:
        """Send it over the connection. What went wrong, in words."""
        assert self._connection is not None
        try:
            self._connection.send_message(mail)
        except MessageError as unfit:  # newer patch releases of Python refuse a header that would be two; nothing was sent
            return f"it cannot be written as a mail ({type(unfit).__name__})"
        except (OSError, ValueError) as error:
            if hangs(error):
                self._down = self._words(error)
            return self._words(error)
        except BaseException:  # such as Ctrl-C: what the server still has to say would be taken for its answer to the next mail
            self._connection.close()
            raise
        return ""

    def _words(self, error: Exception) -> str:
        return f"the mail server {self._where} {one_line(said(error)).rstrip('.')}"

    def close(self) -> None:
        """End the connection, and forget that the server could not be used."""
        with self._lock:
            connection, self._connection, self._down = self._connection, None, ""
            if connection is not None:
                with suppress(OSError):
                    connection.quit()
                connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Mail({self._where})"


def _told(environ: Mapping[str, str] | None) -> tuple[Secret, str, str] | SettingError:
    """Server, sender and recipient; an error is given back, for this frame has the whole environment in clear."""
    found = {name: variable(name).reveal() if environ is None else environ.get(name, "").strip() for name in _EXAMPLES}
    for name, text in found.items():
        such = f"Such as {name}={_EXAMPLES[name]}."
        if not text:
            return SettingError(f"{name} is not set, and notices by e-mail need it.", remedy=such)
        if name != "FBNB_SMTP" and not _is_address(text):
            return SettingError(f"{name} is not one e-mail address.", remedy=such)
    server, sender, to = found.values()
    return Secret(server, shown=ELLIPSIS), sender, to


def _is_address(text: str) -> bool:
    try:
        return bool(read_address(text))
    except InputError:
        return False
