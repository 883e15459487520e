"""Notices by e-mail, to a real SMTP server on loopback: they arrive, or it is said why not and nothing is shown."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import ssl
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.errors import HeaderParseError
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from ports import free_port
from shell import shown
from test_letter import NOTICE as LETTER

from fbnb.errors import InputError, NoticeFailed, SettingError
from fbnb.letter import Notice
from fbnb.mail import Mail
from fbnb.redact import Secret

PASSWORD = "pass/word@canary"
WRITTEN = "pass%2Fword%40canary"
NOTICE = replace(LETTER, label="Zoë Quay")


@dataclass
class Inbox:
    """What a server took, and how it behaves: aiosmtpd calls these."""

    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    callers: set[Any] = field(default_factory=set)
    over_tls: bool = False
    drops: bool = False
    seconds: float = 0
    noop: str = "250 OK"
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        if address.startswith("nobody"):
            return "550 5.1.1 No such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.drops:
            assert server.transport is not None
            server.transport.close()
            return "250 OK"
        await asyncio.sleep(self.seconds)
        assert isinstance(envelope.original_content, bytes)
        mail = message_from_bytes(envelope.original_content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.recipients += envelope.rcpt_tos
        self.callers.add(session.peer)
        self.over_tls = session.ssl is not None
        return "250 OK"

    async def handle_NOOP(self, server: SMTP, session: Session, envelope: Envelope, arg: str) -> str:  # noqa: N802
        return self.noop

    def login(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, told: LoginPassword) -> AuthResult:
        self.logins.append((told.login, told.password))
        return AuthResult(success=told.password == PASSWORD.encode(), handled=False)


class Server(Controller):
    """aiosmtpd on a port that the system chose."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextlib.contextmanager
def serving(inbox: Inbox, port: int = 0, **how: Any) -> Iterator[int]:
    server = Server(inbox, hostname="127.0.0.1", port=port, **how)
    server.start()
    try:
        yield server.port
    finally:
        server.stop()


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


def mailer(
    port: int, to: str | Callable[[Notice], str | None] = "mara@quay.example", who: str = "", host: str = "127.0.0.1"
) -> Mail:
    return Mail(f"smtp://{who}{host}:{port}", sender="Harbour <notices@harbour.example>", to=to)


@pytest.fixture
def port(inbox: Inbox) -> Iterator[int]:
    with serving(inbox) as port:
        yield port


