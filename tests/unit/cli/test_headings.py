"""Tests of the names under which other programs write the columns of a customer."""

from pathlib import Path

import pytest

from services.cli.chosen_columns import chosen_columns
from services.cli.dedupe_input import read_customers, read_evidence, read_records
from services.cli.further_headings import further
from services.cli.headings import recognised

CRM = "Record ID,First Name,Last Name,Email,Phone Number,Mobile Phone Number,Mailing Street,Mailing City,Account Name"
GERMAN = "id;Vorname;Nachname;Geburtsdatum;Strasse;PLZ;Ort;Telefon"
SPANISH = "Nombre,Apellidos,DNI,Teléfono,Correo electrónico,Dirección,Código postal,Ciudad,Fecha de nacimiento"
PARTS = "unique_id,fname_c1,fname_c2,lname_c1,lname_c2,by,bm,bd"
CENSUS = "rec_id,first_name,last_name,street_number,street_name,unit_number,city,zipcode"


def columns(header: str) -> dict[str, tuple[str, ...]]:
    """Return the columns of each field that is recognised in a header of other names."""
    names = header.replace(";", ",").split(",")
    taken = {name: name for name in names if name == "id"}
    return {field: source.columns for field, source in recognised(names, taken).items()}


def test_the_columns_of_an_export_are_recognised() -> None:
    found = columns(CRM)
    assert found["id"] == ("Record ID",)
    assert found["given_name"] == ("First Name",)
    assert found["phone"] == ("Phone Number", "Mobile Phone Number")
    assert found["street"] == ("Mailing Street",)
    assert found["city"] == ("Mailing City",)
    assert found["organization"] == ("Account Name",)


def test_german_columns_are_recognised() -> None:
    assert columns(GERMAN) == {
        "given_name": ("Vorname",),
        "family_name": ("Nachname",),
        "birth_date": ("Geburtsdatum",),
        "street": ("Strasse",),
        "postal_code": ("PLZ",),
        "city": ("Ort",),
        "phone": ("Telefon",),
    }


def test_spanish_columns_are_recognised() -> None:
    assert list(columns(SPANISH)) == [
        "given_name",
        "family_name",
        "email",
        "phone",
        "address",
        "city",
        "postal_code",
        "birth_date",
        "external_id",
    ]


def test_forenames_and_the_year_of_a_census_are_recognised() -> None:
    found = columns("census,Surname,Forenames,Age,Occupation")
    assert (found["given_name"], found["birth_date"]) == (("Forenames",), ("Age", "census"))


def test_dutch_columns_are_recognised_and_what_stands_between_names_is_of_the_family() -> None:
    found = columns("Voornaam,Tussenvoegsel,Achternaam,Straat,Huisnummer,E-mailadres,Telefoonnummer,Geboortedatum")
    assert found["family_name"] == ("Tussenvoegsel", "Achternaam")
    assert found["street"] == ("Straat", "Huisnummer")
    assert {"given_name", "email", "phone", "birth_date"} <= found.keys()


def test_several_columns_of_e_mails_and_phones_count_whatever_tells_them_apart() -> None:
    found = columns("Email,Alternate Email 2,Evening Phone,Work Phone Number 1,Phone Type,Email Opt In,Emergency Phone")
    assert (found["email"], found["phone"]) == (
        ("Email", "Alternate Email 2"),
        ("Evening Phone", "Work Phone Number 1"),
    )


@pytest.mark.parametrize(
    ("header", "given", "family"),
    [
        ("id,Vorname,Name", "Vorname", "Name"),
        ("id,Prénom,Nom", "Prénom", "Nom"),
        ("id,name,surname", "name", "surname"),
    ],
)
def test_a_name_beside_one_part_of_it_is_the_other_part(tmp_path: Path, header: str, given: str, family: str) -> None:
    (path := tmp_path / "in.csv").write_text(f"{header},city\n1,Ann,Lee,Bonn\n")
    fields = chosen_columns(path, f"{header},city".split(","), {}, None, (), evidence=True).used
    assert (fields["given_name"].columns, fields["family_name"].columns) == ((given,), (family,))
    assert "name" not in fields


def test_a_name_that_is_mapped_or_beside_our_own_names_stays_a_whole_name(tmp_path: Path) -> None:
    mapped = chosen_columns(tmp_path, ["id", "Vorname", "Wer"], {"Wer": "name"}, None, (), evidence=True).used
    assert "family_name" not in mapped
    assert "family_name" not in chosen_columns(tmp_path, ["id", "given_name", "name"], {}, None, (), evidence=True).used


def test_a_whole_name_is_left_out_beside_its_parts() -> None:
    assert "name" not in columns("full_name,first_name,surname")
    assert columns("full_name,email")["name"] == ("full_name",)


def test_a_column_that_says_nothing_of_a_person_is_left_out() -> None:
    assert columns("colour,size,cluster,lead_source") == {}


