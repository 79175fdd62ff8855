"""Names are read in any order, with titles, generations, accents and scripts."""

import pytest

from services.identity import PersonName, join_name, name_sort, normalize_name, parse_name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("John Smith", PersonName("john", "", "smith")),
        ("SMITH, John Q.", PersonName("john", "q", "smith")),
        ("Dr. Ana de la Cruz Jr.", PersonName("ana", "", "de la cruz", "jr")),
        ("John Smith, PhD", PersonName("john", "", "smith")),
        ("Mr. Bob", PersonName("bob")),
        ("O'Brien, Seán", PersonName("sean", "", "obrien")),
        ("Jürgen Müller-Lüdenscheidt", PersonName("jurgen", "", "muller-ludenscheidt")),
        ("William (Bill) Gates III", PersonName("william", "", "gates", "iii")),
        ("王小明", PersonName("王小明")),
        ("محمد علي", PersonName("محمد", "", "علي")),
        ("  \t ", PersonName()),
        (",", PersonName()),
        ("", PersonName()),
    ],
)
def test_a_whole_name_falls_into_its_parts(text: str, expected: PersonName) -> None:
    assert parse_name(text) == expected


def test_parts_may_hold_titles_several_given_names_and_generations() -> None:
    assert join_name("Dr Mary Ann", "", "Lee Jr") == PersonName("mary", "ann", "lee", "jr")


def test_the_normal_form_does_not_depend_on_the_order_of_writing() -> None:
    assert normalize_name("Smith, John") == normalize_name("  JOHN   smith ") == "john smith"


def test_sorting_folds_accents_and_case_and_keeps_other_scripts() -> None:
    assert name_sort("Ångström") == "angstrom"
    assert name_sort("ΑΛΈΞΑΝΔΡΟΣ") == "αλεξανδροσ"
    assert name_sort("王小明") == "王小明"
