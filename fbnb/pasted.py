"""Whatever a person pastes or a program hands over, as one line of plain text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from html import unescape
from urllib.parse import unquote

LONGEST = 12_000  # characters read of a long paste
MOST = 20_000  # values read out of a structure
_TELLING = re.compile(
    r"(OAuth|GraphMethod|IGApi|THApi)Exception|error_?(sub)?code|fbtrace_id|\(#\d+\)|access token", re.IGNORECASE
)

# What the errors and answers of other people's libraries call the things worth reading.
_ATTRIBUTES = (
    "code error_code api_error_code subcode error_subcode api_error_subcode problem message api_error_message error_message"
    " error_description error_user_title error_user_msg type error_type status status_code http_status reason is_valid error"
    " text body answer headers response __cause__"
).split()
_METHODS = frozenset("api_error_code api_error_subcode api_error_message".split())

_TIDY: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"(?<!\\)\\+u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16))),
    (r"(?<!\\)\\+[nrt]|(?<=\w)\+(?=\w)", " "),
    (r"(?<!\\)\\+([\"'/])", r"\1"),
    ("[‘’‛′]", "'"),
    ("[“”„″]", '"'),
    (r"error domain=\S{1,80} code=-?\d{1,9}", ""),  # a number of Apple's, not of Graph's
    (r"https?://developers\.facebook\.com/[^\s\"'<>]*", ""),  # its path speaks of permissions, whatever is wrong
    (r"(?<!#)</?[a-z!][^<>]{0,200}>", " "),
    (r"\s+", " "),
)


def plain(anything: object) -> str:
    """Any text, bytes, decoded JSON, exception or answer as one line of plain text; of a long log, what is around the last."""
    text = anything if isinstance(anything, str) else "\n".join(_lines(anything))
    if len(text) > LONGEST:
        telling = max((found.start() for found in _TELLING.finditer(text)), default=0)
        text = text[max(0, telling - LONGEST // 2) : telling + LONGEST // 2]
    text = unquote(unescape(text), errors="replace")
    for pattern, put in _TIDY:
        text = re.sub(pattern, put, text, flags=re.IGNORECASE)
    return text.strip()


def place(anything: object) -> str:
    """The call that an exchange was, such as `GET /v26.0/me`; "" for what does not say."""
    told = _attribute(anything, "method"), _attribute(anything, "path")
    return " ".join(map(str, told)) if all(isinstance(each, str) for each in told) else ""


def _lines(anything: object) -> Iterator[str]:
    """`name: value` for each value in a structure of any depth, in its order."""
    waiting: list[tuple[str, object]] = [("", anything)]
    for _ in range(MOST):
        if not waiting:
            return
        name, value = waiting.pop()
        try:
            inner = _inner(name, value)
        except Exception:  # noqa: BLE001 - another library's mapping or list may raise anything
            inner = None
        if inner is None:
            yield f"{name}: {_text(value)}" if name else _text(value)
        waiting.extend(reversed(inner or ()))


def _inner(name: str, value: object) -> list[tuple[str, object]] | None:
    """What is inside a value; None for one that is read as it is."""
    if value is None or isinstance(value, str | bytes | bytearray | int | float):
        return None
    if name == "headers" and hasattr(value, "get"):
        return [("www-authenticate", value.get("www-authenticate") or value.get("WWW-Authenticate"))]
    if isinstance(value, Mapping):
        return [(_text(key), each) for key, each in value.items()]
    if isinstance(value, list | tuple | set | frozenset):
        return [(name, each) for each in value]
    told = [(each, _attribute(value, each)) for each in _ATTRIBUTES]
    told = [(each, found) for each, found in told if found is not None and not callable(found)]
    if isinstance(value, BaseException):
        # Ours say in `problem` what is wrong; their text adds the remedy, which is not to be read as a symptom.
        words = () if any(each == "problem" for each, _ in told) else (_text(value),)
        return [("", f"{type(value).__name__}: {' '.join(words)}"), *told]
    return told or None


def _attribute(value: object, name: str) -> object:
    try:
        found = getattr(value, name, None)
        return found() if name in _METHODS and callable(found) else found
    except Exception:  # noqa: BLE001 - another library's property may raise anything, and there is more to read
        return None


def _text(value: object) -> str:
    if isinstance(value, bytes | bytearray):
        wide = value[:2] in (b"\xff\xfe", b"\xfe\xff") and 0 in value  # as PowerShell writes a file
        return bytes(value).decode("utf-16" if wide else "utf-8", errors="replace")
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - as above
        return type(value).__name__
