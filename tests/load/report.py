"""Report owns the page of a load: errors, p99 and memory, over the time that it took."""

from collections.abc import Iterator, Sequence
from html import escape

from services.cli.pictures.page import cell, facts, figure, html_table, page, row
from services.cli.pictures.svg import AGAINST, FOR, drawing
from tests.load.runs import Calls, Run

_COLUMNS = ("calls", "errors", "a second", "p50 ms", "p99 ms", "longest ms")


def load_page(found: Run, most: float, memory: Sequence[tuple[float, float]], settled: tuple[float, float]) -> str:
    """Return the whole page; `most` is the rate that was measured as the maximum."""
    return page("Load on the matching service", _body(found, most, memory, settled))


def _body(
    found: Run, most: float, memory: Sequence[tuple[float, float]], settled: tuple[float, float]
) -> Iterator[str]:
    yield "<h1>Load on the matching service</h1>"
    share = found.total.per_second / most if most else 0.0
    yield (
        f'<p class="quiet">{found.total.calls:,} mixed calls at {found.total.per_second:,.0f} a second, which is'
        f" {share:.0%} of the {most:,.0f} that it can do.</p>"
    )
    yield facts((
        (f"{found.total.failures:,}", "errors"),
        (f"{found.total.p99:,.0f} ms", "p99 of all calls"),
        (f"{found.total.p50:,.0f} ms", "median"),
        (f"{settled[1] - settled[0]:+.1f} MiB", f"memory, from {settled[0]:,.0f} MiB"),
    ))  # fmt: skip
    times = [(at, p99) for at, _, p99 in found.history]
    rates = [(at, rate) for at, rate, _ in found.history]
    pictures = figure(_line("Calls a second", rates, FOR)) + figure(_line("p99 in ms", times, AGAINST))
    yield f'<div class="side">{pictures}</div>'
    yield figure(_line("Memory of the service in MiB", memory, FOR, 10.8))
    rows = (_row(one) for one in [*found.kinds, found.total])
    yield html_table("Each kind of call", ("call", *_COLUMNS), rows, _COLUMNS)
    if found.failures:
        yield "<h2>Errors</h2>" + "".join(f"<p>{escape(one)}</p>" for one in found.failures)


def _row(one: Calls) -> str:
    figures = (f"{one.calls:,}", f"{one.failures:,}", f"{one.per_second:,.1f}", f"{one.p50:,.0f}", f"{one.p99:,.0f}")
    return row(one.name, map(cell, (*figures, f"{one.longest:,.0f}")), "sum" if one.name == "Aggregated" else "")


def _line(title: str, points: Sequence[tuple[float, float]], colour: str, width: float = 5.4) -> str:
    told = f"between {min(y for _, y in points):,.1f} and {max(y for _, y in points):,.1f}" if points else "no sample"
    with drawing(title, told, width, 2.6) as drawn:
        axes = drawn.axes
        axes.plot([x for x, _ in points], [y for _, y in points], color=colour, linewidth=1.8)
        axes.set_ylim(0, 1.1 * max((y for _, y in points), default=1.0))
        axes.grid(axis="y")
        axes.set_title(title, fontsize=10, loc="left")
        axes.set_xlabel("seconds")
    return drawn.svg
