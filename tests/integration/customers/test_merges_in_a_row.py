"""Many merges of the same trees in one transaction leave what as many transactions leave, and are undone like those."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from services.customers.domain.merge import Merge
from services.customers.operations.apply_merges import Outcome, Wanted, apply_part
from services.runtime.ids import new_id
from tests.integration.customers.company import Company
from tests.integration.customers.refolding import assert_views_are_folded

PEOPLE = 12
RULES = ("SOURCE_WINS", "MOST_RECENT", "OLDEST", "MOST_COMPLETE", "MOST_FREQUENT")
LOGGED = "SELECT merge_id::text, target_id::text, source_ids::text[], digests, moves FROM merges ORDER BY merged_at"
FED = """
SELECT payload ->> 'customer_id' AS customer_id, array_agg(revision ORDER BY revision) AS revisions,
       array_agg(merge ->> 'merge_id') FILTER (WHERE merge -> 'source_ids' ? (payload ->> 'customer_id')) AS source_in
  FROM feed WHERE company_id = %s AND subject = 'customer' GROUP BY 1
"""


def people(company: Company) -> list[str]:
    chosen = random.Random(1)
    made = []
    for number in range(PEOPLE):
        fields: dict[str, Any] = {"email": f"p{number % 5}@x.io", "tags": [f"t{number}"]}
        if number % 3:
            fields["organization"] = chosen.choice(("Acme", "Bolt", "Bolt & Sons"))
        made.append(company.create(chosen.choice(("Ann", "Anna Lee", "Bo")), **fields))
        company.note(made[-1])
    company.update(made[0], organization="Edited")
    return made


def merges(seed: int, ids: list[str], merge_ids: list[str]) -> list[Wanted]:
    """Merges of which many cannot be made, since their customers are gone by then."""
    chosen = random.Random(seed)
    wanted = []
    for merge_id in merge_ids:
        target, *sources = chosen.sample(ids, chosen.choice((2, 2, 2, 3)))
        rules = {chosen.choice(("name", "organization")): chosen.choice(RULES)} if chosen.random() < 0.5 else {}
        choices = {"name": chosen.choice(sources)} if chosen.random() < 0.3 else {}
        wanted.append(Wanted(Merge(merge_id, target, tuple(sources), rules, choices)))
    return wanted


def apply(company: Company, wanted: list[Wanted], at_most: int) -> list[Outcome]:
    outcomes: list[Outcome] = []
    run: Callable[..., Any]
    while left := wanted[len(outcomes) :]:
        run = lambda tx, left=left: apply_part(tx, left, at_most)  # noqa: E731
        outcomes += company.write(run)[0]
    return outcomes


def left_by(company: Company, ids: list[str], merge_ids: list[str]) -> list[Any]:
    """What is shown and logged, with names instead of ids and without times."""
    name = {one: f"c{place}" for place, one in enumerate(ids)} | {one: f"m{p}" for p, one in enumerate(merge_ids)}
    shown = [company.tree(one).rows[one].view for one in ids]
    views = [
        (
            view.get("name"),
            view.get("organization"),
            view["state"],
            sorted(view["tags"]),
            [(point["value"], point["primary"]) for point in view["contact_points"]],
            name.get(view.get("merged_into", "")),
            sorted(name[one] for one in view.get("merged_customer_ids", ())),
        )
        for view in shown
    ]
    logged = [
        (name[row["merge_id"]], name[row["target_id"]], sorted(name[one] for one in row["digests"]), row["moves"])
        for row in company.rows(LOGGED)
    ]
    return [views, logged]


@pytest.mark.parametrize("seed", [2, 3, 5, 8])
def test_a_row_of_merges_in_one_part_leaves_what_single_ones_leave(acme: Company, other: Company, seed: int) -> None:
    found = []
    for company, at_most in ((acme, 100), (other, 1)):
        ids, merge_ids = people(company), [new_id() for _ in range(14)]
        outcomes = apply(company, merges(seed, ids, merge_ids), at_most)
        reasons = [[failure.reason for failure in outcome.failures] for outcome in outcomes]
        assert sum(outcome.result == "MERGED" for outcome in outcomes) > 3
        assert_views_are_folded(company)
        found.append([reasons, left_by(company, ids, merge_ids)])
    assert found[0] == found[1]


def test_what_a_row_of_merges_joined_is_undone_in_any_order_without_a_trace(acme: Company) -> None:
    ids, merge_ids = people(acme), [new_id() for _ in range(14)]
    before = [acme.tree(one).root.view for one in ids]
    outcomes = apply(acme, merges(5, ids, merge_ids), 100)
    made = [outcome.merge_id for outcome in outcomes if outcome.result == "MERGED"]
    random.Random(4).shuffle(made)
    for merge_id in made:
        acme.undo(merge_id)
    assert [acme.tree(one).root.view for one in ids] == before
    assert_views_are_folded(acme)


def test_an_undo_right_after_a_row_of_merges_finds_the_digests_of_before(acme: Company) -> None:
    ann, bo, cy = (acme.create(name) for name in ("Ann", "Bo", "Cy"))
    row = [Wanted(Merge(new_id(), target, (source,), {}, {})) for target, source in ((bo, cy), (ann, bo))]
    apply(acme, row, 100)
    for wanted in reversed(row):
        assert all(then == now for then, now in acme.undo(wanted.merge.merge_id).digests.values())


def test_each_customer_of_a_row_of_merges_is_fed_once_and_a_source_with_its_own_merge(acme: Company) -> None:
    ann, bo, cy, dee = (acme.create(name) for name in ("Ann", "Bo", "Cy", "Dee"))
    row = [Wanted(Merge(new_id(), target, (source,), {}, {})) for target, source in ((bo, cy), (bo, dee), (ann, bo))]
    apply(acme, row, 100)
    with acme.admin() as admin:
        found = {one: (revisions, merge_ids) for one, revisions, merge_ids in admin.execute(FED, ("acme",)).fetchall()}
    first, second, third = (wanted.merge.merge_id for wanted in row)
    assert found == {ann: ([1, 2], None), bo: ([1, 2], [third]), cy: ([1, 2], [first]), dee: ([1, 2], [second])}
    assert {acme.tree(one).rows[one].revision for one in (ann, bo, cy, dee)} == {2}
