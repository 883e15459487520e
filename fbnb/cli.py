"""The command line: `fbnb lab` opens the notebooks, `fbnb sandbox` serves Graph, `fbnb explain` says what an error means."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import MAXYEAR, UTC, datetime
from pathlib import Path
from typing import NoReturn

from fbnb import __version__
from fbnb.errors import FbnbError
from fbnb.redact import redact


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        super().error(redact(message))  # what was typed in the wrong place may be a token


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command; an error of ours is one line on stderr and exit status 2."""
    parser = _parser()
    told, rest = parser.parse_known_args(argv)
    if rest and told.command != "lab":
        parser.error(f"there is no option {rest[0]}")
    try:
        if told.command == "lab":
            _lab(told, rest)
        elif told.command == "explain":
            _explain(told)
        elif told.command == "sandbox":
            _sandbox(told)
        else:
            parser.print_help()
            sys.exit(0)
    except FbnbError as wrong:
        _stop(str(wrong))
    except BrokenPipeError:
        os._exit(1)  # whoever read along has left, and leaving by sys.exit would flush and fail once more
    except OSError as wrong:
        _stop(f"{redact(str(wrong.filename or told.command))[:100]}: {wrong.strerror}.")
    except KeyboardInterrupt:
        sys.exit(130)


# Each command loads what it needs, and nothing that another does.


def _lab(told: argparse.Namespace, rest: Sequence[str]) -> None:
    from fbnb.lab import lab

    lab(Path(told.folder), rest)


def _explain(told: argparse.Namespace) -> None:
    from fbnb.explain import explain

    explain(told.file, told.where, told.status, as_json=told.json)


def _sandbox(told: argparse.Namespace) -> None:
    told_to_stop = _signals()  # at once: loading a server takes a while
    gc.disable()  # nothing that is loaded is garbage, and looking for some takes a tenth of the time
    from fbnb.sandbox.run import Wish, run

    gc.enable()
    run(Wish(told.host, told.port, told.world, told.at, told.frozen, told.env_file, told.json), told_to_stop)


def _signals() -> Callable[[], object]:
    """From here on Ctrl-C and SIGTERM interrupt nothing. Returns a wait for the first of them, were it here already."""
    numbers = signal.SIGINT, signal.SIGTERM
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)  # a handler could come between a look at what it notes and the wait for it
    return lambda: signal.sigwait(numbers)


def _instant(text: str) -> datetime:
    """A time as it is typed; UTC where it says no other zone. Raises ValueError."""
    instant = datetime.fromisoformat(text)
    if not 1 < instant.year < MAXYEAR:
        raise ValueError("in another zone it may be no time at all")
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


_instant.__name__ = "time"  # which argparse calls it by, when it says what is wrong


def _stop(line: str) -> NoReturn:
    print(f"fbnb: {line}", file=sys.stderr)  # noqa: T201 - the command line speaks
    sys.exit(2)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="fbnb", description="Practise Facebook's access tokens in notebooks, offline.")
    parser.add_argument("--version", action="version", version=f"fbnb {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    command = commands.add_parser(
        "lab",
        help="open the notebooks in JupyterLab",
        description="Put the notebooks and their data into a folder and open JupyterLab on them. A notebook you changed is kept.",
        epilog="Every other option goes to JupyterLab, such as --no-browser or --port=8889.",
    )
    command.add_argument("--folder", default=".", help="where the notebooks are to be (default: here)")
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
    return parser


if __name__ == "__main__":
    main()
