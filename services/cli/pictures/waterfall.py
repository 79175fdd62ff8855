"""Waterfall owns the picture of one pair: the prior, what each comparison adds or takes, and where that ends."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from patronage.matching.v1 import matching_service_pb2 as pb
from services.cli.pictures.page import signed
from services.cli.pictures.svg import AGAINST, FOR, LINE, QUIET, SUM, drawing
from services.matching.convert.answers import HOUSEHOLD

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEAST_BITS = 0.005
_CROWDED = 100.0
"""Bits from end to end beyond which the probabilities would stand on one another."""

_PROBABILITIES = ((-13.3, "0.01%"), (-6.63, "1%"), (0.0, "50%"), (6.63, "99%"), (13.29, "99.99%"))
_NAMES = {
    "given": "given name",
    "family": "family name",
    "name_order": "order of the names",
    "middle": "middle name",
    "email": "e-mail",
    "locality": "place",
    "birth_date": "birth date",
    "external_id": "identifier",
    HOUSEHOLD: "shared household",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One bar: what it is, from where to where in bits, and its colour."""

    label: str
    begin: float
    end: float
    colour: str
    value: float
    """What stands beside the bar."""


def comparison_name(comparison: str) -> str:
    """Return what people call a comparison."""
    return _NAMES.get(comparison, comparison.replace("_", " "))


def steps(explanation: pb.Explanation) -> Iterator[Step]:
    """Yield the bars from top to bottom; comparisons that weigh nothing have none."""
    at = explanation.prior_weight
    yield Step("before comparing", 0.0, at, QUIET, at)
    for one in explanation.comparisons:
        name, rarity = comparison_name(one.comparison), one.term_frequency_adjustment
        if abs(one.weight) >= _LEAST_BITS:
            yield _step(f"{name}: {one.level}", at, one.weight)
            at += one.weight
        if abs(rarity) >= _LEAST_BITS:
            yield _step("how rare that value is" if rarity > 0 else "how common that value is", at, rarity)
            at += rarity
    total = explanation.score.match_weight
    yield Step("match weight", 0.0, total, SUM, total)


def _step(label: str, at: float, weight: float) -> Step:
    return Step(label, at, at + weight, FOR if weight >= 0 else AGAINST, weight)


def draw_waterfall(explanation: pb.Explanation, title: str) -> str:
    """Return the picture as SVG; it names comparisons and levels, never a value of a customer."""
    bars = list(steps(explanation))
    told = "; ".join(f"{bar.label} {bar.value:+.2f} bits" for bar in bars)
    with drawing(title, told, 8.2, 1.15 + 0.27 * len(bars)) as drawn:
        _draw_bars(drawn.axes, bars)
        _label_axes(drawn.axes, [bar.label for bar in bars])
    return drawn.svg


def _draw_bars(axes: "Axes", bars: list[Step]) -> None:
    low = min(0.0, *(min(bar.begin, bar.end) for bar in bars))
    high = max(0.0, *(max(bar.begin, bar.end) for bar in bars))
    margin = max(high - low, 1.0)
    axes.set_xlim(low - 0.12 * margin, high + 0.12 * margin)
    axes.axvline(0.0, color=QUIET, linewidth=1.0)
    for row, bar in enumerate(bars):
        axes.barh(row, bar.end - bar.begin, left=bar.begin, color=bar.colour, height=0.62)
        rises = bar.end >= bar.begin
        place = (5, 0) if rises else (-5, 0)
        axes.annotate(
            signed(bar.value), (bar.end, row), place, textcoords="offset points", va="center",
            ha="left" if rises else "right", fontsize=9,
        )  # fmt: skip
    for row, bar in enumerate(bars[:-1]):
        axes.plot([bar.end, bar.end], [row + 0.31, row + 0.69], color=QUIET, linewidth=0.8)


def _label_axes(axes: "Axes", labels: list[str]) -> None:
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("bits of evidence; each one doubles the odds that the two are one", fontsize=9)
    axes.grid(axis="x", color=LINE)
    low, high = axes.get_xlim()
    chances = axes.secondary_xaxis("top")
    sparse = high - low > _CROWDED
    shown = [(bits, text) for bits, text in _PROBABILITIES if low <= bits <= high and (bits == 0.0 or not sparse)]
    chances.set_xticks([bits for bits, _ in shown], [text for _, text in shown])
    chances.tick_params(labelsize=9, length=3)
    chances.spines["top"].set_visible(False)
    chances.set_xlabel("probability", fontsize=9, loc="left")
