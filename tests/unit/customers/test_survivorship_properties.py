"""Survivorship over random merges: rules that compare or count give the same in whatever order is merged."""

from collections.abc import Mapping
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.customers.domain.contact_points import primary
from services.customers.domain.edits import new_record
from services.customers.domain.fields import CONTACT_KINDS, Fields, Json, item_key
from services.customers.domain.fold import fold, shown
from services.customers.domain.forest import RULES, SOURCE_PRIORITY, Edge, Tree
from services.customers.domain.record import OwnRecord
from services.customers.domain.survivorship import PRIMARIES, RULES_OF, SINGLE
from tests.unit.customers.forests import ANN, LETTERS, START, World, email, forests

IN_ORDER = {"TARGET_WINS", "SOURCE_WINS", "UNION"}
"""Rules by which the order of merges shows."""

seen = st.integers(0, 5).map(lambda hours: (START + timedelta(hours=hours)).isoformat())
mails = st.builds(
    email,
    st.sampled_from(["a@x.io", "b@x.io", "A@X.io", "c@x.io"]),
    primary=st.booleans(),
    verified=st.booleans(),
    first_seen=seen,
    last_seen=seen,
)
drafts: st.SearchStrategy[Fields] = st.fixed_dictionaries(
    {"name": st.sampled_from(["Ann Lee", "Lee, Ann", "ANN LEE", "Bo", "Cy Young"])},
    optional={
        "organization": st.sampled_from(["Acme", "ACME", "Bolt & Sons"]),
        "birth_date": st.sampled_from(["1980-01-01", "1990-02-03"]),
        "metadata": st.sampled_from([{"a": 1, "b": [1]}, {"b": [1], "a": 1}, {"a": 2}]),
        "source": st.sampled_from(SOURCE_PRIORITY),
        "contact_points": st.lists(mails, max_size=2, unique_by=lambda item: item["normalized_value"]),
    },
)
records = st.builds(
    lambda fields, seconds: new_record(fields, START + timedelta(seconds=seconds), ANN), drafts, st.integers(0, 3)
)
comparing = st.fixed_dictionaries(
    {name: st.sampled_from([rule for rule in RULES_OF[name] if rule not in IN_ORDER]) for name in SINGLE}
)


def merged(members: Mapping[str, OwnRecord], sources: list[str], rules: Mapping[str, str]) -> Tree:
    """The first member with the others merged into it one by one."""
    edges = [
        Edge(f"merge {place}", source, LETTERS[0], START + timedelta(hours=1, seconds=place), rules, {})
        for place, source in enumerate(sources)
    ]
    return Tree(LETTERS[0], members, edges)


def survivors(tree: Tree) -> dict[str, tuple[Json, str]]:
    """What is shown of each field of one value, and whose it is."""
    state = shown(tree)[tree.root_id]
    found: dict[str, tuple[Json, str]] = {}
    for name in SINGLE:
        value = state.fields.get(name)
        if name in PRIMARIES:
            kind = next(kind for kind, (short, _) in CONTACT_KINDS.items() if short == name)
            point = primary(state.fields.get("contact_points", []), kind)
            value = item_key("contact_points", point) if point else None
        found[name] = (value, state.origin(name) if value is not None else "")
    return found


@given(st.lists(records, min_size=3, max_size=6), comparing, st.data())
def test_rules_that_compare_or_count_give_the_same_in_whatever_order_is_merged(
    owns: list[OwnRecord], rules: dict[str, str], data: st.DataObject
) -> None:
    members = dict(zip(LETTERS, owns, strict=False))
    order = list(members)[1:]
    another = data.draw(st.permutations(order))
    assert survivors(merged(members, order, rules)) == survivors(merged(members, another, rules))


@given(st.lists(records, min_size=2, max_size=6), st.sampled_from([*RULES, "VERIFIED_FIRST"]))
def test_what_survives_is_what_one_of_the_members_says_itself_and_the_origin_names_it(
    owns: list[OwnRecord], rule: str
) -> None:
    members = dict(zip(LETTERS, owns, strict=False))
    rules = {name: rule for name in SINGLE if rule in RULES_OF[name]}
    tree = merged(members, list(members)[1:], rules)
    for name, (value, origin) in survivors(tree).items():
        if value is None:
            assert all(not own.fields.get(name) for own in owns)
        elif name in PRIMARIES:
            points = members[origin].fields["contact_points"]
            assert value in [item_key("contact_points", point) for point in points]
        else:
            assert members[origin].fields[name] == value


@given(st.lists(records, min_size=2, max_size=6), st.data())
def test_most_frequent_shows_a_value_that_no_other_one_has_more_votes_than(
    owns: list[OwnRecord], data: st.DataObject
) -> None:
    members = dict(zip(LETTERS, owns, strict=False))
    tree = merged(members, data.draw(st.permutations(list(members)[1:])), {"birth_date": "MOST_FREQUENT"})
    said = [own.fields["birth_date"] for own in owns if "birth_date" in own.fields]
    now = fold(tree).get("birth_date")
    assert said.count(now) == max(map(said.count, said), default=0)


@given(forests())
def test_the_origin_of_what_is_shown_is_a_member_of_the_tree_or_several(world: World) -> None:
    for root in world.roots():
        tree = world.tree(root)
        for member, state in shown(tree).items():
            assert set(state.origins.values()) <= {*tree.below(member), ""}
