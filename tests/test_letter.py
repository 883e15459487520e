"""The e-mail to a person whose token is dying: what it says, and that no token is in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from fbnb.client import GraphClient
from fbnb.errors import InputError
from fbnb.flows.login import login_url
from fbnb.letter import Notice, message, one_line, read_address

TOKEN = "EAA" + "CanaryUser" * 6
NOTICE = Notice(
    app="Harbour Notes",
    label="Mara Quay",
    fingerprint="5f" * 32,
    about="token",
    rung="3 days",
    ends=datetime(2026, 11, 5, 9, tzinfo=UTC),
    why="The token runs out.",
    do="Log in again.",
    link="https://notes.harbour.example/login?next=%2F",
    at=datetime(2026, 11, 2, 9, tzinfo=UTC),
)


def written(
    notice: Notice = NOTICE, sender: str = "Harbour <notices@harbour.example>", to: str = "mara@quay.example"
) -> EmailMessage:
    """The e-mail as it arrives: written out as bytes and read again."""
    mail = message_from_bytes(message(notice, sender, to).as_bytes(), policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def text(notice: Notice = NOTICE) -> str:
    return str(written(notice).get_content()).replace("\r\n", "\n")


def test_it_says_which_app_what_stops_when_why_and_what_to_do() -> None:
    mail = written()
    assert mail["Subject"] == "Harbour Notes needs you to log in again within 3 days"
    assert (mail["From"], mail["To"]) == ("Harbour <notices@harbour.example>", "mara@quay.example")
    assert (mail["Auto-Submitted"], mail["Date"].datetime) == ("auto-generated", NOTICE.at)
    assert mail.get_content_type() == "text/plain"
    assert text() == (
        """\
Hello,

Harbour Notes can act on Facebook for Mara Quay until 2026-11-05 09:00
UTC. Please log in again before that.

Why: The token runs out.

What to do: Log in again.

1. Open this link in your browser:

https://notes.harbour.example/login?next=%2F

2. Facebook itself asks for your consent. Make sure that the page is
   Facebook's before you type anything into it.

3. Agree to what is asked for. The app goes on by itself after that.

Nobody needs your password for Facebook: send it to nobody, not even in
an answer to this mail. If you no longer want the app to do this for
you, you need do nothing.

