"""Conversation worker owns the resolving of conversations beside the feed: in one process at a time, many at once."""

from concurrent.futures import ThreadPoolExecutor

import grpc

from services.matching.domain.conversation import Waiting
from services.matching.follower.customers_calls import CustomersCalls, CustomersStubs
from services.matching.operations.conversation_backlog import (
    A_PART,
    due,
    parts_of,
    resolve_task,
    resolve_together,
    try_later,
)
from services.matching.operations.resolve_conversation import Resolving
from services.runtime.database import Database
from services.runtime.database_errors import database_failure
from services.runtime.failures import DatabaseUnavailable, Failure, Overloaded
from services.runtime.follower_cursor import leads
from services.runtime.logs import get_logger
from services.runtime.service_channel import Channel, for_company
from services.runtime.worker import Worker

NAME = "conversations"
LOOK_EVERY_S = 2.0
AT_ONCE = 4
A_ROUND = 2 * A_PART
_ASK_TO_LEAD_S = 1.0
_PATIENCE_S = 30.0  # a call that links a hundred, on a busy machine
_HAVE_TO_WAIT = "conversations have to wait"
# Not the conversation's fault, so it keeps its tries: customers is away, older, or does not take our token.
_NOT_ITS_FAULT = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNIMPLEMENTED,
)

_log = get_logger(NAME)


class ConversationWorker(Worker):
    """Works as the service itself; `wake` is called when conversations wait."""

    def __init__(self, resolving: Resolving, upkeep: Database, customers: Channel) -> None:
        super().__init__(NAME, _HAVE_TO_WAIT)
        self._resolving = resolving
        self._upkeep = upkeep
        self._stubs = CustomersStubs(customers)

    def work(self) -> None:
        """Resolve what waits, in the one process that leads."""
        with ThreadPoolExecutor(AT_ONCE, NAME) as pool, self._resolving.database.dedicated() as lock:
            while not self.stopping.is_set():
                if leads(lock, NAME):
                    self._round(pool)
                else:
                    self.stopping.wait(_ASK_TO_LEAD_S)

    def _round(self, pool: ThreadPoolExecutor) -> None:
        tasks = due(self._upkeep, A_ROUND)
        parts = list(pool.map(self._resolve_together, parts_of(tasks)))
        left = [task for part in parts for task in part or ()]
        if None in parts or not all(list(pool.map(self._resolve, left))):
            self.rest()
        elif tasks:
            self.went_well()
        else:
            self.sleep(LOOK_EVERY_S)

    def _resolve_together(self, part: list[Waiting]) -> list[Waiting] | None:
        """Resolve those of a part that are plain, and give the others; None where something is away."""
        company_id = part[0].company_id
        if self.stopping.is_set():
            return []
        try:
            return resolve_together(self._resolving, self._customers(company_id), part)
        except Exception as error:
            told = {"company": company_id, "cause": f"{type(error).__name__}: {error}"}
            if _is_away(error):
                _log.warning(_HAVE_TO_WAIT, **told)
                return None
            _log.warning("conversations are tried one by one", conversations=len(part), **told)
            return part

    def _resolve(self, task: Waiting) -> bool:
        """Resolve one; false where something is away that all of them need."""
        if self.stopping.is_set():
            return True
        try:
            resolve_task(self._resolving, self._customers(task.company_id), task)
        except Exception as error:
            if _is_away(error):
                _log.warning(_HAVE_TO_WAIT, company=task.company_id, cause=str(error))
                return False
            self._put_off(task, error)
        return True

    def _put_off(self, task: Waiting, error: Exception) -> None:
        named = {"company": task.company_id, "conversation": task.conversation.conversation_id}
        if try_later(self._resolving.database, task, error):
            _log.error("a conversation is put aside", **named, exc_info=error)
        else:
            _log.warning("a conversation is tried again", **named, cause=f"{type(error).__name__}: {error}")

    def _customers(self, company_id: str) -> CustomersCalls:
        return CustomersCalls(self._stubs, lambda request_id: for_company(company_id, request_id), lambda: _PATIENCE_S)


def _is_away(error: Exception) -> bool:
    if isinstance(error, grpc.RpcError):
        return isinstance(error, grpc.Call) and error.code() in _NOT_ITS_FAULT
    failure = error if isinstance(error, Failure) else database_failure(error)
    return isinstance(failure, DatabaseUnavailable | Overloaded)
