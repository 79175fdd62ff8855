"""A file's rows have in bulk, where SQL reads what is plain, the very normal forms that one record has alone."""

from collections.abc import Callable, Sequence

import duckdb
import numpy as np
import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.identity import fold, normalize_phone
from services.matching.domain.attributes import ATTRIBUTES, DERIVED_ATTRIBUTES
from services.matching.domain.identity_record import Identity
from services.matching.engine import address_columns, contact_columns, name_columns
from services.matching.engine.byte_texts import ByteTexts
from services.matching.engine.columns import Column
from services.matching.engine.distinct_texts import encoded
from services.matching.engine.raw_pairs import identity_of_row
from services.matching.engine.records import FIELDS, Records, records_from_rows
from tests.unit.matching.customers import Row

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)

WORDS = st.sampled_from(
    [
        *(
            "john",
            "JOHN",
            "Mary-Ann",
            "O'Neil",
            "o’brien",
            "müller",
            "Łukasz",
            "İpek",
            "smith,",
            "Lee,",
            "J.",
            "q",
            "ß",
        ),
        *("dr.", "Dr", "Prof.", "van", "der", "de", "la", "jr", "Jr.", "III", "2nd", "phd", "ma", "mac", "x-", "a_b"),
        *(
            "李",
            "王小明",
            "عمر",
            "ـ",
            "ﷺ",
            "ﬁ",
            "Ⅳ",
            "é",
            "e\u0301",
            "Ｊｏｈｎ",
            "(bob)",
            '"Bo"',
            "-",
            "--",
            ",",
            ",,",
            "|",
        ),
        *("12", "4b", "12-14", "7/2", "Straße", "St.", "street", "Ave", "avenue", "no", "#5", "#", "4", ".", "'", ""),
        *(
            "apt",
            "apt.",
            "Apt",
            "unit",
            "Suite",
            "lot",
            "flat",
            "rm",
            "springfield",
            "New",
            "York",
            "ny",
            "IL",
            "Kenya",
        ),
        *("62704", "62704-1234", "SW1A", "1AA", "1234", "123456"),
        *("\x00", "\x1f", "\u200b", "\u202e", "\xa0", "\u3000", "\t", "\n"),
    ]
)
TEXT = st.one_of(
    st.lists(WORDS, max_size=7).map(" ".join),
    st.lists(WORDS, max_size=6).map("".join),
    st.text(max_size=30),
    st.text(alphabet=" ,.#-'apt0123456789abcxyz", max_size=40),
    st.text(alphabet="abc ,.", min_size=395, max_size=410),
)
ADDRESS = st.builds(
    "{}{} {}{}{}{}".format,
    st.sampled_from(["12", "12b", "7-9", "4/2", "0012", "12,", ""]),
    st.sampled_from(["", " ", "  "]),
    st.sampled_from(["Oak St", "elm street", "St. Mary's Rd", "Flat Rock Rd", "N", "", "lot", "3rd Ave."]),
    st.sampled_from(
        ["", " apt 4", ", Unit 5-b", " #7", "#7", " apt. # 7 bldg 2", " pilot 5 lot 5", " ste", " apt\x0b4"]
    ),
    st.sampled_from(["", ", Springfield", ",Lot", ", 10115 Berlin", ",, X", ", New York ny", ", Berlin 10115, 62704"]),
    st.sampled_from(
        ["", ", IL 62704", ", il 62704-1234", ", 62704", ", NSW 2000, Australia", ",", ", IL", ", a,b,c,d"]
    ),
)
NUMBER_LAST = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(
        [
            "Hauptstraße",
            "KARL-MARX-STR.",
            "am Lot",
            "Žižkova",
            "Østre  gate",
            "'t Zand",
            "St. Pauli",
            "rue de l'Église",
            "x",
        ]
    ),
    st.sampled_from([" ", "  ", "", ", "]),
    st.sampled_from(["12", "12a", "12-14", "12 a", "4/2", "12 Æ", "0012B-3", "17. Juni 3", "٣"]),
    st.sampled_from(["", " ", " apt 4", ", Unit 5-b", " #7", ","]),
    st.sampled_from(["", ", Springfield", ", 10115 Köln", ", Łódź", ", 東京", ", a,b,c,d", ", \n10115 Berlin"]),
)
EMAIL = st.builds(
    "{}{}{}".format,
    st.sampled_from(["John.Smith", "j+tag", "+tag", ".", "...", "o'neil", "İ", "K", "a b", "<x", "mailto:x", "ﬁ", ""]),
    st.sampled_from(["@", "@@", "", " @ ", "+@"]),
    st.sampled_from(["gmail.com", "GoogleMail.com", "Outlook.com", "x.org", "x.org>", "", "gmail.com "]),
)
PHONE = st.one_of(
    st.from_regex(r"\+?[01]?[ (-]?[0-9]{3}[). -]{0,2}[0-9]{3}[/. -]?[0-9]{3,5}( ?x[0-9]{1,3})?", fullmatch=True),
    st.sampled_from(
        ["", "call me", "1-800-FLOWERS", "٤١٥٥٥٥٢٦٧١", "+", "0" * 61, "(415)\t555\xa02671", "+254 701 234567"]
    ),
)
COUNTRY = st.sampled_from(["", "", "Kenya", "KE", "ke ", "UK", "Deutschland", "nowhere", "\x1f", "US"])
DATE = st.sampled_from(
    ["1971-06-04", "4/6/1971", "June 4, 1971", "19710604", "soon", "", "1971", "31.12.71", "４/6/1971"]
)


