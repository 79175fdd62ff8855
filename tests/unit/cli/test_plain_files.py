"""What the engine reads of a file by itself is what reading it row by row gives, or the file is read row by row."""

from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from services.cli.dedupe_input import read_evidence, read_records
from services.cli.failures import BadInputFailure
from services.cli.headings import Source
from services.cli.plain_files import layout_of
from services.matching.engine.record_files import UnreadableFile
from services.matching.engine.records import Records, records_from_table
from tests.fixtures.properties import BUSY

CHOSEN = {name: Source((name,)) for name in ("id", "name", "email")}

PIECES = st.sampled_from(
    [
        *("1", "2", "3", "ann", "lee", "é", "a@x.org", "NULL", "\\", "#", "'", "\x00", "\x1a", "\ufeff", "\xa0", "|"),
        *(
            ",",
            ",",
            ",",
            ",",
            "\n",
            "\n",
            "\n",
            "\r\n",
            "\r",
            '"',
            '"',
            '""',
            '","',
            '"\n',
            '\n"',
            " ",
            ", ",
            ' "',
            "\t",
        ),
    ]
)
PLAIN_ROWS = st.lists(
    st.tuples(
        st.uuids().map(str),
        st.sampled_from(["Ann", "", '"Ann, Lee"', '"Ann\nLee"', '"A ""B"" C"', " x ", 'a"b', "李"]),
        PIECES,
    ).map(lambda row: f"{row[0]},{row[1]},{row[2]}")
).map("\n".join)
LOOSE = st.lists(PIECES, max_size=40).map("".join)


def quick(path: Path) -> Records | None:
    """Return what the engine reads by itself, if it does."""
    layout = layout_of(path)
    try:
        return None if layout is None else layout.records(CHOSEN, "US")
    except UnreadableFile:
        return None


def shown(records: Records) -> list[tuple[object, ...]]:
    """Return ids and normal forms, row by row."""
    base = records.columns.base
    rows: list[list[object]] = [[*ids] for ids in zip(records.ids, strict=True)]
    for name in ("given", "middle", "family", "suffix", "email"):
        column = base[name]
        for row, codes in zip(rows, column.codes.tolist(), strict=True):
            row.append([column.values[code] for code in codes if code >= 0])
    return [tuple(map(str, row)) for row in rows]


def row_by_row(path: Path) -> Records:
    customers = read_evidence(path, {})
    return records_from_table(customers.ids, customers.fields)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, *BUSY])
@given(
    body=PLAIN_ROWS | LOOSE,
    header=st.sampled_from(["id,name,email\n", "id,name,email\r\n", '"id","name",email\n', "\n"]),
)
@example(body="1,Ann,a@x.org,\n", header="id,name,email\n")
@example(body='1, "Lee, Ann",a@x.org\n', header="id,name,email\n")
def test_both_ways_of_reading_agree(tmp_path: Path, body: str, header: str) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes((header + body).encode())
    records = quick(path)
    if records is not None:
        assert shown(records) == shown(row_by_row(path))


PLAIN = {
    "a comma": b"id,name,email\n1,Ann,a@x.org\n2,Bob,\n",
    "a semicolon": b"id;name;email\n1;Ann;a@x.org\n",
    "a tab": b"id\tname\temail\n1\tAnn\ta@x.org\n",
    "a byte order mark": b"\xef\xbb\xbfid,name,email\n1,Ann,a@x.org\n",
    "lines of Windows": b"id,name,email\r\n1,Ann,a@x.org\r\n",
    "blank lines": b"id,name,email\n\n1,Ann,a@x.org\n\n",
    "quotes": b'id,name,email\n1,"Ann ""Bo"" Lee, jr",a@x.org\n2,"A\nB",\n',
    "no last line end": b"id,name,email\n1,Ann,a@x.org",
    "other columns": b"colour,id,name,email,id2\nred,1,Ann,a@x.org,9\n",
    "no row": b"id,name,email\n",
}


@pytest.mark.parametrize("content", PLAIN)
def test_plain_files_are_read_the_quick_way(content: str, tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(PLAIN[content])
    records = quick(path)
    assert records is not None
    assert shown(records) == shown(row_by_row(path))


ODD = {
    "a blank first line": b"\nid,name,email\n1,Ann,a@x.org\n",
    "a short row": b"id,name,email\n1,Ann\n2,Bob,b@x.org\n",
    "line ends of several kinds": b"id,name,email\n1,Ann,\r\n2,Bob,\n",
    "a space before a quote": b'id,name,email\n1, "Ann",\n',
    "a quote inside": b'id,name,email\n1,"Ann"Lee,\n',
    "a row of three megabytes": b"id,name,email\n1," + b"x" * 3_000_000 + b",\n",
}


@pytest.mark.parametrize("content", ODD)
def test_odd_files_are_read_row_by_row(content: str, tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(ODD[content])
    assert shown(read_records(path, {}, None, "US")) == shown(row_by_row(path))


BAD = {
    "a repeated id": b"id,name\n1,Ann\n2,Bob\n1,Cid\n",
    "an id repeated but for spaces": b"id,name\n1,Ann\n1 ,Bob\n",
    "an empty id": b"id,name\n,Ann\n",
    "an id of spaces": "id,name\n\xa0\t,Ann\n".encode(),
    "bytes of another encoding": "id,name\n1,Jos\xe9\n".encode("latin-1"),
    "a file of UTF-16": "id,name\n1,Ann\n1,Bob\n".encode("utf-16"),
    "too many values": b"id,name\n1,Ann,x,y\n",
    "an open quote": b'id,name\n1,"Ann\n2,Bob\n',
    "nothing": b"",
    "blank lines only": b"\n\n\n",
}


@pytest.mark.parametrize("content", BAD)
def test_a_bad_file_is_refused_as_it_is_row_by_row(content: str, tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(BAD[content])
    with pytest.raises(BadInputFailure) as quickly:
        read_records(path, {}, None, "US")
    with pytest.raises(BadInputFailure) as slowly:
        read_evidence(path, {})
    assert str(quickly.value) == str(slowly.value)


def test_parquet_is_read_as_text_whatever_its_types(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    rows = "SELECT 7 AS id, 'Lee, Ann' AS name, NULL::varchar AS email UNION ALL SELECT 8, NULL, 'A@x.org'"
    duckdb.sql(f"COPY ({rows}) TO '{path}'")
    records = quick(path)
    assert records is not None
    assert shown(records) == shown(row_by_row(path))
    assert records.ids == ["7", "8"]


def test_sources_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,name,shop\n1,Ann,b\n2,Ann,a\n3,Bob,b\n4,Eve,\n")
    sources = read_records(tmp_path / "in.csv", {}, "shop", "US").sources
    assert sources is not None
    assert sources.tolist() == [0, 1, 0, -1]


def test_a_column_may_be_the_source_and_a_field_at_once(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,name,country,phone\n1,Ann,KE,0701234567\n2,Ann,US,4155552671\n")
    records = read_records(tmp_path / "in.csv", {}, "country", "US")
    assert list(records.columns.base["phone"].values) == ["+254701234567", "+14155552671"]
