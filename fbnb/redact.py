"""The one place that hides secrets.

Three nets, because each alone has a hole: by *parameter name* (`client_secret=...`), by *known value* (whatever this
request carried) and by *pattern* (what looks like a token wherever it stands, `1234|5678` included).
"""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NoReturn
from urllib.parse import quote, quote_plus

ELLIPSIS = "…"

SECRET_PARAMETERS = frozenset(
    "access_token client_secret app_secret fb_exchange_token input_token revoke_token appsecret_proof code_verifier"
    " id_token signed_request password machine_id long_lived_token client_token owner_access_token code".split()
)

# A terminal or a mail breaks a long token; what follows on the next line is the rest of it if it looks like that.
_PREFIXES = "EAA CAA XAA IGQ IGAA THQ THAA".split()
_BEGINS = f"(?:{'|'.join(_PREFIXES)})"
_TOKEN = re.compile(rf"\b{_BEGINS}[A-Za-z0-9_-]{{6,}}(?:\r?\n(?!{_BEGINS})(?=[\w-]*\d)[A-Za-z0-9_-]{{16,}})*")
_PIPED = re.compile(r"\b(\d{4,})(\||%7C)[\w-]{4,}", re.IGNORECASE)
_SIGNED = re.compile(r"(?:(?<![\w-])[\w-]{16,}\.)?\beyJ[\w-]{8,}(?:\.[\w-]+)*")
_CODE = re.compile(r"\bAQ[A-Za-z0-9_-]{16,}")
_NAMES = "|".join(sorted(SECRET_PARAMETERS - {"code"}))
_NAMED = re.compile(
    rf"""(?<![\w])((?:{_NAMES})["']?\s*(?:=|:|%3D)\s*)("[^"]*"?|'[^']*'?|[^&\s"'<>,}})#]+)""",
    re.IGNORECASE,
)
_IN_ADDRESS = re.compile(r"((?:^|[?&#\s])code=)([^&#\s\"'<>]+)")
_APP_SECRET = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{32}(?![0-9A-Za-z])")
# `code` is also the name of Graph's error number, so a short or numeric value is left to be read.
_NAMED_CODE = re.compile(r"""(?<![\w])(code(?:"|')?\s*(?:=|:)\s*(?:"|')?)((?!\d+\b)[^&\s"'<>,})#]{6,})""")

_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*")
# Each pattern above needs one of these, so most texts are done with after one look. Every alternative begins with a letter
# of its own, for then the look skips what begins with no such letter, and takes a fifth of the time.
_WORDS = "token secret proof verifier signed_request password machine_id".split()
_CASES = {"s": "sS\u017f"}  # a long s is one too, where case is ignored
_SUSPECT = re.compile(
    "|".join(
        [*_PREFIXES, "AQ", "eyJ", r"\|", "%7[Cc]", "code"]
        + [f"{first}(?i:{word[1:]})" for word in _WORDS for first in _CASES.get(word[0], word[0] + word[0].upper())]
    )
)
_HEX = re.compile(r"[0-9a-fA-F]{32}")


class Secret:
    """A string that shows itself only when asked: `reveal()`.

    It hides in `repr`, `str`, HTML and verbose tracebacks, compares in constant time and refuses to be pickled. shown: what
    to show of it, by default its hint.
    """

    __slots__ = ("__shown", "__text")

    def __init__(self, text: str, *, shown: str | None = None) -> None:
        self.__text, self.__shown = text, shown

    def reveal(self) -> str:
        """The hidden text. Hand it straight to what needs it; never keep it in a variable."""
        return self.__text

    @property
    def hint(self) -> str:
        """As much of it as may be shown."""
        return hint(self.__text) if self.__shown is None else self.__shown

    def __repr__(self) -> str:
        return f"Secret({self.hint})"

    def __bool__(self) -> bool:
        return bool(self.__text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self.__text.encode(), other.__text.encode())

    def __hash__(self) -> int:
        return hash(self.__text)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled: a file would hold it in clear text")