def several(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(values, max_size=3).map("|".join)


ROWS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(
            ("name", "given_name", "middle_name", "family_name", "suffix", "organization", "city", "postal_code"), TEXT
        ),
        "street": TEXT | ADDRESS | NUMBER_LAST,
        "address": TEXT | ADDRESS | NUMBER_LAST,
        "email": several(EMAIL | TEXT),
        "phone": several(PHONE | TEXT),
        "external_id": several(TEXT),
        "birth_date": DATE | TEXT,
        "country": COUNTRY,
    },
)


def values_of(column: Column, row: int) -> tuple[str, ...]:
    return tuple(column.values[code] for code in column.codes[row].tolist() if code >= 0)


def known(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(value for value in values if value)


def assert_same(records: Records, row: int, identity: Identity) -> None:
    for attribute in ATTRIBUTES:
        column = records.columns[attribute.name]
        assert (attribute.name, values_of(column, row)) == (attribute.name, known(attribute.read(identity)))


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(ROWS, min_size=1, max_size=40), region=st.sampled_from(["US", "KE", "GB", "DE"]))
@example(rows=[{"name": "Dr. Ann Q. Lee"}, {"name": "Lee, Ann"}, {"name": "Ann van Lee"}], region="US")
@example(rows=[{"address": "2 c st,, Lyon"}, {"address": "1 b st, Paris, Lyon"}], region="US")
@example(rows=[{"given_name": "Ann Bo", "middle_name": "Q", "family_name": "Lee Jr"}, {"name": "Ann"}], region="US")
def test_bulk_reads_each_row_as_it_is_read_alone(rows: list[Row], region: str) -> None:
    records = records_from_rows(({"id": str(number), **row} for number, row in enumerate(rows)), region)
    for number, row in enumerate(rows):
        assert_same(records, number, identity_of_row(row, region))


@settings(max_examples=30, deadline=None)
@given(emails=st.lists(several(EMAIL | TEXT), min_size=1, max_size=12))
def test_what_bulk_derives_by_itself_is_what_the_domain_derives(emails: list[str]) -> None:
    columns = records_from_rows({"id": str(row), "email": email} for row, email in enumerate(emails)).columns
    for derived in DERIVED_ATTRIBUTES:
        source, column = columns[derived.source], columns[derived.name]
        assert source.codes.shape == column.codes.shape
        for code, of_it in zip(source.codes.ravel().tolist(), column.codes.ravel().tolist(), strict=True):
            expected = derived.derive(source.values[code]) if code >= 0 else ""
            assert (column.values[of_it] if of_it >= 0 else "") == expected


def written_in(region: str) -> list[str]:
    """Return numbers as people of a region might write them, whole and cut, with and without prefixes."""
    number, code = phonenumbers.example_number(region), phonenumbers.country_code_for_region(region)
    national = "" if number is None else phonenumbers.national_significant_number(number)
    starts = ("", "0", "1", "8", "06", f"+{code}", f"{code}", "00")
    forms = [f"{start}{national[:keep]}" for start in starts for keep in (99, 5, -1)]
    return [" ".join((form[:3], form[3:6], form[6:])) for form in forms]


def test_numbers_of_every_country_are_read_alike() -> None:
    rows = [(region, phone) for region in REGIONS for phone in written_in(region)]
    records = records_from_rows({"id": "", "country": region, "phone": phone} for region, phone in rows)
    read = [values_of(records.columns["phone"], row) for row in range(len(rows))]
    assert read == [known([normalize_phone(phone, region)]) for region, phone in rows]
    assert len(set(read)) > len(REGIONS)


def test_every_field_of_a_file_is_read() -> None:
    row = dict.fromkeys(FIELDS, "1 x")
    assert_same(records_from_rows([{"id": "1", **row}]), 0, identity_of_row(row, "US"))


def test_a_letter_in_lower_case_folds_as_the_letter_itself() -> None:
    letters = [chr(code) for code in range(1, 0x20000) if not 0xD800 <= code < 0xE000]
    with duckdb.connect() as connection:
        connection.register("letters", {"letter": np.array(letters, object)})
        lower = connection.execute("SELECT lower(letter::varchar) AS lower FROM letters").fetchnumpy()["lower"]
    assert [fold(letter) for letter in letters] == [fold(letter) for letter in lower.tolist()]


def test_values_that_share_a_hash_are_told_apart() -> None:
    texts = ByteTexts.encoded(["ann", "bob", "", "ann"])
    values, codes = encoded(texts, np.ones(4, np.uint64), np.array([True, True, False, True]))
    assert (list(values), codes.tolist()) == (["ann", "bob"], [0, 1, -1, 0])


def test_values_are_numbered_in_the_order_of_their_coming() -> None:
    emails = ["b@x.org", "a@x.org", "", "b@x.org", "c@x.org"]
    column = records_from_rows({"id": str(row), "email": email} for row, email in enumerate(emails)).columns["email"]
    assert (list(column.values), column.codes.ravel().tolist()) == (["b@x.org", "a@x.org", "c@x.org"], [0, 1, -1, 0, 2])


def test_each_distinct_odd_value_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    for module, name in ((name_columns, "parse_name"), (address_columns, "parse_address")):
        monkeypatch.setattr(module, name, counting(getattr(module, name), read))
    monkeypatch.setattr(contact_columns, "normalize_phone", counting(normalize_phone, read))
    odd = {"name": "王 小明 (Bo)", "address": "Große Straße, Haus 12, München", "phone": "call me"}
    rows = [*({"id": str(row), **odd} for row in range(500)), {"id": "500", "name": "Ann Lee", "phone": "415-555-2671"}]
    records_from_rows(rows)
    assert sorted(read) == sorted(["王 小明 (bo)", odd["address"], odd["phone"]])


def counting(function: Callable[..., object], read: list[str]) -> Callable[..., object]:
    def counted(text: str, *further: str) -> object:
        read.append(text)
        return function(text, *further)

    return counted
