"""What may be typed after `fbnb`: every command, its options, and what they are good for."""

from __future__ import annotations

import argparse
import re
from datetime import MAXYEAR, UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

from fbnb import __version__
from fbnb.redact import ELLIPSIS, redact

_DB = (
    "a file, or postgresql://user@host/name with its password in PGPASSWORD (default: FBNB_STORE, or a file in your data folder)"
)
_STATUSES = """\
exit status:
  0    nobody has to do anything
  1    a token needs someone: it is dead, or its person or an admin has to be asked, or it has less
       left than --fail-under, or somebody could not be told
  2    the audit could not be done; one line on stderr says why
  3    nothing of that, but Graph could not be asked about every token, or a renewal is put off: the
       next audit tries again
  130  stopped by Ctrl-C; called again within six hours it goes on where it was

environment:
  FBNB_TARGET, FBNB_APP_ID, FBNB_APP_SECRET   which Graph, which app
  FBNB_STORE, FBNB_STORE_PASSPHRASE           the store, and its passphrase if it has one
  FBNB_SMTP, FBNB_MAIL_FROM, FBNB_MAIL_TO     for --notify: smtps://user:password@host, who writes, to whom
  FBNB_LOGIN_LINK, FBNB_APP_NAME              for --notify: where people log in again (default: Facebook's dialog), and to what

A token of 60 days is renewed 7 to 5 days before its end, so with --renew and an audit a day less than 4 days means that it
went wrong.
"""