@pytest.fixture
def closed_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of our own making, for 0.0.0.0, with its key, in one file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("0.0.0.0"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("mail") / "mail.pem"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    path.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_a_notice_arrives(inbox: Inbox, port: int) -> None:
    with mailer(port) as mail:
        mail(NOTICE)
    (got,) = inbox.mails
    assert inbox.recipients == ["mara@quay.example"]
    assert got["Subject"] == "Harbour Notes needs you to log in again within 3 days"
    assert NOTICE.link in got.get_content().splitlines()
    assert "for Zoë Quay until" in got.get_content()


def test_several_notices_share_a_connection(inbox: Inbox, port: int) -> None:
    with mailer(port) as mail:
        for rung in ("7 days", "3 days", "expired"):
            mail(replace(NOTICE, rung=rung))
    assert (len(inbox.mails), len(inbox.callers)) == (3, 1)


def test_each_notice_goes_to_its_own_person(inbox: Inbox, port: int) -> None:
    with mailer(port, to=lambda notice: f"{notice.label.split()[0].lower()}@quay.example") as mail:
        mail(replace(NOTICE, label="Ben Tide"))
        mail(replace(NOTICE, label="Mara Quay"))
    assert inbox.recipients == ["ben@quay.example", "mara@quay.example"]


def test_an_address_beyond_ascii_is_written_to(inbox: Inbox, port: int) -> None:
    with mailer(port, to="Zoë <zoë@bäcker.example>") as mail:
        mail(NOTICE)
    assert inbox.recipients == ["zoë@xn--bcker-gra.example"]


def test_where_the_server_knows_ascii_only_that_is_said(inbox: Inbox) -> None:
    with (
        serving(inbox, enable_SMTPUTF8=False) as port,
        mailer(port, to="zoë@quay.example") as mail,
        pytest.raises(NoticeFailed, match="lacks what is needed"),
    ):
        mail(NOTICE)


def test_a_refused_address_is_said_and_the_next_notice_still_goes_out(inbox: Inbox, port: int) -> None:
    with mailer(port, to=lambda notice: notice.label) as mail:
        with pytest.raises(NoticeFailed) as failed:
            mail(replace(NOTICE, label="nobody@quay.example"))
        mail(replace(NOTICE, label="mara@quay.example"))
    assert f"127.0.0.1:{port} refused the person's address: 550 5.1.1 No such user here. The notice is not marked" in str(
        failed.value
    )
    assert inbox.recipients == ["mara@quay.example"]


@pytest.mark.parametrize(
    ("to", "said"),
    [
        (None, "no address is known"),
        ("", "no address"),
        ("a@b, c@d", "is not one e-mail address"),
        ("=?utf-8?q?x=0D=0ABcc:_y=40z.example?= <c@d.example>", "is not one e-mail address"),
    ],
)
def test_nobody_to_write_to_is_said(port: int, to: str | None, said: str) -> None:
    with (
        mailer(port, to=lambda _: to) as mail,
        pytest.raises(NoticeFailed, match=f"Zoë Quay could not be told by e-mail: .*{said}"),
    ):
        mail(NOTICE)


def test_a_mail_that_python_will_not_write_is_said_and_the_next_still_goes_out(
    inbox: Inbox, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise HeaderParseError("header value appears to contain an embedded header")

    with mailer(port) as mail:
        with monkeypatch.context() as newer_python:
            newer_python.setattr("smtplib.SMTP.send_message", refuse)
            with pytest.raises(NoticeFailed, match=r"Zoë Quay could not be told by e-mail: it cannot be written as a mail \("):
                mail(NOTICE)
        mail(NOTICE)
    assert (len(inbox.mails), len(inbox.callers)) == (1, 1)


def test_a_server_that_is_down_is_asked_once_and_again_only_after_close(inbox: Inbox, closed_port: int) -> None:
    mail = mailer(closed_port)
    with pytest.raises(NoticeFailed, match="cannot be reached: Connection refused"):
        mail(NOTICE)
    with serving(inbox, closed_port):
        with pytest.raises(NoticeFailed, match="cannot be reached: Connection refused"):
            mail(NOTICE)
        assert inbox.mails == []
        mail.close()
        with mail:
            mail(NOTICE)
    assert len(inbox.mails) == 1


def test_a_server_that_never_answers_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fbnb.smtp.SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0), backlog=1) as listener:
        mail = mailer(listener.getsockname()[1])
        with pytest.raises(NoticeFailed, match="did not answer within"):
            mail(NOTICE)
        listener.setblocking(False)
        listener.accept()[0].close()
        with pytest.raises(NoticeFailed, match="did not answer within"):
            mail(NOTICE)
        with pytest.raises(BlockingIOError):  # nobody else has called
            listener.accept()


def test_a_server_that_hangs_midway_is_waited_for_once(inbox: Inbox, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fbnb.smtp.SECONDS", 0.2)
    inbox.seconds = 60
    with mailer(port) as mail:
        for _ in range(2):
            with pytest.raises(NoticeFailed, match="did not answer within"):
                mail(NOTICE)
            inbox.seconds = 0
    assert inbox.mails == []


def test_a_server_that_drops_the_mail_midway_is_said_and_tried_anew(inbox: Inbox, port: int) -> None:
    with mailer(port) as mail:
        mail(NOTICE)
        inbox.drops = True
        with pytest.raises(NoticeFailed, match="ended the connection"):
            mail(NOTICE)
        inbox.drops = False
        mail(NOTICE)
    assert (len(inbox.mails), len(inbox.callers)) == (2, 2)


def test_a_connection_that_the_server_ended_meanwhile_is_opened_anew(inbox: Inbox, closed_port: int) -> None:
    with mailer(closed_port) as mail:
        for _ in range(2):
            with serving(inbox, closed_port):
                mail(NOTICE)
    assert len(inbox.mails) == 2


def test_a_server_that_wants_to_be_called_anew_is(inbox: Inbox, port: int) -> None:
    inbox.noop = "421 You were silent for too long"
    with mailer(port) as mail:
        mail(NOTICE)
        mail(NOTICE)
    assert (len(inbox.mails), len(inbox.callers)) == (2, 2)


def test_after_ctrl_c_midway_the_next_mail_gets_an_answer_of_its_own(inbox: Inbox, port: int) -> None:
    usual = signal.signal(signal.SIGALRM, signal.default_int_handler)
    inbox.seconds = 60
    with mailer(port) as mail:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(KeyboardInterrupt):
            mail(NOTICE)
        inbox.seconds = 0
        mail(NOTICE)
    signal.signal(signal.SIGALRM, usual)
    assert len(inbox.mails) == 1


def test_threads_may_share_it(inbox: Inbox, port: int) -> None:
    with mailer(port) as mail, ThreadPoolExecutor(8) as pool:
        list(pool.map(mail, [replace(NOTICE, rung=f"{days} days") for days in range(40)]))
    assert len({got["Subject"] for got in inbox.mails}) == 40
    assert len(inbox.callers) == 1


def test_a_server_that_speaks_no_tls_is_said(port: int) -> None:
    with pytest.raises(NoticeFailed, match=r"cannot be reached: .*WRONG_VERSION_NUMBER"):
        Mail(f"smtps://127.0.0.1:{port}", sender="a@b.example", to="c@d.example")(NOTICE)


def test_what_is_no_mail_server_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: listener.accept()[0]).add_done_callback(lambda caller: caller.result().close())
        with pytest.raises(NoticeFailed, match="ended the connection"):
            mailer(listener.getsockname()[1])(NOTICE)


