"""Curves owns the pictures of accuracy: over the threshold, precision against recall, and how the weights divide."""

from collections.abc import Mapping, Sequence

from services.cli.pictures.svg import AGAINST, FOR, QUIET, SUM, drawing

Curve = Sequence[tuple[int, float, float, float]]
"""Threshold, precision, recall and F1."""

_WIDTH, _HEIGHT = 5.4, 3.6


def draw_thresholds(curve: Curve, chosen: int) -> str:
    """Draw precision, recall and F1 of pairs over the confidence that is asked for."""
    thresholds = [point[0] for point in curve]
    told = "; ".join(f"at {t}: precision {p:.3f}, recall {r:.3f}, F1 {f:.3f}" for t, p, r, f in curve if not t % 10)
    with drawing("Precision, recall and F1 of pairs over the threshold", told, _WIDTH, _HEIGHT) as drawn:
        axes = drawn.axes
        lines = (("precision", 1, FOR, "-"), ("recall", 2, AGAINST, "-"), ("F1", 3, SUM, "--"))
        for name, column, colour, style in lines:
            axes.plot(thresholds, [point[column] for point in curve], style, color=colour, label=name, linewidth=1.8)
        axes.axvline(chosen, color=QUIET, linewidth=1.0, linestyle=":")
        axes.set_xlim(0, 100)
        axes.set_ylim(_floor(curve), 1.005)
        axes.grid(axis="y")
        axes.set_xlabel("confidence from which a pair is one")
        axes.legend(loc="lower left")
    return drawn.svg


def draw_precision_recall(curve: Curve, chosen: int) -> str:
    """Draw what precision each recall costs, with the chosen threshold as a dot."""
    told = "each point is a threshold; further to the upper right is better"
    with drawing("Precision of pairs against their recall", told, _WIDTH, _HEIGHT) as drawn:
        axes = drawn.axes
        axes.plot([point[2] for point in curve], [point[1] for point in curve], color=FOR, linewidth=1.8)
        for threshold, precision, recall, _ in curve:
            if threshold in (10, chosen, 90, 99):
                axes.plot(recall, precision, "o", color=SUM if threshold == chosen else FOR, markersize=5)
                axes.annotate(str(threshold), (recall, precision), (-6, -4), textcoords="offset points", ha="right",
                              va="top", fontsize=9)  # fmt: skip
        axes.grid()
        axes.margins(0.08)
        axes.set_xlabel("recall")
        axes.set_ylabel("precision")
    return drawn.svg


def draw_weights(bits: Mapping[bool, Mapping[int, int]]) -> str:
    """Draw how many pairs of each match weight are true and how many are not."""
    counts = {same: sum(bits[same].values()) for same in (True, False)}
    told = f"{counts[True]} true pairs and {counts[False]} others"
    with drawing("Pairs by match weight, true ones and others", told, 2 * _WIDTH, 2.9) as drawn:
        axes = drawn.axes
        for same, colour, name in ((False, AGAINST, "different people"), (True, FOR, "the same")):
            weights = sorted(bits[same])
            axes.bar([one + 0.5 for one in weights], [bits[same][one] for one in weights], width=0.9, color=colour,
                     alpha=0.75, label=f"{name}: {counts[same]:,}")  # fmt: skip
        axes.axvline(0.0, color=QUIET, linewidth=1.0, linestyle=":")
        axes.set_yscale("symlog", linthresh=10)
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.grid(axis="y")
        axes.set_xlabel("match weight in bits; at 0 both are equally likely")
        axes.set_ylabel("pairs")
        axes.legend(loc="upper right")
    return drawn.svg


def _floor(curve: Curve) -> float:
    """Return where the vertical axis begins: below the lowest point, in tenths."""
    lowest = min((min(point[1:]) for point in curve), default=0.0)
    return max(0.0, int(lowest * 10) / 10 - 0.1)