class _Parser(argparse.ArgumentParser):
    def __init__(self, **how: Any) -> None:
        super().__init__(**how, allow_abbrev=False)  # a word that is half typed may be another one

    def error(self, message: str) -> NoReturn:
        # What was typed in the wrong place may be a token, and no word of ours is as long as one.
        super().error(re.sub(r"[\w|-]{40,}", ELLIPSIS, redact(message)))


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line; what goes wrong in it is told without tokens."""
    parser = _Parser(
        prog="fbnb", description="Practise Facebook's access tokens in notebooks, offline, and keep watch over stored ones."
    )
    parser.add_argument("--version", action="version", version=f"fbnb {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for add in (_lab, _sandbox, _explain, _audit, _tokens):
        add(commands)
    return parser


def _lab(commands: Any) -> None:
    command = commands.add_parser(
        "lab",
        help="open the notebooks in JupyterLab",
        description="Put the notebooks and their data into a folder and open JupyterLab on them. A notebook you changed is kept.",
        epilog="Every other option goes to JupyterLab, such as --no-browser or --port=8889.",
    )
    command.add_argument("--folder", default=".", help="where the notebooks are to be (default: here)")


def _sandbox(commands: Any) -> None:
    command = commands.add_parser(
        "sandbox",
        help="serve the sandbox to a browser, a program or an SDK",
        description="Serve Graph and its login dialog on this machine, until Ctrl-C. Nothing in it is real.",
    )
    command.add_argument("--port", type=int, default=8765, help="where it listens (default: 8765; 0 for any that is free)")
    command.add_argument("--host", default="127.0.0.1", help="127.0.0.1 (the default) or ::1; nothing but this machine")
    command.add_argument("--world", type=Path, metavar="FILE", help="another world.json (default: FBNB_WORLD, or the kit's own)")
    command.add_argument("--at", type=_instant, metavar="TIME", help="what its clock reads at first, as 2026-12-24T18:00 in UTC")
    command.add_argument("--frozen", action="store_true", help="the clock stands still until it is moved")
    command.add_argument("--env-file", type=Path, metavar="FILE", help="write the variables a program needs there, while it runs")
    command.add_argument("--json", action="store_true", help="print the variables as one line of JSON, control key included")


def _explain(commands: Any) -> None:
    command = commands.add_parser(
        "explain",
        help="say what an error means and what to do",
        description="Say what an error of Graph, of a login or of an SDK means: JSON, a log line, a redirect's address, HTML.",
        epilog="The text itself is not taken as an argument: the shell's history would keep a token that stands in it.",
    )
    command.add_argument("file", nargs="?", default="-", metavar="FILE", help="what holds the error (default: paste or pipe it)")
    command.add_argument("--where", help="the call or dialog it came from, such as 'GET /debug_token'")
    command.add_argument("--status", type=int, metavar="N", help="the HTTP status, if known")
    command.add_argument("--json", action="store_true", help="print it as JSON")


def _audit(commands: Any) -> None:
    command = commands.add_parser(
        "audit",
        help="ask Graph about every stored token, and say which need something",
        description="Ask Graph about every stored token of the app, and print those that need something. Made for cron and CI.",
        epilog=_STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--db", type=_text, metavar="URL", help=_DB)
    command.add_argument("--json", action="store_true", help="print every token, as one JSON object a line")
    command.add_argument("--fail-under", type=_span, metavar="SPAN", help="status 1 for less left on either clock: 36h, 14d, 2w")
    command.add_argument("--renew", action="store_true", help="renew what is due, before anyone is told")
    command.add_argument(
        "--notify", action="store_true", help="tell people by e-mail 14, 7, 3 and 1 days before, and when it is over"
    )
    command.add_argument("--fresh", action="store_true", help="begin anew, where an audit was broken off")


def _tokens(commands: Any) -> None:
    command = commands.add_parser(
        "tokens",
        help="list, add or forget stored tokens, or change the key they are encrypted with",
        description="What a store of tokens holds. Only add asks Graph.",
    )
    actions = command.add_subparsers(dest="action", metavar="ACTION", required=True)
    action = _action(actions, "list", "list stored tokens, without the tokens")
    action.add_argument("--json", action="store_true", help="print each as one JSON object a line")
    action.add_argument("--all", action="store_true", help="those too that a renewal has replaced")
    action = _action(actions, "add", "take in a token, once Graph has said that it works: paste it, or pipe it in")
    action.add_argument("--kind", choices=["user", "page", "app", "client", "system_user"], help="what it must be (default: any)")
    action.add_argument("--label", type=_text, default="", metavar="L", help="what to call it")
    action.add_argument("--scope", nargs="+", action="extend", default=[], metavar="S", help="the permissions that it must have")
    action = _action(actions, "forget", "delete a token from the store; Graph is not told")
    action.add_argument("fingerprint", metavar="FINGERPRINT", help="its first eight characters or more, as list shows them")
    _action(actions, "rotate-key", "encrypt the store with a new key")


def _action(actions: Any, name: str, words: str) -> argparse.ArgumentParser:
    action: argparse.ArgumentParser = actions.add_parser(name, help=words, description=f"{words[0].upper()}{words[1:]}.")
    action.add_argument("--db", type=_text, metavar="URL", help=_DB)
    return action


def _instant(text: str) -> datetime:
    """A time as it is typed; UTC where it says no other zone. Raises ValueError."""
    instant = datetime.fromisoformat(text)
    if not 1 < instant.year < MAXYEAR:
        raise ValueError("in another zone it may be no time at all")
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _span(text: str) -> timedelta:
    """A span of time as it is typed: 36h, 14d, 2w. Raises ArgumentTypeError."""
    found = re.fullmatch(r"([0-9]{1,5})([hdw])", text)
    if not found:
        raise argparse.ArgumentTypeError("that is no span of time, such as 36h, 14d or 2w")
    return timedelta(**{{"h": "hours", "d": "days", "w": "weeks"}[found[2]]: int(found[1])})


def _text(text: str) -> str:
    """A text as it is typed. Raises ValueError: bytes that are no letters."""
    text.encode()
    if "\0" in text:
        raise ValueError("that is no text")
    return text


_instant.__name__, _text.__name__ = "time", "text"  # as argparse calls them, when it says what is wrong
