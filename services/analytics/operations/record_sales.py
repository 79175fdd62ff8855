"""Records sales once by their ids, and adds them to the figures in the same transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from services.analytics.domain.failures import CustomerNotFound, SaleConflict
from services.analytics.domain.sale_outcomes import Outcome, Result
from services.analytics.domain.sales import NewSale, Sale, differences, differences_of_two
from services.analytics.store import external_ids, mirror, parked_sales, sale_recording, sales
from services.analytics.store.sale_recording import Entry
from services.runtime.database import Transaction
from services.runtime.ids import is_id


def record_sale(tx: Transaction, asked: NewSale, now: datetime, *, park: bool = False) -> Outcome:
    """What became of one sale. Raises CustomerNotFound, or SaleConflict where the id is taken by other content."""
    outcome = record_sales(tx, [asked], now, park=park)[0]
    if outcome.result is Result.UNKNOWN_CUSTOMER:
        raise CustomerNotFound(asked.customer_id or asked.external.external_id if asked.external else asked.customer_id)
    if outcome.result is Result.CONFLICT:
        raise SaleConflict(asked.sale_id, outcome.differs)
    return outcome


def record_sales(tx: Transaction, asked: Sequence[NewSale], now: datetime, *, park: bool) -> list[Outcome]:
    """What became of each sale, in their order; with `park` those of unknown customers are kept aside."""
    if park:
        parked_sales.hold_off_follower(tx)
    resolved = _resolved(tx, asked)
    first = {sale.sale_id: sale for sale in reversed(resolved)}
    outcomes = _outcomes(tx, first, now)
    if park:
        outcomes |= _parked(tx, [one for one in outcomes.values() if one.result is Result.UNKNOWN_CUSTOMER], now)
    return [_of_this(sale, outcomes[sale.sale_id], repeated=sale is not first[sale.sale_id]) for sale in resolved]


def _resolved(tx: Transaction, asked: Sequence[NewSale]) -> list[NewSale]:
    """The sales with the ids of their customers where those are known by an id of another system."""
    owners = external_ids.owners(tx, (sale.external for sale in asked if sale.external))
    return [replace(sale, customer_id=owners.get(sale.external, "")) if sale.external else sale for sale in asked]


def _outcomes(tx: Transaction, asked: Mapping[str, NewSale], now: datetime) -> dict[str, Outcome]:
    buyable = [sale for sale in asked.values() if is_id(sale.customer_id)]
    recorded = sale_recording.record(
        tx, [Entry(replace(one, sale_time=one.sale_time or now), tx.scope.actor) for one in buyable]
    )
    others = [sale for sale in asked.values() if sale.sale_id not in recorded]
    outcomes = {i: Outcome(asked[i], Result.RECORDED, stored) for i, stored in recorded.items()}
    return outcomes | _of_others(tx, others)


def _of_others(tx: Transaction, others: Sequence[NewSale]) -> dict[str, Outcome]:
    if not others:
        return {}
    there = sales.read_many(tx, [sale.sale_id for sale in others])
    waiting = parked_sales.read(tx, (sale.sale_id for sale in others if sale.sale_id not in there))
    outcomes = {}
    for sale in others:
        if stored := there.get(sale.sale_id):
            outcomes[sale.sale_id] = _compared(sale, differences(sale, stored), Result.UNCHANGED, stored)
        elif parked := waiting.get(sale.sale_id):
            same = Result.UNKNOWN_CUSTOMER if parked.customer_erased else Result.PARKED
            outcomes[sale.sale_id] = _compared(sale, differences_of_two(sale, parked.sale), same, None)
        else:
            outcomes[sale.sale_id] = Outcome(sale, Result.UNKNOWN_CUSTOMER)
    return outcomes


def _compared(asked: NewSale, differs: tuple[str, ...], same: Result, stored: Sale | None) -> Outcome:
    return Outcome(asked, Result.CONFLICT if differs else same, stored, differs)


def _parked(tx: Transaction, unknown: Iterable[Outcome], now: datetime) -> dict[str, Outcome]:
    """Keeps the sales aside whose customer may still become known: no text that is no id, and nobody who was erased."""
    named = [one.asked for one in unknown if one.asked.external or is_id(one.asked.customer_id)]
    erased = mirror.erased(tx, {sale.customer_id.lower() for sale in named if not sale.external}) if named else set()
    waiting = [sale for sale in named if sale.external or sale.customer_id.lower() not in erased]
    if waiting:
        parked_sales.park(tx, [replace(sale, sale_time=sale.sale_time or now) for sale in waiting])
    return {sale.sale_id: Outcome(sale, Result.PARKED) for sale in waiting}


def _of_this(asked: NewSale, outcome: Outcome, *, repeated: bool) -> Outcome:
    """A sale whose id came before in the same request is what that one is, or in conflict with it."""
    if not repeated or outcome.result not in {Result.RECORDED, Result.PARKED, Result.UNCHANGED}:
        return replace(outcome, asked=asked)
    differs = differences_of_two(asked, outcome.asked)
    same = Result.UNCHANGED if outcome.result is Result.RECORDED else outcome.result
    return _compared(asked, differs, same, outcome.stored)
