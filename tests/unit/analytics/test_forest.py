"""The root of each customer follows from what each was merged into."""

from hypothesis import given
from hypothesis import strategies as st

from services.analytics.domain.forest import resolved_roots

LINKS = st.dictionaries(st.sampled_from("abcdefgh"), st.none() | st.sampled_from("abcdefghxyz"))


def test_a_chain_ends_at_its_root() -> None:
    assert resolved_roots({"a": "b", "b": "c", "c": None}, {}) == {"a": "c", "b": "c", "c": "c"}


def test_a_link_out_of_the_tree_ends_at_the_root_known_there() -> None:
    assert resolved_roots({"a": "b", "b": "x"}, {"x": "z"}) == {"a": "z", "b": "z"}


def test_a_target_that_nobody_has_heard_of_is_the_root() -> None:
    assert resolved_roots({"a": "b", "b": "x"}, {}) == {"a": "x", "b": "x"}


def test_a_circle_has_its_least_id_as_root() -> None:
    roots = resolved_roots({"d": "c", "c": "b", "b": "c", "a": "d"}, {})
    assert set(roots.values()) == {"b"}


@given(LINKS)
def test_the_order_of_looking_does_not_matter(links: dict[str, str | None]) -> None:
    backwards = dict(reversed(links.items()))
    assert resolved_roots(links, {}) == resolved_roots(backwards, {})


@given(LINKS)
def test_whoever_is_linked_shares_a_root(links: dict[str, str | None]) -> None:
    roots = resolved_roots(links, {})
    assert roots.keys() == links.keys()
    for customer, target in links.items():
        if target is None:
            assert roots[customer] == customer
        else:
            assert roots[customer] == roots.get(target, target)
