"""Pair owns how the account of two records is shown on a page: the picture, and beside it the table with the values."""

from collections.abc import Iterator, Mapping
from html import escape

from patronage.matching.v1 import matching_service_pb2 as pb
from services.cli.pictures.page import bits, cell, facts, figure, html_table, plain, row, signed, value
from services.cli.pictures.waterfall import comparison_name, draw_waterfall
from services.matching.convert.answers import HOUSEHOLD

Raw = Mapping[str, str]
_ABSENT = '<td class="absent">not given</td>'
MISSING = "missing"
_FEW_BITS = 0.005
_FIGURES = ("bits", "rarity")


def pair_facts(explanation: pb.Explanation) -> str:
    """Return the outcome in three figures."""
    score = explanation.score
    return facts((
        (f"{score.confidence}", "confidence, 0 to 100"),
        (f"{score.match_probability:.6f}", "match probability"),
        (signed(score.match_weight), "match weight in bits"),
    ))  # fmt: skip


def pair_account(explanation: pb.Explanation, left: str, right: str) -> Iterator[str]:
    """Yield the picture and the table of a pair, whose records are called `left` and `right`."""
    title = f"From the odds before comparing to the match weight: {plain(left)} and {plain(right)}"
    yield figure(draw_waterfall(explanation, title))
    head = ("comparison", plain(left), plain(right), "how it compares", *_FIGURES)
    yield html_table("The same as a table, with the values as they were compared", head, _rows(explanation), _FIGURES)


def raw_table(left_id: str, right_id: str, left: Raw, right: Raw) -> str:
    """Return the two records as the file has them, fields that neither has left out."""
    fields = [field for field in left if left[field] or right.get(field)]
    rows = (row(field, (cell(value(left[field])), cell(value(right.get(field, ""))))) for field in fields)
    return html_table("As the file has them", ("field", plain(left_id), plain(right_id)), rows)


def shared_keys(explanation: pb.Explanation) -> str:
    """Return what brought the two together, as a sentence."""
    if not explanation.shared_keys:
        return "never compared in a scan: no key shared"
    return f"shared keys: {', '.join(plain(key) for key in explanation.shared_keys)}"


def keys_sentence(explanation: pb.Explanation) -> str:
    """Return the same for a page."""
    return f'<p class="quiet">{escape(shared_keys(explanation))}</p>'


def _rows(explanation: pb.Explanation) -> Iterator[str]:
    yield row("before comparing", (*_blank(3), bits(explanation.prior_weight), cell("")))
    for one in explanation.comparisons:
        name = comparison_name(one.comparison)
        if one.comparison == HOUSEHOLD:
            yield row(name, (*_blank(2), cell(escape(one.level)), bits(one.weight), cell("")))
        elif one.level == MISSING:
            values = (cell(value(text)) if text else _ABSENT for text in (one.left_value, one.right_value))
            yield row(name, (*values, '<td class="absent">nothing to compare</td>', cell(""), cell("")))
        else:
            values = (cell(value(text)) for text in (one.left_value, one.right_value))
            rarity = one.term_frequency_adjustment
            weights = (bits(one.weight), bits(rarity) if abs(rarity) >= _FEW_BITS else cell(""))
            yield row(name, (*values, cell(escape(one.level)), *weights))
    total = explanation.score.match_weight
    yield row("match weight", (*_blank(3), cell(signed(total)), cell("")), "sum")


def _blank(count: int) -> tuple[str, ...]:
    return (cell(""),) * count
