"""Failures owns how a command ends badly: the exit codes, and the exceptions that carry a message to people."""

DONE, FAILED, BAD_INPUT, PARTLY_REJECTED, INTERRUPTED = 0, 1, 2, 3, 130


class CommandFailure(Exception):  # noqa: N818 - a failure is what is true, not a bug
    """The command cannot go on; the message says what to do."""

    exit_code = FAILED


class BadInputFailure(CommandFailure):
    """The arguments or the file are wrong."""

    exit_code = BAD_INPUT


class InterruptedFailure(CommandFailure):
    """The command was interrupted; the message says how far it came."""

    exit_code = INTERRUPTED
