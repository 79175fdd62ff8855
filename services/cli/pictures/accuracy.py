"""Accuracy owns the page of `patronage evaluate`: figures, curves, and each of the worst mistakes with its reasons."""

from collections.abc import Iterator, Sequence
from html import escape

from services.cli.columns_told import columns_html, columns_of
from services.cli.evaluation import Evaluation
from services.cli.explain_file import row_of
from services.cli.mistakes import APART, BELOW, NEVER, Pair
from services.cli.pictures.curves import draw_precision_recall, draw_thresholds, draw_weights
from services.cli.pictures.page import cell, facts, figure, html_table, page, plain, row, signed
from services.cli.pictures.pair import keys_sentence, pair_account, raw_table

_SHOWN = (1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99)
_FIGURES = ("precision", "recall", "F1")


def accuracy_page(found: Evaluation, name: str) -> str:
    """Return the whole page."""
    return page(f"How well {name} was deduplicated", _body(found, name))


def _body(found: Evaluation, name: str) -> Iterator[str]:
    clusters, about = found.clusters, "about " if found.missed.sampled else ""
    yield f"<h1>How well {escape(plain(name))} was deduplicated</h1>"
    yield (
        f'<p class="quiet">{len(found.scanned.customers.ids):,} records, {found.scanned.truth.count():,} true pairs;'
        f" no label was used, groups are made from confidence {found.threshold} on.</p>"
    )
    yield facts((
        (f"{clusters.f1:.4f}", "F1 of the groups"),
        (f"{clusters.precision:.4f}", "precision of the groups"),
        (f"{clusters.recall:.4f}", "recall of the groups"),
        (f"{about}{found.missed.reach:.4f}", "of the true pairs were compared"),
    ))  # fmt: skip
    yield from _curves(found)
    yield from _missed(found, about)
    yield columns_html(columns_of(found.scanned.result))
    yield from _mistakes(found)


def _curves(found: Evaluation) -> Iterator[str]:
    yield "<h2>Pairs, before they are grouped</h2>"
    yield "<p>Each pair of records has a confidence. What a higher or lower threshold would make of them:</p>"
    thresholds, recall = (
        draw_thresholds(found.curve, found.threshold),
        draw_precision_recall(found.curve, found.threshold),
    )
    yield f'<div class="side">{figure(thresholds)}{figure(recall, "Dots are thresholds.")}</div>'
    yield figure(draw_weights(found.scores.bits), "Where both colours overlap, the evidence cannot tell them apart.")
    points = (point for point in found.curve if point[0] in {*_SHOWN, found.threshold})
    rows = (
        row(str(threshold), (cell(f"{one:.4f}") for one in measures), "chosen" if threshold == found.threshold else "")
        for threshold, *measures in points
    )
    yield html_table("The same as a table", ("threshold", *_FIGURES), rows, _FIGURES)


def _missed(found: Evaluation, about: str) -> Iterator[str]:
    yield "<h2>What was missed, and where</h2>"
    reasons = {
        NEVER: "no blocking key brought them together, or the key is one that too many share",
        BELOW: f"the evidence stays below confidence {found.threshold}",
        APART: "the pair alone would be joined, but not with the whole group of either",
    }
    rows = (
        row(why, (cell(f"{about}{count:,}"), cell(escape(reasons[why])))) for why, count in found.missed.counts.items()
    )
    yield html_table("True pairs that are not in one group", ("", "pairs", "why"), rows, ("pairs",))


def _mistakes(found: Evaluation) -> Iterator[str]:
    kinds = (
        ("Joined, though they are different", found.scores.joined, "The likeliest of them first."),
        ("Missed, though they were compared", found.missed.below, "Those that were surest to be different first."),
        ("Missed, since they were never compared", found.missed.never, "Those that would have matched best first."),
    )
    for title, pairs, order in kinds:
        yield f"<h2>{title}</h2>"
        yield f'<p class="quiet">{order if pairs else "None."}</p>'
        yield from _accounts(found, pairs)


def _accounts(found: Evaluation, pairs: Sequence[tuple[float, Pair]]) -> Iterator[str]:
    for number, (weight, pair) in enumerate(pairs):
        customers = found.scanned.customers
        left, right = (customers.ids[place] for place in pair)
        message = found.scanned.message(pair)
        yield "<article>"
        yield f"<h3>{escape(plain(left))} and {escape(plain(right))}</h3>"
        yield f'<p class="quiet">{signed(weight)} bits, confidence {message.score.confidence}</p>'
        yield raw_table(left, right, *(row_of(customers, place) for place in pair))
        yield f"<details{'' if number else ' open'}><summary>Why</summary>"
        yield keys_sentence(message)
        yield from pair_account(message, left, right)
        yield "</details></article>"
