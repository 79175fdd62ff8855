"""Waits until a read may answer, and says how old its answer is."""

from typing import Any

from services.runtime.database import Database
from services.runtime.failures import FieldCheck, FieldsInvalid
from services.runtime.freshness import ChangeToken, age, wait_until_fresh

_LONGEST_WAIT_S = 10.0


class Freshness:
    """How far the follower of a name has come in a database."""

    def __init__(self, database: Database, follower: str) -> None:
        self._database = database
        self._follower = follower

    def asked(self, text: str, check: FieldCheck) -> ChangeToken | None:
        """The token that a read asks for; None where it asks for none."""
        if not text:
            return None
        try:
            return ChangeToken.parse(text)
        except FieldsInvalid as error:
            check.violations.extend(error.fields)
            return None

    def wait(self, token: ChangeToken | None, context: Any) -> None:
        """Waits until all up to the token is known here. Raises NotYetFresh, TokenEpoch."""
        if token is None:
            return
        remaining = context.time_remaining()
        deadline = _LONGEST_WAIT_S if remaining is None else min(remaining, _LONGEST_WAIT_S)
        wait_until_fresh(self._database, self._follower, token, deadline, context.is_active)

    def age_seconds(self) -> float:
        """Seconds since this service last heard from the customers service."""
        return age(self._database, self._follower)
