"""Explain group owns the account of a whole group: its members, its weakest link, and the evidence of its pairs."""

from collections.abc import Iterator
from html import escape

from patronage.matching.v1 import matching_service_pb2 as pb
from services.cli.pictures.page import cell, facts, html_table, page, plain, row, signed, value
from services.cli.pictures.pair import keys_sentence, pair_account
from services.cli.shown import output, table

WEAKEST = "the weakest link: without it the group falls apart"


def action_of(group: pb.DuplicateGroup) -> str:
    """Return what to do with a group, in words."""
    name = pb.RecommendedAction.Name(group.recommended_action).removeprefix("RECOMMENDED_ACTION_")
    return name.lower().replace("_", " ")


def print_group(found: pb.ExplainGroupResponse) -> None:
    """Print members and pairs, for people."""
    group, console = found.group, output()
    title = f"group {group.group_id}: confidence {group.confidence}, {action_of(group)}"
    members = [(one.customer_id, one.name, one.email, one.phone, one.score.confidence) for one in group.members]
    console.print(table(title, ("customer", "name", "e-mail", "phone", "strongest link"), members))
    pairs = [
        (
            pair.left_id,
            pair.right_id,
            pair.explanation.score.confidence,
            f"{pair.explanation.score.match_weight:+.2f}",
            "weakest link" if pair.is_weakest_link else "",
        )
        for pair in found.pairs
    ]
    console.print(table(_pairs_title(found), ("one", "other", "confidence", "bits", ""), pairs))


def group_page(found: pb.ExplainGroupResponse) -> str:
    """Return the whole page."""
    return page(f"Group {plain(found.group.group_id)}", _body(found))


def _body(found: pb.ExplainGroupResponse) -> Iterator[str]:
    group = found.group
    yield f"<h1>Why {len(group.members):,} customers are one group</h1>"
    yield facts((
        (f"{group.confidence}", "confidence of the weakest link"),
        (signed(group.match_weight), "its match weight in bits"),
        (action_of(group), "what to do"),
    ))  # fmt: skip
    rows = (
        row(one.customer_id, (cell(value(text)) for text in (one.name, one.email, one.phone))) for one in group.members
    )
    yield html_table("Members, the most complete record first", ("customer", "name", "e-mail", "phone"), rows)
    yield f"<h2>{escape(_pairs_title(found).capitalize())}</h2>"
    for pair in sorted(found.pairs, key=lambda one: not one.is_weakest_link):
        yield from _pair(pair, {one.customer_id: one.name or one.customer_id for one in group.members})


def _pair(pair: pb.GroupPair, names: dict[str, str]) -> Iterator[str]:
    left, right = (names.get(one, one) for one in (pair.left_id, pair.right_id))
    score = pair.explanation.score
    told = f"{signed(score.match_weight)} bits, confidence {score.confidence}"
    yield "<article>"
    yield f"<h3>{value(left)} and {value(right)}</h3>"
    yield f'<p class="quiet">{told}{f"; {WEAKEST}" if pair.is_weakest_link else ""}</p>'
    yield f"<details{' open' if pair.is_weakest_link else ''}><summary>Why</summary>"
    yield keys_sentence(pair.explanation)
    yield from pair_account(pair.explanation, pair.left_id, pair.right_id)
    yield "</details></article>"


def _pairs_title(found: pb.ExplainGroupResponse) -> str:
    left_out = f", {found.pairs_left_out:,} left out" if found.pairs_left_out else ""
    return f"the evidence of {len(found.pairs):,} pairs{left_out}"
