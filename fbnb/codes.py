"""Graph's code and subcode, found in a plain text: JSON, the reprs of a dozen languages, log lines, bare words."""

from __future__ import annotations

import re

# What an HTTP status can be, and a code of Graph's is not; 200 is both.
_HTTP = frozenset({200, 201, 302, *range(400, 412), 415, 422, 429, *range(500, 506)})
# `code: 190`, `"code"=>190`, `[code] => 190`, `code = 190`, `(code 190`, `code | 190`
_IS = r"""["'\]]*\s*(?:is|was|=>|[:=(#|])?\s*[:>=#]?\s*["'\[(]*\s*"""
# `error_code`, `facebookErrorCode`; but not `subErrorCode`, `status code`, `country_code`
_NAME = (
    r"(?:\b(?!sub)\w{0,24}err(?:or)?[_ ]?code"
    r"|(?<![a-z_])(?<!sub )(?<!sub-)(?<!status )(?<!http )(?<!response )(?:(?:api|graph|facebook|fb|exception)[_ ]?){0,2}code)"
)
_SURE = re.compile(r"\(#(\d{1,7})\)")
_CODES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"grapherrorcodekey\W{1,3}(\d{1,7})\b",  # what Apple's SDK calls it, among numbers of its own
        rf"{_NAME}{_IS}(\d{{1,7}})\b",
        r"\berror(?: message| number| no\.?)?\s?[:#(]?\s?(\d{1,7})\b",
        r"exception\W{1,3}(\d{1,7})\b",
        r"^\W{0,3}(\d{1,7})\W{0,3}$",  # a number and nothing else
        r"""(?:^|["'(\[] ?)(\d{1,7})(?:[./]\d{1,7})?\s?[-:]\s""",
    )
]
_SUBCODES = [
    re.compile(rf"sub[_ -]?(?:error[_ ]?)?code(?:key)?{_IS}(\d{{1,8}})\b", re.IGNORECASE),
    re.compile(r"(?<![\d./-])(?:102|190|10|17|100|200|368|613) ?[./] ?(\d{2,7})(?![\d./-])"),  # 190/463, 190.463
]


def numbers(text: str) -> tuple[int | None, int | None]:
    """Graph's code and subcode as told in a plain text, however it is laid out; None for what is not told."""
    codes, subcodes = _all(_CODES, text), _all(_SUBCODES, text)
    graphs = _all([_SURE], text) + [code for code in codes if code not in _HTTP]
    # 200 is a code of Graph's too, and the status of a call that went well.
    permission = [200] if 200 in codes and re.search(r"error|exception|denied|can ?not|\bnot\b", text, re.IGNORECASE) else []
    return next(iter(graphs + permission), None), next(iter(subcodes), None)


def _all(patterns: list[re.Pattern[str]], text: str) -> list[int]:
    """What the patterns find in the text, those of the first pattern first; 0 and -1 are ways to say none."""
    found = (int(found[1]) for pattern in patterns for found in pattern.finditer(text))
    return [number for number in found if number > 0]
