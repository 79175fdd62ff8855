"""What tests of the review queue ask of a company: its items, decisions, judgements and figures."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from services.matching.domain.judgement import Judged, Judgement
from services.matching.domain.policy import LADDER_KIND, PolicyWish
from services.matching.domain.resolution import Decision
from services.matching.domain.review_item import ItemsAsked, ReviewItem
from services.matching.operations.create_judgement import create_judgement
from services.matching.operations.get_review_item import get_review_item
from services.matching.operations.get_review_stats import ReviewStats, get_review_stats
from services.matching.operations.list_review_items import ReviewPage, list_review_items
from services.matching.operations.resolve_review_item import resolve_by_judgement
from services.matching.operations.set_policy import set_policy
from services.runtime.database import TenantScope, Transaction
from tests.integration.matching.people import Company, change, customer_id

T = TypeVar("T")
SHARED = {"phone": "+1 212 555 0147"}
"""A phone is shared by a pair in the band of the ladder below: confidence 90, where 70 rejects and 95 accepts."""


@dataclass
class Queue:
    """The review queue of a company that is judged by the ladder."""

    company: Company
    actor: str = "ann"

    def settle(self, accept: int = 95, reject: int = 70) -> None:
        """Judge by the ladder from now on, with a band."""
        self.write(lambda tx: set_policy(tx, PolicyWish(LADDER_KIND, accept, reject, learns=False), ""))

    def write(self, run: Callable[[Transaction], T]) -> T:
        scope = TenantScope(self.company.company_id, actor=self.actor, actor_name=self.actor.title())
        with self.company.database.transaction(scope) as tx:
            return run(tx)

    def page(self, size: int = 20, token: str = "", number: int = 0, **asked: Any) -> ReviewPage:
        wish = ItemsAsked(**asked, customer_id=customer_id(number) if number else "")
        return self.write(lambda tx: list_review_items(tx, wish, size, token))

    def items(self, **asked: Any) -> list[ReviewItem]:
        return list(self.page(size=1000, **asked).items)

    def numbers(self, **asked: Any) -> list[tuple[str, set[int]]]:
        """Kind and customers of each item, in order."""
        return [(item.kind, numbers_of(item)) for item in self.items(**asked)]

    def questions(self) -> list[tuple[str, list[int]]]:
        """Kind and customers of each open item, whatever their impact."""
        return sorted((kind, sorted(numbers)) for kind, numbers in self.numbers())

    def item(self, item_id: str) -> ReviewItem:
        return self.write(lambda tx: get_review_item(tx, item_id))

    def decide(self, item: ReviewItem, resolution: str, *numbers: int, **more: Any) -> tuple[ReviewItem, list[str]]:
        named = tuple(customer_id(one) for one in numbers)
        decision = Decision(item.item_id, resolution, customer_ids=named, **more)
        return self.write(lambda tx: resolve_by_judgement(tx, decision))

    def judge(self, left: int, right: int, verdict: str, reason: str = "") -> Judgement:
        judged = Judged(customer_id(left), customer_id(right), verdict, reason)
        return self.write(lambda tx: create_judgement(tx, judged))

    def stats(self) -> ReviewStats:
        now = datetime.now(UTC)
        return self.write(lambda tx: get_review_stats(tx, now - timedelta(days=1), now + timedelta(days=1)))

    def merge(self, target: int, source: int, revision: int) -> None:
        """Follow a merge."""
        self.company.follow(
            change(source, revision, state="MERGED", merged_into=target),
            change(target, revision, members=[source], **person(target, **SHARED)),
        )

    def undo(self, target: int, source: int, revision: int) -> None:
        """Follow its undo."""
        self.company.follow(
            change(target, revision, **person(target, **SHARED)), change(source, revision, **person(source, **SHARED))
        )


def person(number: int, **fields: str) -> dict[str, Any]:
    """Somebody whose name and e-mail nobody shares."""
    words = ("amber", "birch", "cedar", "dune", "ember", "fjord", "grove", "heath", "isle", "jade", "knoll", "lagoon")
    name = f"{words[number % 12]} {words[(number * 5 + 3) % 12]}{words[(number * 7 + 1) % 12]}".title()
    return {"name": name, "email": f"mail{number}@host{number}.example", **fields}


def queue_of_strangers(company: Company, people: int) -> Queue:
    """A company of people, 1 to so many, who share no phone, and its queue."""
    queue = Queue(company)
    queue.settle()
    company.follow(
        *[change(number, **person(number, phone=f"+1 212 555 010{number}")) for number in range(1, people + 1)]
    )
    return queue


def numbers_of(item: ReviewItem) -> set[int]:
    """The numbers of an item's customers as it was opened."""
    return {int(one.customer_id[-6:], 16) for one in item.customers}