def test_a_password_reaches_a_server_of_this_machine(inbox: Inbox) -> None:
    with (
        serving(inbox, authenticator=inbox.login, auth_require_tls=False) as port,
        mailer(port, who=f"harbour:{WRITTEN}@") as mail,
    ):
        mail(NOTICE)
    assert inbox.logins == [(b"harbour", PASSWORD.encode())]
    assert len(inbox.mails) == 1


def test_a_password_goes_to_no_other_machine_in_clear(inbox: Inbox) -> None:
    with (
        serving(inbox, authenticator=inbox.login, auth_require_tls=False) as port,
        mailer(port, who=f"harbour:{WRITTEN}@", host="0.0.0.0") as mail,
        pytest.raises(NoticeFailed, match="offers no TLS"),
    ):
        mail(NOTICE)
    assert (inbox.logins, inbox.mails) == ([], [])


def test_tls_is_used_wherever_it_is_offered(inbox: Inbox, tls: ssl.SSLContext) -> None:
    with serving(inbox, tls_context=tls) as port, mailer(port) as mail:
        mail(NOTICE)
    assert inbox.over_tls


@pytest.mark.parametrize("who", ["", f"harbour:{WRITTEN}@"])
def test_another_machine_has_to_show_a_certificate_that_holds(
    inbox: Inbox, tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    with serving(inbox, tls_context=tls, authenticator=inbox.login) as port, mailer(port, who=who, host="0.0.0.0") as mail:
        with pytest.raises(NoticeFailed, match=r"certificate that does not hold: self.signed certificate \(SSL_CERT_FILE"):
            mail(NOTICE)
        assert (inbox.logins, inbox.mails) == ([], [])
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        mail.close()
        mail(NOTICE)
    assert inbox.over_tls
    assert inbox.logins == ([(b"harbour", PASSWORD.encode())] if who else [])


def test_smtps_is_tls_from_the_first_byte_on(inbox: Inbox, tls: ssl.SSLContext) -> None:
    with (
        serving(inbox, ssl_context=tls, authenticator=inbox.login, auth_require_tls=False) as port,
        Mail(f"smtps://harbour:{WRITTEN}@127.0.0.1:{port}", sender="a@b.example", to="c@d.example") as mail,
    ):
        mail(NOTICE)
    assert (len(inbox.mails), len(inbox.logins)) == (1, 1)


def test_a_wrong_password_is_said_once_and_shown_nowhere(inbox: Inbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("mail").setLevel(logging.CRITICAL)  # the server's own, which is not ours to answer for
    with serving(inbox, authenticator=inbox.login, auth_require_tls=False) as port:
        mail = mailer(port, who="harbour:wrong-canary@")
        with pytest.raises(NoticeFailed, match=r"refused the user or the password \(535\)") as failed:
            mail(NOTICE)
        assert failed.value.__context__ is None
        tried = len(inbox.logins)
        seen = [
            repr(mail),
            str(failed.value),
            caplog.text,
            *(shown("mail(notice)", {"mail": mail, "notice": NOTICE}, m) for m in MODES),
        ]
        assert "canary" not in "".join(seen)
        assert len(inbox.logins) == tried


MODES = ("Plain", "Context", "Verbose", "Minimal")


def test_a_password_is_not_kept_in_clear(inbox: Inbox) -> None:
    with (
        serving(inbox, authenticator=inbox.login, auth_require_tls=False) as port,
        mailer(port, who=f"harbour:{WRITTEN}@") as mail,
    ):
        mail(NOTICE)
        kept = vars(mail) | vars(mail._connection)
        assert "canary" not in repr(kept)


def test_a_link_with_a_token_is_not_sent(inbox: Inbox, port: int) -> None:
    token = "EAA" + "CanaryUser" * 6
    with mailer(port) as mail, pytest.raises(InputError, match="holds a token"):
        mail(replace(NOTICE, link=f"https://a.example/?access_token={token}"))
    with mailer(port) as mail:
        mail(replace(NOTICE, why=f"{token} runs out.", label=token))
    (got,) = inbox.mails
    assert "Canary" not in got.get_content() + got.as_string()


@pytest.mark.parametrize(
    "server",
    [
        "",
        "mail.example",
        "mail.example:25",
        "https://mail.example",
        "smtp://",
        "smtp://mail.example:port",
        "smtp://mail.example:99999",
        "smtp://mail.example/canary",
        "smtp://mail.example?canary",
        "smtp://harbour@mail.example",
        "smtp://:canary@mail.example",
        "smtp://harbour:canary/1@mail.example",
        "smtp://harbour:canary#1@mail.example",
        "smtp://harbour:canary\u2100@mail.example",
        "smtp://harbour:canary-zoë@mail.example",
        "smtp://ma..il.example",
    ],
)
@pytest.mark.parametrize("wrap", [str, Secret])
def test_an_address_of_no_server_is_refused_and_not_repeated(server: str, wrap: Callable[[str], str | Secret]) -> None:
    with pytest.raises(SettingError, match="FBNB_SMTP") as refused:
        Mail(wrap(server), sender="a@b.example", to="c@d.example")
    assert "canary" not in str(refused.value)


def test_no_traceback_of_a_refused_address_shows_it() -> None:
    told = {"Mail": Mail, "server": Secret("smtp://harbour:canary/1@mail.example")}
    assert "canary" not in "".join(shown("Mail(server, sender='a@b.example', to='c@d.example')", told, mode) for mode in MODES)


@pytest.mark.parametrize(
    ("server", "port"),
    [
        ("smtp://mail.example", 25),
        ("smtp://u:p@mail.example", 587),
        ("smtps://u:p@mail.example", 465),
        ("smtp://mail.example:2525/", 2525),
        ("SMTP://Mail.Example", 25),
    ],
)
def test_each_way_has_its_port(server: str, port: int) -> None:
    mail = Mail(server, sender="a@b.example", to="c@d.example")
    assert repr(mail) == f"Mail(mail.example:{port})"


@pytest.mark.parametrize(("sender", "to"), [("nobody", "c@d.example"), ("a@b.example", "nobody"), ("a@b.example", "c@d, e@f")])
def test_an_address_that_is_none_is_refused_at_once(sender: str, to: str) -> None:
    with pytest.raises(InputError, match="is not one e-mail address"):
        Mail("smtp://mail.example", sender=sender, to=to)


ENVIRON = {"FBNB_SMTP": "smtp://127.0.0.1", "FBNB_MAIL_FROM": "a@b.example", "FBNB_MAIL_TO": "c@d.example"}


def test_the_environment_tells_it_all(inbox: Inbox, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (ENVIRON | {"FBNB_SMTP": f" smtp://127.0.0.1:{port}\n"}).items():
        monkeypatch.setenv(name, value)
    with Mail.from_environment() as mail:
        mail(NOTICE)
    assert (inbox.recipients, inbox.mails[0]["From"]) == (["c@d.example"], "a@b.example")


@pytest.mark.parametrize("name", ENVIRON)
@pytest.mark.parametrize("value", [None, " "])
def test_a_missing_variable_is_named_with_an_example(name: str, value: str | None) -> None:
    environ = {key: text for key, text in (ENVIRON | {name: value}).items() if text}
    with pytest.raises(SettingError, match=f"{name} is not set, and notices by e-mail need it. Such as {name}="):
        Mail.from_environment(environ)


@pytest.mark.parametrize("name", ENVIRON)
def test_a_malformed_variable_is_named_with_an_example(name: str) -> None:
    with pytest.raises(SettingError, match=f"{name}.* Such as "):
        Mail.from_environment(ENVIRON | {name: "nobody"})


def test_what_is_wrong_in_the_environment_shows_nothing_else_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (ENVIRON | {"FBNB_SMTP": "smtp://u:canary-1@mail.example/x", "SESAME": "canary-2"}).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingError) as refused:
        Mail.from_environment()
    told = traceback.TracebackException.from_exception(refused.value, capture_locals=True)
    frames = [frame for frame in told.stack if frame.filename.endswith("mail.py") and "tests" not in frame.filename]
    assert frames
    assert "canary" not in "".join(str(frame.locals) for frame in frames)
