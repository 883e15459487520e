"""The command line: lab opens the notebooks, sandbox serves Graph, explain explains; audit and tokens watch over a store."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from fbnb.commands.arguments import parser
from fbnb.errors import FbnbError
from fbnb.redact import redact


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command; an error of ours is one line on stderr and exit status 2."""
    typed = parser()
    told, rest = typed.parse_known_args(argv)
    if rest and told.command != "lab":
        typed.error(_unknown(told, rest[0]))
    status: int | None = None
    try:
        if told.command == "lab":
            _lab(told, rest)
        elif told.command in _COMMANDS:
            status = _COMMANDS[told.command](told)
        else:
            typed.print_help()
            status = 0
        _flush()  # here, for Python itself would do it where nobody is told in one line what went wrong
    except FbnbError as wrong:
        _stop(str(wrong))
    except BrokenPipeError:
        os._exit(2)  # whoever read along has left, and leaving by sys.exit would flush and fail once more
    except OSError as wrong:
        _stop(f"{redact(str(wrong.filename or told.command))[:100]}: {wrong.strerror}.")
    except KeyboardInterrupt:
        sys.exit(130)
    if status is not None:
        sys.exit(status)


def _unknown(told: argparse.Namespace, word: str) -> str:
    if told.command == "tokens" and not word.startswith("-"):  # most likely the token itself, so it is not repeated
        return "a token is not taken as an argument, for the shell's history would keep it: paste it, or pipe it in"
    return f"there is no option {word.partition('=')[0] if word.startswith('-') else word}"


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


def _audit(told: argparse.Namespace) -> int:
    from fbnb.commands.audit import Wish, run

    return run(Wish(told.db, told.json, told.fail_under, told.notify, told.renew, told.fresh))


def _tokens(told: argparse.Namespace) -> None:
    from fbnb.commands import tokens as command

    if told.action == "list":
        command.list_stored(told.db, replaced=told.all, as_json=told.json)
    elif told.action == "add":
        command.add_token(told.db, kind=told.kind, label=told.label, scopes=told.scope)
    elif told.action == "forget":
        command.forget_token(told.db, told.fingerprint)
    else:
        command.rotate_key(told.db)


_Command = Callable[[argparse.Namespace], int | None]
_COMMANDS: dict[str, _Command] = {"explain": _explain, "sandbox": _sandbox, "audit": _audit, "tokens": _tokens}


def _signals() -> Callable[[], object]:
    """From here on Ctrl-C and SIGTERM interrupt nothing. Returns a wait for the first of them, were it here already."""
    numbers = signal.SIGINT, signal.SIGTERM
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)  # a handler could come between a look at what it notes and the wait for it
    return lambda: signal.sigwait(numbers)


def _stop(line: str) -> NoReturn:
    print(f"fbnb: {line}", file=sys.stderr)  # noqa: T201 - the command line speaks
    try:
        _flush()
    except OSError:
        os._exit(2)
    sys.exit(2)


def _flush() -> None:
    if sys.stdout is not None:  # as where it was closed
        sys.stdout.flush()


if __name__ == "__main__":
    main()