@pytest.mark.parametrize("blank_first_line", [False, True])
def test_parts_of_names_dates_and_streets_are_put_together(tmp_path: Path, blank_first_line: bool) -> None:
    """Both ways of reading put them together alike; a blank line sends the file through Python."""
    (path := tmp_path / "in.csv").write_text(
        "\n" * blank_first_line + f"{PARTS}\nr1,Anna,Maria,Meier,,1949,7,22\nr2,,,Bauer,Koch,1968,,\n"
    )
    base = read_records(path, {}, None, "DE").columns.base
    shown = {name: [base[name].values[code] if code >= 0 else "" for code in base[name].codes[:, 0]] for name in base}
    assert (shown["given"], shown["middle"], shown["family"]) == (["anna", ""], ["maria", ""], ["meier", "bauer koch"])
    assert shown["birth_date"] == ["1949-07-22", "1968"]


def test_a_street_in_three_columns_is_one(tmp_path: Path) -> None:
    (path := tmp_path / "in.csv").write_text(
        f"{CENSUS}\n1,Ann,Lee,12, Oak St ,Apt 4,Springfield,62704\n2,Bo,Lee,,Elm St,,,\n"
    )
    assert read_customers(path, {}).fields["street"] == ["12 Oak St Apt 4", "Elm St"]
    base = read_records(path, {}, None, "US").columns.base
    assert [base[name].values[base[name].codes[0, 0]] for name in ("house_number", "street", "unit")] == [
        "12",
        "oak st",
        "4",
    ]


def test_an_address_beside_places_is_a_street(tmp_path: Path) -> None:
    (path := tmp_path / "in.csv").write_text(
        "id,name,address,zip\n1,Ann Lee,12 Oak St,62704\n2,Bo Lee,9 Elm St,62704\n"
    )
    assert set(read_customers(path, {}).fields) == {"name", "street", "postal_code"}


def test_what_has_our_name_or_is_mapped_wins(tmp_path: Path) -> None:
    (path := tmp_path / "in.csv").write_text("id,email,e-mail,surname,shop\n1,a@x.org,b@x.org,Lee,Meier\n")
    fields = read_customers(path, {"shop": "family_name"}).fields
    assert [*map(list, fields.values())] == [["Meier"], ["a@x.org"]]


@pytest.mark.parametrize("blank_first_line", [False, True])
def test_what_stands_in_place_of_a_value_is_none(tmp_path: Path, blank_first_line: bool) -> None:
    (path := tmp_path / "in.csv").write_text(
        "\n" * blank_first_line + 'id,name,email,phone\nNA,Ann Lee,N/A,"-"\n2,NULL,a@x.org,Unknown\n'
    )
    records = read_records(path, {}, None, "US")
    assert list(records.ids) == ["NA", "2"]
    known = {name: (records.columns.base[name].codes >= 0).any(axis=1).tolist() for name in ("given", "email", "phone")}
    assert known == {"given": [True, False], "email": [False, True], "phone": [False, False]}


@pytest.mark.parametrize("blank_first_line", [False, True])
def test_an_age_is_compared_as_a_year_of_birth(tmp_path: Path, blank_first_line: bool) -> None:
    (path := tmp_path / "in.csv").write_text(
        "\n" * blank_first_line
        + "id,name,age,year\n1,Ann Lee,25,2020\n2,Bo Lee,35,2030\n3,Cy Lee,old,2030\n4,Di Lee,3,\n"
    )
    column = read_records(path, {}, None, "US").columns.base["birth_date"]
    assert [column.values[code] if code >= 0 else "" for code in column.codes[:, 0]] == ["1995", "1995", "", ""]
    assert "birth_date" not in read_customers(path, {}).fields


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_what_a_spreadsheet_writes_as_unicode_text_is_read(tmp_path: Path, encoding: str) -> None:
    (path := tmp_path / "in.csv").write_text("id\tVorname\tNachname\n1\tJürgen\tGroß\n", encoding=encoding)
    base = read_records(path, {}, None, "DE").columns.base
    assert [base[name].values[base[name].codes[0, 0]] for name in ("given", "family")] == ["jurgen", "gross"]


def test_umlauts_and_what_says_nothing_at_the_end_do_not_hide_a_column() -> None:
    found = columns("Straße,Hausnummer,name_suffix_lbl,res_city_desc,mail_city,Geburtsjahr")
    assert found["street"] == ("Hausnummer", "Straße")
    assert found["suffix"] == ("name_suffix_lbl",)
    assert found["city"] == ("res_city_desc",)
    assert found["birth_date"] == ("Geburtsjahr",)


def test_a_birth_place_stands_for_a_city_only_where_there_is_none() -> None:
    assert columns("name,birth_place")["city"] == ("birth_place",)
    assert columns("name,birth_place,residential_city")["city"] == ("residential_city",)


def test_columns_that_number_rows_or_groups_are_never_evidence() -> None:
    header = "id,gender,Birth Place,cluster,household_id,rec_no,created_at,truth,source_system,full_name,age,GENDER"
    found = further(header.split(","), {"id", "full_name"})
    assert {name: source.columns for name, source in found.columns.items()} == {
        "column_gender": ("gender",),
        "column_birth_place": ("Birth Place",),
    }


def test_further_columns_are_compared_and_not_imported(tmp_path: Path) -> None:
    (path := tmp_path / "in.csv").write_text("id,name,sex\n1,Ann Lee,f\n2,Bo Ray,m\n")
    assert list(read_evidence(path, {}).fields["column_sex"]) == ["f", "m"]
    assert "column_sex" not in read_customers(path, {}).fields
