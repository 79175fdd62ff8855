"""No binary floating point comes near an amount or a quantity."""

import ast
from pathlib import Path

import pytest

import services.analytics

HOME = Path(services.analytics.__file__).parent
FILES = [
    path for layer in ("domain", "store", "operations", "convert") for path in sorted((HOME / layer).rglob("*.py"))
]
# Seconds since something was heard are no amount.
ALLOWED = {("metrics.py", "age_seconds: float"), ("company_reports.py", "age_seconds: float")}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_float_is_written_made_or_named(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
        division = isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)
        name = isinstance(node, ast.Name) and node.id == "float"
        if literal or division or name:
            assert isinstance(node, ast.expr | ast.stmt)
            line = source.splitlines()[node.lineno - 1]
            assert any(path.name == file and text in line for file, text in ALLOWED), line


def test_no_column_is_a_binary_fraction() -> None:
    for path in (HOME / "migrations" / "sql").glob("*.sql"):
        text = path.read_text(encoding="utf-8").lower()
        assert not any(word in text for word in ("float", "double precision", " real"))
