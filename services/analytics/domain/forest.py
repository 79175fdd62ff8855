"""Who is the root of whom, worked out from what each customer says that it was merged into."""

from collections.abc import Mapping


def resolved_roots(merged_into: Mapping[str, str | None], known_roots: Mapping[str, str]) -> dict[str, str]:
    """The root of each customer in `merged_into`, which holds the tree that is being looked at.

    A link may lead out of it: to a customer of `known_roots`, whose root is taken from there, or to one that
    nobody has heard of yet, which then is the root. Links that lead in a circle cannot last (they come from
    changes that are still under way); until they are gone the least id of the circle is the root of all.
    """
    roots: dict[str, str] = {}
    for customer_id in merged_into:
        if customer_id not in roots:
            path = _path_up(customer_id, merged_into, roots)
            roots.update(dict.fromkeys(path, _root_at(path, merged_into, known_roots, roots)))
    return roots


def _path_up(customer_id: str, merged_into: Mapping[str, str | None], roots: Mapping[str, str]) -> list[str]:
    path: dict[str, None] = {}
    at: str | None = customer_id
    while at is not None and at in merged_into and at not in path and at not in roots:
        path[at] = None
        at = merged_into[at]
    return list(path)


def _root_at(
    path: list[str], merged_into: Mapping[str, str | None], known: Mapping[str, str], roots: Mapping[str, str]
) -> str:
    end = merged_into[path[-1]]
    if end is None:
        return path[-1]
    if end in path:
        return min(path[path.index(end) :])
    return roots.get(end) or known.get(end, end)
