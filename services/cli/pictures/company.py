"""Company owns the pictures of a company: its trend, who comes back, how customers move, how often they buy."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from services.cli.pictures.svg import FOR, LINE, SUM, drawing

Months = Mapping[int, Decimal]
"""Customers in a hundred of a cohort, by months after the first purchase."""

_WIDE = 10.8
_DARK = 55  # percent from which a cell's figure is written in white


def draw_trend(points: Sequence[tuple[date, Decimal]], currency: str) -> str:
    """Draw the revenue of each period."""
    told = "; ".join(f"{begin}: {amount:,}" for begin, amount in points[-24:])
    with drawing(f"Revenue in {currency} by period", told, _WIDE, 3.0) as drawn:
        axes = drawn.axes
        axes.bar(range(len(points)), [float(amount) for _, amount in points], width=0.8, color=FOR)
        step = max(1, len(points) // 12)
        shown = range(0, len(points), step)
        axes.set_xticks(list(shown), [points[at][0].isoformat() for at in shown], rotation=30, ha="right")
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.grid(axis="y")
        axes.set_ylabel(currency)
    return drawn.svg


def draw_cohorts(cohorts: Sequence[tuple[date, Months]]) -> str:
    """Draw a heat map: a row for each month of a first purchase, a column for each month after it."""
    width = 1 + max((max(months) for _, months in cohorts), default=0)
    missing = float("nan")
    grid = [[float(months.get(after, missing)) for after in range(width)] for _, months in cohorts]
    told = f"{len(cohorts)} cohorts over up to {width} months; the table has the figures"
    with drawing(
        "Customers who came back, in a hundred of each cohort", told, _WIDE, 0.9 + 0.3 * len(cohorts)
    ) as drawn:
        axes = drawn.axes
        axes.pcolormesh(grid, cmap="YlGnBu", vmin=0, vmax=100, edgecolors="white", linewidth=1.0)
        axes.invert_yaxis()
        axes.set_yticks([at + 0.5 for at in range(len(cohorts))], [f"{month:%Y-%m}" for month, _ in cohorts])
        shown = range(0, width, max(1, width // 18))
        axes.set_xticks([after + 0.5 for after in shown], [str(after) for after in shown])
        axes.set_xlabel("months after the first purchase")
        axes.tick_params(length=0)
        if width <= 18:
            _write_figures(axes, cohorts)
    return drawn.svg


def draw_stages(moves: Sequence[tuple[str, str, int]]) -> str:
    """Draw the moves from stage to stage, most first."""
    told = "; ".join(f"from {before} to {after}: {count:,}" for before, after, count in moves)
    with drawing("Moves between stages", told, _WIDE, 0.8 + 0.38 * max(1, len(moves))) as drawn:
        axes = drawn.axes
        axes.barh([f"{before} \N{RIGHTWARDS ARROW} {after}" for before, after, _ in moves],
                  [count for *_, count in moves], color=SUM, height=0.65)  # fmt: skip
        axes.invert_yaxis()
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.grid(axis="x")
        axes.tick_params(axis="y", length=0)
    return drawn.svg


def draw_frequencies(counts: Sequence[tuple[str, int]]) -> str:
    """Draw how many customers there are of each frequency."""
    told = "; ".join(f"{name}: {count:,}" for name, count in counts)
    with drawing("Customers by how often they bought", told, _WIDE, 0.8 + 0.38 * max(1, len(counts))) as drawn:
        axes = drawn.axes
        axes.barh([name for name, _ in counts], [count for _, count in counts], color=FOR, height=0.65)
        axes.invert_yaxis()
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.grid(axis="x", color=LINE)
        axes.tick_params(axis="y", length=0)
    return drawn.svg


def _write_figures(axes: object, cohorts: Sequence[tuple[date, Months]]) -> None:
    for at, (_, months) in enumerate(cohorts):
        for after, share in months.items():
            colour = "white" if share >= _DARK else SUM
            axes.text(after + 0.5, at + 0.5, f"{share:.0f}", ha="center", va="center", fontsize=8, color=colour)  # type: ignore[attr-defined]