def hint(text: str) -> str:
    """As much of a secret as may be shown: `EAA…3f9c`, `1234567890123|…`, else `…`."""
    if ELLIPSIS in text:
        return text
    if piped := re.match(r"\d{4,}(?=\|)", text):
        return f"{piped.group()}|{ELLIPSIS}"
    if len(text) >= 20 and _TOKEN.fullmatch(text):
        return f"{text[:3]}{ELLIPSIS}{text[-4:]}"
    return ELLIPSIS


def redact(text: str, known: Iterable[str] = ()) -> str:
    """`text` with every secret replaced by its hint. Redacting twice changes nothing."""
    return _redacted(text, _known(known))


class Known:
    """Secrets, each in every way in which it may be written: made once for many texts. It shows none of them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted({*filter(None, secrets)}, key=len, reverse=True)  # a longer one may have a shorter in it
        self.forms = [(form, value) for value in self._secrets for form in _forms(value)]
        self.shortest = min((len(form) for form, _ in self.forms), default=0)

    def __iter__(self) -> Iterator[str]:
        return iter(self._secrets)


def _known(secrets: Iterable[str]) -> Known:
    return secrets if isinstance(secrets, Known) else Known(secrets)


def _redacted(text: str, known: Known) -> str:
    # An answer to fifty calls is thousands of short texts, and fifty tokens to look for in each.
    for form, value in known.forms if len(text) >= known.shortest else ():
        if form in text:
            text = text.replace(form, hint(value))
    if not _SUSPECT.search(text) and not _HEX.search(text):
        return text
    text = _TOKEN.sub(lambda found: hint(found.group()), text)
    text = _PIPED.sub(lambda found: f"{found.group(1)}{found.group(2)}{ELLIPSIS}", text)
    text = _SIGNED.sub(ELLIPSIS, text)
    text = _CODE.sub(ELLIPSIS, text)
    text = _IN_ADDRESS.sub(lambda found: found.group(1) + ELLIPSIS, text)
    text = _APP_SECRET.sub(ELLIPSIS, text)
    text = _NAMED_CODE.sub(lambda found: found.group(1) + ELLIPSIS, text)
    return _NAMED.sub(_named, text)


def _forms(value: str) -> set[str]:
    """How a value may be written; nearly all are written in one way, and so are not encoded to find out."""
    if _PLAIN.fullmatch(value):
        return {value}
    return {value, quote(value, safe="", errors="replace"), quote_plus(value, errors="replace")}


class RedactingFilter(logging.Filter):
    """For loggers that are not ours: what they say is redacted before anyone reads it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        return True


def _named(found: re.Match[str]) -> str:
    value = found.group(2)
    mark = value[0] if value[0] in "\"'" else ""
    closed = mark if len(value) > 1 and value[-1] == mark else ""
    return f"{found.group(1)}{mark}{hint(value.strip(mark) if mark else value)}{closed}"


def redact_params(params: Mapping[str, str], known: Iterable[str] = ()) -> dict[str, str]:
    """Parameters as they may be shown: those with a secret's name by name, the others by value and pattern."""
    forms = _known(known)
    return {name: hint(value) if name in SECRET_PARAMETERS else _redacted(value, forms) for name, value in params.items()}


def redact_json(value: Any, known: Iterable[str] = ()) -> Any:
    """A decoded JSON value with every string that is or holds a secret redacted: by its name, by value and by pattern."""
    return _each_string(value, _known(known), lambda text, shown: shown)


def sealed(value: Any, known: Iterable[str] = ()) -> Any:
    """A decoded JSON value in which every string that is or holds a secret is a Secret, shown redacted."""
    return _each_string(value, _known(known), lambda text, shown: Secret(text, shown=shown))


def _each_string(value: Any, known: Known, put: Callable[[str, str], Any], name: str = "") -> Any:
    """The value with what `put` makes of each string that has something to hide, and of how that may be shown."""
    if isinstance(value, str):
        shown = hint(value) if name in SECRET_PARAMETERS else _redacted(value, known)
        return value if shown == value else put(value, shown)
    if isinstance(value, dict):
        return {key: _each_string(inner, known, put, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_each_string(inner, known, put, name) for inner in value]
    return value
