"""Listed groups and judgements: who is judged the same or different is so without another scan, as after one."""

from services.matching.domain.judgement import Judged, Judgement
from services.matching.operations.create_judgement import create_judgement
from services.matching.operations.retract_judgement import retract_judgement
from tests.integration.matching.people import Company, change, customer_id, ids
from tests.integration.matching.test_scans import people, stranger

__all__ = ["people"]


def judge(company: Company, left: int, right: int, verdict: str) -> Judgement:
    with company.database.transaction(company.scope) as tx:
        return create_judgement(tx, Judged(customer_id(left), customer_id(right), verdict))


def as_listed(company: Company) -> list[tuple[object, ...]]:
    """What is listed of each group; the ids of corrected ones stay, and weights follow the number of customers."""
    return sorted(
        (
            sorted(member.member.customer_id for member in group.members),
            group.confidence,
            group.match_weight > 0,
            group.strongest,
            sorted(group.weakest or ()),
        )
        for group in company.page(size=100).groups
    )


def test_two_strangers_judged_the_same_are_a_group_at_once(people: Company) -> None:
    people.scan()
    judge(people, 10, 21, "SAME")
    people.tend()
    [group] = [one for one in people.page().groups if one.confidence == 100 and len(one.members) == 2]
    assert {one.member.customer_id for one in group.members} == ids(10, 21)
    assert group.match_weight < 0, "the records do not say so, and their evidence stays as it is"
    assert people.groups().count(ids(10, 21)) == 1


def test_a_judgement_joins_listed_groups(people: Company) -> None:
    people.follow(change(3, 2, state="DELETED"))
    people.scan()
    judge(people, 2, 4, "SAME")
    people.tend()
    assert people.groups() == [ids(1, 2, 4, 5)]


def test_a_new_duplicate_joins_what_a_judgement_holds_together(people: Company) -> None:
    people.scan()
    judge(people, 10, 21, "SAME")
    people.tend()
    people.follow(change(60, **stranger(21)))
    people.tend()
    assert ids(10, 21, 60) in people.groups()


def test_an_edit_does_not_take_those_apart_who_are_judged_the_same(people: Company) -> None:
    people.scan()
    judge(people, 4, 5, "SAME")
    people.follow(change(5, 2, **stranger(200)))
    people.tend()
    assert ids(4, 5) in people.groups()


def test_a_retracted_judgement_holds_nothing_together(people: Company) -> None:
    people.scan()
    judgement = judge(people, 3, 4, "SAME")
    people.tend()
    with people.database.transaction(people.scope) as tx:
        retract_judgement(tx, judgement.judgement_id, "a slip")
    people.tend()
    assert sorted(people.groups(), key=len) == [ids(4, 5), ids(1, 2, 3)]


def test_of_contrary_judgements_the_one_that_keeps_apart_wins(people: Company) -> None:
    people.scan()
    judge(people, 3, 4, "SAME")
    judge(people, 1, 10, "SAME")
    judge(people, 4, 10, "DIFFERENT")
    people.tend()
    groups = people.groups()
    assert all(not ids(4, 10) <= group for group in groups)
    people.scan()
    assert sorted(map(sorted, groups)) == sorted(map(sorted, people.groups()))


def test_a_judgement_of_merged_customers_holds_for_what_they_were_merged_into(people: Company) -> None:
    people.scan()
    judge(people, 10, 21, "SAME")
    people.follow(
        change(21, 2, state="MERGED", merged_into=22),
        change(22, 2, members=[21], **stranger(22)),
    )
    people.tend()
    assert ids(10, 22) in people.groups()


def test_corrections_list_what_a_scan_lists(people: Company) -> None:
    people.scan()
    judge(people, 3, 4, "SAME")
    judge(people, 10, 21, "SAME")
    judge(people, 1, 2, "DIFFERENT")
    people.follow(change(60, **stranger(30)))
    people.tend()
    corrected = as_listed(people)
    people.scan()
    assert corrected == as_listed(people)
