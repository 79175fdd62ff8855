"""SVG owns drawing with matplotlib, which is optional, and turning a drawing into SVG that stands inside a page."""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any

from services.cli.failures import CommandFailure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FOR, AGAINST, SUM, QUIET, LINE = "#0b7a75", "#c8553d", "#2f3e4e", "#8a97a3", "#d9dfe5"
"""Colours that people who see few of them can tell apart as well."""

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: small, selectable, read aloud
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": SUM,
    "text.parse_math": False,
    "axes.edgecolor": LINE,
    "axes.labelcolor": SUM,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": SUM,
    "ytick.labelcolor": SUM,
    "grid.color": LINE,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
}
_FOREIGN_SCRIPT = "Glyph .* missing|Matplotlib currently does not support"
"""What is warned of where text is in no font of matplotlib; the fonts of whoever reads the page have it."""

_METADATA = re.compile(r"<metadata>.*?</metadata>\s*", re.DOTALL)
_FONTS = re.compile(r" ?font-family: [^;\"]*;?")
_NAMED = re.compile(r'<g id="[^"]*"')
_SIZE = re.compile(r'(<svg [^>]*?)width="[^"]*" height="[^"]*"', re.DOTALL)


def require_matplotlib() -> None:
    """Say before the work that pictures need what is not installed."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as failure:
        raise CommandFailure(
            "--html draws with matplotlib, which is not installed; `pip install 'patronage[report]'` brings it"
        ) from failure


class Drawing:
    """One picture: axes to draw on, and then its SVG."""

    def __init__(self, figure: "Figure", axes: "Axes") -> None:
        self.figure, self.axes = figure, axes
        self.svg = ""


@contextmanager
def drawing(title: str, description: str, width: float, height: float) -> Iterator[Drawing]:
    """Give axes of so many inches; afterwards `svg` holds the picture with title and description to be read aloud."""
    require_matplotlib()
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({**_STYLE, "svg.hashsalt": title}):
        figure = Figure(figsize=(width, height), layout="constrained")
        drawn = Drawing(figure, figure.subplots())
        yield drawn
        written = io.StringIO()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", _FOREIGN_SCRIPT)
            figure.savefig(written, format="svg", transparent=True, metadata={"Date": None})
    drawn.svg = _inline(written.getvalue(), title, description)


def _inline(svg: str, title: str, description: str) -> str:
    """Return the element alone, as wide as the page lets it be."""
    element = _METADATA.sub("", svg[svg.index("<svg") :])
    element = _NAMED.sub("<g", _FONTS.sub("", element))  # the page's own font; ids are for one picture alone
    element = _SIZE.sub(rf'\1role="img" aria-label="{escape(title)}"', element, count=1)
    opening = element.index(">") + 1
    told = f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
    return element[:opening] + told + element[opening:]
