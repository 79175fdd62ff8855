"""Main owns the `patronage` command: its subcommands, and how they end."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

import typer
from typer.main import get_command

from services.cli.endings import catch_ending
from services.cli.failures import DONE, FAILED, INTERRUPTED, CommandFailure
from services.cli.visible import visible

COMMANDS = {
    "up": "up:up",
    "demo": "demo:demo",
    "token": "token:token",
    "migrate": "migrate:migrate",
    "import": "import_customers:import_customers",
    "duplicates": "duplicates:duplicates",
    "explain": "explain:explain",
    "automerge": "automerge:automerge",
    "merge": "merge:merge",
    "undo": "merge:undo",
    "review": "review:review",
    "resolve": "review:resolve",
    "dedupe": "dedupe:dedupe",
    "evaluate": "evaluate:evaluate",
    "report": "report:report",
    "export": "export:export",
}
"""Module and function of each command, in the order of the help."""


def patronage() -> None:
    """Keep a company's customers: find duplicates, merge them, count right."""


def application(arguments: Sequence[str]) -> typer.Typer:
    """Return the command that is asked for, or else all of them: importing what another one needs takes a second."""
    app = typer.Typer(name="patronage", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(patronage)
    asked = arguments[0] if arguments else ""
    for name in (asked,) if asked in COMMANDS else COMMANDS:
        module, _, function = COMMANDS[name].partition(":")
        app.command(name)(getattr(import_module(f"services.cli.{module}"), function))
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit: 0 done, 1 failed, 2 bad usage or file, 3 rows rejected, 130 interrupted."""
    catch_ending(_interrupt)
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code."""
    try:
        return _invoke(list(arguments))
    except CommandFailure as failure:
        print("patronage:", "\n".join(map(visible, str(failure).split("\n"))), file=sys.stderr)  # noqa: T201
        return failure.exit_code
    except (KeyboardInterrupt, typer.Abort):
        print("patronage: interrupted", file=sys.stderr)  # noqa: T201
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left to write has no reader
        return FAILED
    except OSError as error:
        print(f"patronage: {error}", file=sys.stderr)  # noqa: T201
        return FAILED


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _invoke(arguments: list[str]) -> int:
    command = get_command(application(arguments))
    try:
        outcome = command.main(args=arguments, prog_name="patronage", standalone_mode=False)
    except Exception as error:
        show, code = getattr(error, "show", None), getattr(error, "exit_code", None)
        if show is None or code is None:
            raise
        show()
        return int(code)
    if outcome == INTERRUPTED:
        raise KeyboardInterrupt
    return outcome if isinstance(outcome, int) else DONE


if __name__ == "__main__":
    main()
