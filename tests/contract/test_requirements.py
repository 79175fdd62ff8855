"""docs/requirements.md names every requirement once, and each test, section or reason that it names is there."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "requirements.md"
LAST = {"A": 123, "B": 67, "C": 32, "X": 40}
ROW = re.compile(r"\| (?P<number>[ABCX]\d+) \| (?P<words>[^|]+) \|(?: (?P<shown>[^|]+))? \|")
KINDS = ("tested: ", "documented: ", "not ours: ")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def table() -> Iterator[tuple[str, str]]:
    """Each number and its last column; a line of the tables that is no proper row fails."""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("|") or line in ("| | what is asked | shown by |", "|---|---|---|"):
            continue
        row = ROW.fullmatch(line)
        assert row, f"not a row: {line}"
        yield row["number"], row["shown"] or ""


def shown_by(kind: str) -> list[tuple[str, str]]:
    """Each number whose last column is of a kind, with each thing that it names."""
    shown = [(number, text.removeprefix(kind)) for number, text in table() if text.startswith(kind)]
    return [(number, name) for number, names in shown for name in names.split(", ")]


def has_test(name: str) -> bool:
    path, _, test = name.partition("::")
    file = ROOT / path
    return path.startswith("tests/") and file.is_file() and test in functions_of(file)


def has_section(place: str) -> bool:
    page, _, anchor = place.partition("#")
    return (ROOT / page).is_file() and anchor in anchors_of(ROOT / page)


@cache
def functions_of(path: Path) -> frozenset[str]:
    """The names of the test functions of a file, those of classes as Class::test_it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    classes = (node for node in tree.body if isinstance(node, ast.ClassDef))
    methods = {f"{group.name}::{name}" for group in classes for name in _tests_in(group.body)}
    return frozenset({*_tests_in(tree.body), *methods})


def _tests_in(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name


@cache
def anchors_of(path: Path) -> frozenset[str]:
    """The anchors that a page's headings get: lower case, blanks to hyphens, no punctuation."""
    text = FENCED.sub("", path.read_text(encoding="utf-8"))
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(text))
    return frozenset(words.strip().replace(" ", "-") for words in kept)


def test_every_number_is_there_exactly_once_and_in_order() -> None:
    numbers = [number for number, _ in table()]
    assert numbers == [f"{letter}{count}" for letter, last in LAST.items() for count in range(1, last + 1)]


def test_the_last_column_is_empty_or_of_a_known_kind() -> None:
    strange = [number for number, shown in table() if shown and not shown.startswith(KINDS)]
    assert not strange


def test_the_tests_that_are_named_exist() -> None:
    missing = [(number, name) for number, name in shown_by("tested: ") if not has_test(name)]
    assert not missing


def test_the_sections_that_are_named_exist() -> None:
    missing = [(number, place) for number, place in shown_by("documented: ") if not has_section(place)]
    assert not missing


def test_a_name_that_is_not_there_is_noticed() -> None:
    here = "tests/contract/test_requirements.py"
    assert has_test(f"{here}::test_a_name_that_is_not_there_is_noticed")
    assert not any(
        has_test(name) for name in (f"{here}::test_nothing", f"{here}::has_test", "tests/no.py::test_it", here)
    )
    assert has_section("docs/deploy.md#on-a-server")
    assert not any(has_section(place) for place in ("docs/deploy.md#no-such", "docs/none.md#x", "docs/deploy.md"))


def test_what_is_not_ours_says_why() -> None:
    reasons = [shown.removeprefix("not ours: ") for _, shown in table() if shown.startswith("not ours: ")]
    assert all(len(reason.split()) >= 4 for reason in reasons)
