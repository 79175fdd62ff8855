"""`patronage explain --in` accounts for two rows of a file, on the terminal and as a page that is safe to open."""

import csv
import html.parser
import json
import re
import sys
from pathlib import Path

import pytest

from services.cli.main import run
from services.matching.engine.api import Options, dedupe, records_from_table
from services.matching.engine.raw_pairs import RawPairs

ROWS = [
    {"id": "a", "name": "<script>alert('a')</script> & Ann", "email": "ann.lee@x.org", "phone": "415-555-2671"},
    {"id": "b", "name": "王小明", "email": "ann.lee@x.org", "phone": "415-555-2671"},
    {"id": "c", "name": "محمد علي", "email": "", "phone": ""},
    {"id": "d", "name": "D" * 1_000_000, "email": "d@x.org\x00\x1b[2J\u202e", "phone": ""},
    {"id": "e<img src=x>", "name": "", "email": "", "phone": ""},
]


@pytest.fixture
def customers(tmp_path: Path) -> Path:
    path = tmp_path / "customers.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ("id", "name", "email", "phone"))
        writer.writeheader()
        writer.writerows(ROWS)
    return path


class Tags(html.parser.HTMLParser):
    """Collects what elements a page has, and whether each that opens is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.seen: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]
        if tag != "meta":
            self.opened.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag


def drawn(customers: Path, left: str, right: str) -> str:
    page = customers.with_name("pair.html")
    assert run(["explain", left, right, "--in", str(customers), "--html", str(page)]) == 0
    return page.read_text(encoding="utf-8")


def test_the_page_holds_picture_and_table_and_nothing_from_elsewhere(customers: Path) -> None:
    page = drawn(customers, "a", "b")
    tags = Tags(page)
    assert not tags.opened
    assert {"svg", "table", "title", "desc", "bdi"} <= tags.seen
    assert tags.seen.isdisjoint({"script", "img", "link", "iframe", "object"})
    assert not re.search(r"(?:src|href)=\"(?!#)", page.replace("xlink:href", "href"))
    assert "e-mail: exact" in page
    assert "confidence, 0 to 100" in page


def test_values_are_text_whatever_they_say(customers: Path) -> None:
    page = drawn(customers, "a", "b")
    assert "&lt;script&gt;alert(&#x27;a&#x27;)&lt;/script&gt; &amp; Ann" in page
    assert '<bdi dir="ltr">王小明</bdi>' in page
    picture = page[page.index("<svg") : page.index("</svg>")]
    assert "王" not in picture
    assert "script" not in picture


def test_right_to_left_names_are_set_apart(customers: Path) -> None:
    assert '<bdi dir="rtl">محمد علي</bdi>' in drawn(customers, "c", "d")


def test_a_huge_value_and_control_characters_are_shown_short_and_tame(customers: Path) -> None:
    page = drawn(customers, "c", "d")
    assert len(page) < 200_000
    assert "(1,000,000 characters)" in page
    assert not set(page) & {"\x00", "\x1b", "\u202e"}


def test_two_that_share_no_key_were_never_compared(customers: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = drawn(customers, "b", "e<img src=x>")
    assert "never compared in a scan: no key shared" in page
    assert "Are b and e&lt;img src=x&gt; one?" in page
    assert "never compared in a scan: no key shared" in capsys.readouterr().out


def test_the_same_pair_gives_the_same_page(customers: Path) -> None:
    assert drawn(customers, "a", "b") == drawn(customers, "a", "b")


def test_json_adds_up(customers: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "a", "b", "--in", str(customers), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    parts = [part.get(kind, 0) for part in found["comparisons"] for kind in ("weight", "term_frequency_adjustment")]
    assert found["prior_weight"] + sum(parts) == pytest.approx(found["score"]["match_weight"], abs=1e-5)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (["a", "nobody"], "no row has the id 'nobody'"),
        (["a", "b", "--region", "USA"], "not a two-letter country code"),
        (["a", "b", "--map", "nothing=name"], "no column 'nothing'"),
    ],
)
def test_what_cannot_be_explained_is_told(
    customers: Path, capsys: pytest.CaptureFixture[str], wrong: list[str], told: str
) -> None:
    assert run(["explain", *wrong, "--in", str(customers)]) == 2
    assert told in capsys.readouterr().err


def test_the_page_never_overwrites_the_file(customers: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = customers.read_bytes()
    assert run(["explain", "a", "b", "--in", str(customers), "--html", str(customers)]) == 2
    assert "must be different files" in capsys.readouterr().err
    assert customers.read_bytes() == before


@pytest.mark.parametrize("wrong", [[], ["a"], ["a", "b", "--group", "c"], ["--group", "c", "--in", "x.csv"]])
def test_two_ids_or_a_group_are_expected(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", *wrong]) == 2
    assert "expected two ids, or --group ID alone" in capsys.readouterr().err


def test_pictures_without_matplotlib_are_refused_before_the_work(
    customers: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert run(["explain", "a", "b", "--in", "nothing.csv", "--html", "x.html"]) == 1
    assert "patronage[report]" in capsys.readouterr().err
    assert run(["explain", "a", "b", "--in", str(customers)]) == 0


def test_a_row_explains_itself_with_the_weight_that_the_scan_gave(customers: Path) -> None:
    table = {
        "name": ["Lee, Ann", "Ann M. Lee", "Bob Lee", "Anne Lee"],
        "given_name": ["", "", "Robert", ""],
        "family_name": ["", "", "Lee", ""],
        "email": ["ann@x.org|a@y.org", "a@y.org", "bob@x.org", ""],
        "phone": ["415-555-2671", "+1 415 555 2671", "(415) 555-2671", "2671"],
        "address": ["12 Oak St, Springfield, IL 62704", "", "", "14 Oak St"],
        "street": ["", "12 Oak Street", "12 Oak Street", ""],
        "postal_code": ["", "62704", "", ""],
        "external_id": ["A-1|B-2", "B-2", "", ""],
        "birth_date": ["1971-06-04", "04/06/1971", "", ""],
    }
    result = dedupe(records_from_table(["0", "1", "2", "3"], table), Options())
    pairs = RawPairs(result, "US")
    rows = [{field: values[row] for field, values in table.items()} for row in range(4)]
    found = list(result.pairs(0))
    assert len(found) > 2
    for pair in found:
        assert pairs.explain(rows[int(pair.id_a)], rows[int(pair.id_b)]).match_weight == pair.weight