Any question? Ask those who run Harbour Notes: notices@harbour.example
"""
    )


@pytest.mark.parametrize(
    ("about", "rung", "ended", "said"),
    [
        ("token", "7 days", False, "can act on Facebook for Mara Quay for 7 days more at most. Please log in again before that."),
        (
            "token",
            "expired",
            True,
            "can no longer act on Facebook for Mara Quay, since 2026-11-05 09:00 UTC. Please log in again.",
        ),
        ("token", "expired", False, "can no longer act on Facebook for Mara Quay. Please log in again."),
        ("data access", "1 day", True, "can read your data on Facebook for Mara Quay until 2026-11-05 09:00 UTC."),
        ("data access", "expired", True, "can no longer read your data on Facebook for Mara Quay, since 2026-11-05 09:00 UTC."),
    ],
)
def test_what_stops_is_told_apart(about: str, rung: str, ended: bool, said: str) -> None:
    notice = replace(NOTICE, about=about, rung=rung, ends=NOTICE.ends if ended else None)
    assert f"Harbour Notes {said}" in " ".join(text(notice).split())


def test_what_is_over_has_no_deadline_in_its_subject() -> None:
    assert written(replace(NOTICE, rung="expired"))["Subject"] == "Harbour Notes needs you to log in again"


def test_lines_are_short_but_the_link_stays_whole() -> None:
    link = "https://notes.harbour.example/" + "a" * 300
    lines = text(replace(NOTICE, link=link, why="The person changed the password. " * 9)).splitlines()
    assert link in lines
    assert max(len(line) for line in lines if line != link) <= 72


def test_a_link_too_long_for_a_line_of_smtp_arrives_whole_too() -> None:
    link = "https://notes.harbour.example/" + "a" * 1500
    assert link in text(replace(NOTICE, link=link)).splitlines()
    assert max(map(len, message(replace(NOTICE, link=link), "a@b.example", "c@d.example").as_bytes().splitlines())) < 998


def test_a_time_elsewhere_is_said_in_utc() -> None:
    assert "2026-11-05 09:00 UTC" in " ".join(
        text(replace(NOTICE, ends=datetime(2026, 11, 5, 11, tzinfo=timezone(timedelta(hours=2))))).split()
    )


def test_the_same_said_again_is_the_same_mail_and_anything_else_another() -> None:
    again = replace(NOTICE, at=NOTICE.at + timedelta(days=1))
    others = [
        replace(NOTICE, rung="1 day"),
        replace(NOTICE, about="data access"),
        replace(NOTICE, fingerprint="6f" * 32),
        replace(NOTICE, ends=datetime(2027, 2, 3, tzinfo=UTC)),
        replace(NOTICE, ends=None),
    ]
    assert written()["Message-ID"] == written(again)["Message-ID"]
    assert written()["Message-ID"].endswith("@harbour.example>")
    assert len({written(notice)["Message-ID"] for notice in [NOTICE, *others]}) == 1 + len(others)


def test_where_no_end_is_known_the_day_and_the_reason_tell_one_end_from_the_next() -> None:
    first = replace(NOTICE, rung="expired", ends=None)
    again = replace(first, at=first.at + timedelta(hours=2))
    others = [replace(first, at=first.at + timedelta(days=1)), replace(first, why="The person changed the password.")]
    assert written(first)["Message-ID"] == written(again)["Message-ID"]
    assert len({written(notice)["Message-ID"] for notice in [first, *others]}) == 3


def test_the_fingerprint_is_not_in_it() -> None:
    assert NOTICE.fingerprint[:8] not in written().as_string()


@pytest.mark.parametrize("breaks", ["\n", "\r\n", "\r", "\x0b", "\x85", "\u2028", "\x00", "\u202e"])
def test_a_name_of_two_lines_adds_no_header_and_no_line(breaks: str) -> None:
    evil = f"Mara{breaks}Bcc: eve@evil.example"
    mail = written(replace(NOTICE, app=evil, label=evil, why=evil, do=evil))
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith("Mara Bcc: eve@evil.example needs you")
    assert not any(line.startswith("Bcc") for line in mail.get_content().splitlines())
    assert evil not in mail.get_content()


@pytest.mark.parametrize(
    "word",
    [
        "=?utf-8?q?x=0D=0ABcc:_eve=40evil.example?=",
        "=?utf-8?b?eA0KUmVwbHktVG86IGV2ZUBldmlsLmV4YW1wbGUNCg0KU2VuZCBpdA==?=",
        "=?utf-8?q?a=0A=0Ab?= =?utf-8?q?c?=",
    ],
)
def test_an_encoded_name_is_decoded_into_no_header_and_no_text(word: str) -> None:
    notice = replace(NOTICE, app=word, label=word, for_admin=True, link="")
    head = message(notice, "a@b.example", "c@d.example").as_bytes().partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0].decode() for line in head.split(b"\r\n") if not line.startswith(b" ")]
    ours = ["From", "To", "Date", "Subject", "Message-ID", "Auto-Submitted"]
    assert names == [*ours, "Content-Type", "Content-Transfer-Encoding", "MIME-Version"]
    assert b"\n" not in head.replace(b"\r\n", b"")
    assert written(notice)["Subject"].startswith("= ?utf-8?")


@pytest.mark.parametrize("name", ["Zoë Größe", "北川 灯台", "مرسى", "Mara 🛟 Quay", "half \ud83d character"])
def test_a_name_in_any_script_arrives(name: str) -> None:
    mail = written(replace(NOTICE, app=name, label=name))
    assert one_line(name) in mail["Subject"]
    assert one_line(name) in " ".join(mail.get_content().split())


def test_mail_is_ascii_on_the_wire_whatever_the_name() -> None:
    assert message(replace(NOTICE, label="北川 灯台"), "Zoë <a@b.example>", "Größe <c@bäcker.example>").as_bytes().isascii()


def test_neither_a_token_nor_the_hint_of_one_gets_into_it() -> None:
    words = f"{TOKEN} was EAA…3f9c, 1000000000001|… and access_token=hunter2hunter2"
    whole = written(replace(NOTICE, app=words, label=words, why=words, do=words)).as_string()
    said = text(replace(NOTICE, app=words, label=words, why=words, do=words)) + whole
    for secret in (TOKEN, TOKEN[-8:], "3f9c", "EAA", "1000000000001", "hunter2"):
        assert secret not in said


@pytest.mark.parametrize(
    "link",
    [
        f"https://a.example/?access_token={TOKEN}",
        f"https://a.example/{TOKEN}",
        "https://a.example/?code=AQhunter2hunter2hunter2",
        "https://a.example/?input_token=EAA…3f9c",
        f"https://a.example/?state={TOKEN}{TOKEN}",
        "https://a.example/?client_secret=0123456789abcdef0123456789abcdef",
        "https://admin:hunter2@a.example/notes",
        "https://hunter2@a.example/notes",
        "https:///admin:hunter2@a.example/notes",
    ],
)
def test_a_link_with_a_secret_is_refused_and_not_repeated(link: str) -> None:
    with pytest.raises(InputError, match="holds a token or another secret") as refused:
        message(replace(NOTICE, link=link), "a@b.example", "c@d.example")
    assert link.partition("example/")[2] not in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_an_at_sign_elsewhere_in_a_link_is_no_password() -> None:
    link = "https://a.example/@harbour?to=mara@quay.example"
    assert link in text(replace(NOTICE, link=link)).splitlines()


@pytest.mark.parametrize(
    "link", ["", "notes.example", "javascript:alert(1)", "https://a.example/\nBcc: b@c.example", "https://a b"]
)
def test_a_link_that_is_none_is_refused(link: str) -> None:
    with pytest.raises(InputError, match="no web address"):
        message(replace(NOTICE, link=link), "a@b.example", "c@d.example")


def test_the_address_of_a_login_is_a_link_whatever_its_state_looks_like(client: GraphClient) -> None:
    for state in (client.nonce(), "AQ" + "x" * 41, "EAA" + "x" * 40, "0123456789abcdef" * 2):
        link = login_url(client, ["email", "pages_show_list"], state=state)
        assert link in text(replace(NOTICE, link=link)).splitlines()


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("mara@quay.example", "mara@quay.example"),
        (" Mara Quay <mara@quay.example> ", "Mara Quay <mara@quay.example>"),
        ('"Quay, Mara" <mara@quay.example>', '"Quay, Mara" <mara@quay.example>'),
        ("<mara+fb@quay.example>", "mara+fb@quay.example"),
        ("Zoë <zoe@bäcker.example>", "Zoë <zoe@xn--bcker-gra.example>"),
    ],
)
def test_an_address_is_read_and_reads_the_same_again(told: str, read: str) -> None:
    assert str(read_address(told)) == read == str(read_address(read))


@pytest.mark.parametrize(
    "told",
    [
        "",
        "mara",
        "mara@",
        "@quay.example",
        "a@b, c@d",
        "a b@c",
        "<a@b> x",
        "grp: a@b;",
        "a@b..c",
        "a@b>",
        "a@b\nBcc: c@d",
        "A\n<a@b>",
        '"=?utf-8?q?a=0D=0ABcc:_eve=40evil.example?=" <a@b.example>',
        "=?utf-8?q?a=0ABcc=3A_eve?= <a@b.example>",
        "=?utf-8?q?a?=@b.example",
        "a@=?utf-8?q?b?=.example",
        "a@b.example，c＠d.example",
        "a@b.example＞",
    ],
)
def test_what_is_not_one_address_is_refused(told: str) -> None:
    with pytest.raises(InputError, match="is not one e-mail address"):
        read_address(told)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        message(replace(NOTICE, at=datetime(2026, 11, 2)), "a@b.example", "c@d.example")
