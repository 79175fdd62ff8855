"""Page owns one HTML file that needs nothing else: escaped text, tables, pictures in place, no script."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from html import escape

_LONGEST = 200
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_MINUS = "\N{MINUS SIGN}"
_NUMBER = re.compile(rf"[+{_MINUS}]?[\d,]+(\.\d+)?%?")
_STYLE = """
:root { color-scheme: light; --text: #22303c; --quiet: #66727d; --line: #d9dfe5; --for: #0b7a75; --against: #b3462f; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.5rem 4rem; max-width: 62rem; color: var(--text); background: #fff;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", sans-serif; }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.25rem; margin: 2.75rem 0 .25rem; }
h3 { font-size: 1.05rem; margin: 0 0 .25rem; }
p { margin: .35rem 0 .75rem; max-width: 52rem; }
.quiet { color: var(--quiet); }
.facts { display: flex; flex-wrap: wrap; gap: .5rem 2.5rem; margin: 1.25rem 0; padding: 0; list-style: none; }
.facts b { display: block; font-size: 1.6rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.facts span { color: var(--quiet); font-size: .875rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; margin: .5rem 0 1rem; }
caption { text-align: left; color: var(--quiet); padding-bottom: .25rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
th { font-weight: 600; }
thead th { white-space: nowrap; overflow-wrap: normal; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.for { color: var(--for); } td.against { color: var(--against); }
tr.sum th, tr.sum td { font-weight: 600; border-bottom: 0; border-top: 2px solid var(--text); }
tr.chosen th, tr.chosen td { background: #eef4f4; font-weight: 600; }
td.absent { color: var(--quiet); }
svg { width: 100%; height: auto; font-family: inherit; display: block; }
figure { margin: 1rem 0; }
.side { display: grid; grid-template-columns: repeat(auto-fit, minmax(26rem, 1fr)); gap: 1rem 2rem; }
article { border-top: 1px solid var(--line); padding: 1.25rem 0 .5rem; }
details { margin: .25rem 0 1rem; } summary { cursor: pointer; color: var(--quiet); }
@media (max-width: 34rem) { .side { grid-template-columns: 1fr; } body { padding: 1.5rem 1rem; } }
@media print { body { max-width: none; padding: 0; } article { break-inside: avoid; } }
"""


def page(title: str, body: Iterable[str]) -> str:
    """Return a whole page; its policy lets no script run, whatever it shows."""
    return "\n".join((
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(plain(title))}</title>",
        f"<style>{_STYLE}</style>",
        "</head>",
        "<body>",
        "<main>",
        *body,
        "</main>",
        "</body>",
        "</html>",
        "",
    ))  # fmt: skip


def plain(text: str) -> str:
    """Return text of bounded length, with a sign in place of each character that cannot be seen."""
    shown = _INVISIBLE.sub("\N{REPLACEMENT CHARACTER}", text[:_LONGEST])
    return shown if len(text) <= _LONGEST else f"{shown}\N{HORIZONTAL ELLIPSIS} ({len(text):,} characters)"


def value(text: str) -> str:
    """Return a customer's value as HTML, read in its own direction whatever stands around it."""
    right = any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text[:_LONGEST])
    return f'<bdi dir="{"rtl" if right else "ltr"}">{escape(plain(text))}</bdi>' if text else ""


def facts(items: Iterable[tuple[str, str]]) -> str:
    """Return the few figures that matter most, each with what it is."""
    listed = "".join(f"<li><b>{escape(figure)}</b><span>{escape(what)}</span></li>" for figure, what in items)
    return f'<ul class="facts">{listed}</ul>'


def html_table(caption: str, head: Sequence[str], rows: Iterable[str], figures: Collection[str] = ()) -> str:
    """Return a table of rows that are HTML already; columns of figures have their head on the right too."""
    kinds = ((name, ' class="number"' if name in figures else "") for name in head)
    heads = "".join(f'<th scope="col"{kind}>{escape(name)}</th>' for name, kind in kinds)
    body = "".join(rows)
    return (
        f'<div class="wide"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def row(head: str, cells: Iterable[str], kind: str = "") -> str:
    """Return a row of HTML cells under a head of text."""
    return f'<tr class="{kind}"><th scope="row">{escape(head)}</th>{"".join(cells)}</tr>'


def cell(content: str, kind: str = "") -> str:
    """Return a cell of HTML; a figure is set to the right."""
    kinds = " ".join(filter(None, (kind, "number" if _NUMBER.fullmatch(content) else "")))
    return f'<td class="{kinds}">{content}</td>' if kinds else f"<td>{content}</td>"


def signed(weight: float) -> str:
    """Return a weight with its sign."""
    return f"{weight:+.2f}".replace("-", _MINUS) if abs(weight) >= 0.005 else "0.00"


def bits(weight: float) -> str:
    """Return a weight as a cell, coloured by what it speaks for."""
    return cell(signed(weight), "for" if weight > 0.005 else "against" if weight < -0.005 else "")


def figure(svg: str, caption: str = "") -> str:
    """Return a picture with the words that belong to it."""
    words = f'<figcaption class="quiet">{escape(caption)}</figcaption>' if caption else ""
    return f"<figure>{svg}{words}</figure>"
