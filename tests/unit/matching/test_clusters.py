"""Groups are more than what hangs together: a bad link joins nobody."""

import numpy as np
import pytest

from services.matching.engine.clusters import LARGEST, Clusters, Links, cluster


def clustered(size: int, links: dict[tuple[int, int], float], least: float = 0.0) -> Clusters:
    """Cluster rows whose pairs weigh what `links` says, and -12 otherwise."""

    def weigh(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        return np.array([links.get((min(p), max(p)), -12.0) for p in zip(left.tolist(), right.tolist(), strict=True)])

    pairs = np.array(list(links), np.int64).reshape(-1, 2)
    return cluster(size, Links(pairs[:, 0], pairs[:, 1], np.array(list(links.values()))), weigh, least)


def test_one_bad_link_does_not_join_two_groups() -> None:
    links = {(0, 1): 15.0, (2, 3): 15.0, (1, 2): 3.0}
    assert sorted(clustered(4, links).groups) == [[0, 1], [2, 3]]


def test_three_that_agree_pairwise_are_one_group_with_its_weakest_link() -> None:
    found = clustered(3, {(0, 1): 9.0, (1, 2): 4.0, (0, 2): 2.0})
    assert found.groups == [[0, 1, 2]]
    assert found.weakest == [(1, 2)]


def test_a_forbidden_pair_is_kept_apart_whatever_joins_it() -> None:
    found = clustered(3, {(0, 1): 20.0, (1, 2): 10.0, (0, 2): float("-inf")})
    assert found.groups == [[0, 1]]


def test_links_below_the_threshold_join_nobody() -> None:
    assert clustered(2, {(0, 1): 2.9}, least=3.0).groups == []


@pytest.mark.parametrize("length", [LARGEST * 3])
def test_a_very_long_chain_comes_apart(length: int) -> None:
    links = {(row, row + 1): 5.0 + row % 7 for row in range(length - 1)}
    assert max(len(group) for group in clustered(length, links).groups) <= LARGEST
