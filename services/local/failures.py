"""What can go wrong on the local machine, each with what to do about it in its message."""


class LocalError(Exception):
    """The local suite cannot do what was asked; the message says what to do."""


class PostgresMissingError(LocalError):
    """No usable PostgreSQL binaries on this machine."""


class DataDirectoryError(LocalError):
    """The data directory is in use, belongs to someone else, or is of another PostgreSQL."""


class DatabaseRefusedError(LocalError):
    """A server of one's own cannot be reached, or refuses what was asked."""


class ProcessFailedError(LocalError):
    """A process of the suite ended, or did not become ready in time."""
