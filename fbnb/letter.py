"""What is said to a person whose token is dying or dead, as an e-mail: instructions and a login link, and no token."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256

from fbnb.clock import in_utc
from fbnb.errors import InputError
from fbnb.redact import ELLIPSIS, redact

# What makes two lines of one, or lets it be read as another: controls, separators, turns of direction, halves of characters.
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")
_ENCODED = "=?"  # begins an RFC 2047 word: `email` decodes it, and only then are its line breaks there
_HINT = re.compile(rf"\b(?:[A-Z]{{3,4}}{ELLIPSIS}[\w-]{{4}}|\d{{4,}}\|{ELLIPSIS})")
# A login's state is random, so one in thousands looks like a code; a real code or token is longer.
_STATE = re.compile(r"(?<=[?&]state=)[\w-]{,64}(?=[&#]|$)")
_IN_LINK = re.compile(r"https?:[/\\]*[^/\\?#]*@")  # a user and a password, which a browser hands to the host
_PART = r"[^\s\"(),:;<>@\[\]\\]+"
_ADDRESS = re.compile(rf"(?:\"?(?P<name>[^\"<>]*?)\"?\s*<)?(?P<user>{_PART})@(?P<domain>{_PART})(?(name)>)")
_STEPS = """\
1. Open this link in your browser:

{link}

2. Facebook itself asks for your consent. Make sure that the page is
   Facebook's before you type anything into it.

3. Agree to what is asked for. The app goes on by itself after that.

Nobody needs your password for Facebook: send it to nobody, not even in
an answer to this mail. If you no longer want the app to do this for
you, you need do nothing.
"""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a person is told about one token.

    app, label: as they know the app, and themselves or their Page. fingerprint: of the token, for us alone. about: "token" or
    "data access". rung: "14 days" ... "1 day", or "expired". ends: aware; None where not known. why, do: sentences. link: where
    they log in again; "" for an admin. at: when it is said, aware. for_admin: no login helps; somebody has to look into it.
    """

    app: str
    label: str
    fingerprint: str
    about: str
    rung: str
    ends: datetime | None
    why: str
    do: str
    link: str
    at: datetime
    for_admin: bool = False


def message(notice: Notice, sender: str, to: str) -> EmailMessage:
    """The e-mail that says a notice: plain text, with the same Message-ID whenever the same is said again.

    Raises InputError: an address that is none, or a link that is none or has a secret in it.
    """
    address, mail = read_address(sender), EmailMessage(SMTP)
    mail["From"], mail["To"], mail["Date"] = address, read_address(to), in_utc(notice.at)
    wants = f"an admin to look into {notice.label}" if notice.for_admin else "you to log in again"
    mail["Subject"] = one_line(f"{notice.app} needs {wants}{_within(notice)}")
    mail["Message-ID"] = f"<{_name(notice)}@{address.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    text = _text(notice, address.addr_spec)
    plain = text.isascii() and max(map(len, text.splitlines())) < 998  # SMTP carries no longer line as it is
    mail.set_content(text, cte="7bit" if plain else "quoted-printable")
    return mail


def read_address(text: str) -> Address:
    """The one address in a text, with or without a name before it, its domain as DNS spells it. Raises InputError."""
    try:
        if (found := _ADDRESS.fullmatch(text.strip())) and not _UNFIT.search(text) and _ENCODED not in text:
            domain = found["domain"].encode("idna").decode()  # which makes ASCII of wide signs: of a wide comma, too
            if re.fullmatch(r"[\w.-]+", domain, re.ASCII):
                return Address(found["name"] or "", found["user"], domain)
    except UnicodeError:
        pass  # a domain that DNS cannot have
    raise InputError(f"{one_line(text)!r} is not one e-mail address.", remedy="Such as mara@harbour.example.") from None


def one_line(text: str) -> str:
    """A text on one line, without tokens and without the hints of any, and nothing in it that a mail's header decodes."""
    return " ".join(_UNFIT.sub(" ", _HINT.sub(ELLIPSIS, redact(text))).split()).replace(_ENCODED, "= ?")


def _name(notice: Notice) -> str:
    # A later end of the same token is another mail: a server that knows its Message-ID would drop it as a duplicate. Of what
    # ends at no time that is known, such as by a checkpoint, the day and the reason tell one end from the next.
    end = in_utc(notice.ends) if notice.ends else (in_utc(notice.at).date(), notice.why)
    said = (notice.fingerprint, notice.about, notice.rung, end)
    return sha256(repr(said).encode()).hexdigest()[:24]


def _text(notice: Notice, sender: str) -> str:
    return "\n\n".join(
        [
            "Hello,",
            _wrapped(_what(notice)),
            _wrapped(f"Why: {notice.why}"),
            _wrapped(f"What to do: {notice.do}"),
            *([] if notice.for_admin else [_STEPS.format(link=check_link(notice.link)).rstrip()]),
            _wrapped(f"Any question? Ask those who run {notice.app}: {sender}") + "\n",
        ]
    )


def _what(notice: Notice) -> str:
    deed = "read your data on Facebook" if notice.about == "data access" else "act on Facebook"
    ends = f"{in_utc(notice.ends):%Y-%m-%d %H:%M} UTC" if notice.ends else ""
    if notice.rung == "expired":
        ended = f"{notice.app} can no longer {deed} for {notice.label}{ends and f', since {ends}'}."
        return ended if notice.for_admin else f"{ended} Please log in again."
    until = f"until {ends}" if ends else f"for {notice.rung} more at most"
    ends_soon = f"{notice.app} can {deed} for {notice.label} {until}."
    return ends_soon if notice.for_admin else f"{ends_soon} Please log in again before that."


def _within(notice: Notice) -> str:
    return "" if notice.rung == "expired" else f" within {notice.rung}"


def _wrapped(text: str) -> str:
    return textwrap.fill(one_line(text), 72, break_long_words=False, break_on_hyphens=False)


def check_link(link: str) -> str:
    """The link, if it may be sent. Raises InputError."""
    judged = _STATE.sub("", link)
    if redact(judged) != judged or ELLIPSIS in link or _IN_LINK.match(link):
        raise InputError("The link holds a token or another secret.", remedy="Give the address where a login begins.")
    if not re.fullmatch(r"https?://[!-~]+", link):
        raise InputError("The link is no web address.", remedy="Give a whole one, as login_url(...) makes it.")
    return link
