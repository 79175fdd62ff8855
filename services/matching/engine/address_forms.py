"""Address forms owns the SQL that cuts plain addresses into number, street, unit and what follows."""

from services.identity.addresses import UNIT, UNIT_HINT
from services.identity.text import LONGEST, UNMARKED
from services.matching.engine.normal_rows import Forms

WHOLE, PARTS = "address", "street"
"""The columns with an address in a line, and with the street of one in parts."""

_ACCENTED = "[ -~À-ɏ]*"
"""Letters of which each is folded alone, to what the database makes of it or as UNMARKED says."""

_NUMBER_LAST = "([a-z][a-z .''-]*?) +([0-9]+[a-z]?(?:-[0-9]+[a-z]?)?) *"
_NUMBERED = "^[0-9]+[a-z]?(?:-[0-9]+[a-z]?)? +[a-z0-9]"
_PRINTABLE = "[ -~]*"


def line_forms() -> Forms:
    """Return the SQL for addresses in a line: '12 Oak St Apt 4, Springfield, IL 62704'."""
    forms = _street_forms(
        WHOLE,
        behind="(,.*)?",
        fits="ltrim(address_tail) = '' OR starts_with(ltrim(address_tail), ',')",
        joined="address_head || ltrim(address_tail)",
        first={"address_pieces": "string_split(address_line, ',')"},
    )
    few = "address_street_at > 0 AND len(address_pieces) <= 3"
    forms.kept["address_given"] = "coalesce(address, '') <> ''"
    forms.kept["address_place"] = f"CASE WHEN {few} THEN address_pieces[2] END"
    forms.kept["address_region"] = f"CASE WHEN {few} THEN address_pieces[3] END"
    forms.kept["address_places"] = (
        "CASE WHEN address_street_at > 0 AND len(address_pieces) > 3 THEN array_to_string(address_pieces[2:], ',') END"
    )
    return forms


def street_forms() -> Forms:
    """Return the SQL for the street of an address in parts: '12 Oak St Apt 4'."""
    return _street_forms(
        PARTS,
        behind="()",
        fits="true",
        joined="street_head || ' ' || street_tail",
        first={"street_pieces": "[street_line]"},
    )


def _street_forms(column: str, behind: str, fits: str, joined: str, first: dict[str, str]) -> Forms:
    """Return SQL for house number, street and unit; a number that stands last is put first.

    `behind` is what may follow such a number; `fits` says when what follows a unit may be `joined` to what
    precedes it; `first` makes the pieces of which the first one is the street.
    """
    lower, cut, at, street = f"{column}_lower", f"{column}_cut", f"{column}_street_at", f"{column}_pieces[1]"
    head, tail = f"{column}_head", f"{column}_tail"
    short = f"strlen({lower}) <= {LONGEST} AND strlen({lower}) = length({lower})"
    plain = f"{short} AND regexp_matches({lower}, '{_NUMBERED}')"
    last = f"^{_NUMBER_LAST}{behind}$"
    turned = (
        f"{short} AND regexp_matches({lower}, '{last}') AND NOT regexp_matches({lower}, '{UNIT_HINT}')"
        f" AND regexp_full_match({lower}, '{_PRINTABLE}')"
    )
    hint = f"{column}_plain AND regexp_matches({lower}, '{UNIT_HINT}')"
    with_unit = f"CASE WHEN {hint} THEN regexp_extract({lower}, '([ ,]*{UNIT})', ['whole', 'unit']) END"
    clear = f"left({cut}.whole, 1) IN (' ', ',', '#') AND regexp_full_match({lower}, '{_PRINTABLE}')"
    line = (
        f"CASE WHEN {cut} IS NULL THEN CASE WHEN {column}_plain THEN {lower}"
        f" WHEN {turned} THEN regexp_replace({lower}, '{last}', '\\2 \\1\\3') END"
        f" WHEN {clear} AND ({fits}) THEN {joined} END"
    )
    kept = {
        f"{column}_house_number": f"CASE WHEN {at} > 0 THEN left({street}, {at} - 1) END",
        f"{column}_street": f"CASE WHEN {at} > 0 THEN substr({street}, {at} + 1) END",
        f"{column}_unit": f"CASE WHEN {at} > 0 THEN {cut}.unit END",
        f"{column}_odd": f"CASE WHEN ({at} > 0) IS NOT TRUE AND {lower} <> '' THEN {column} END",
    }
    steps = (
        {lower: f"lower(trim({_unaccented(column)}))"},
        {f"{column}_plain": plain},
        {cut: with_unit},
        {
            head: f"left({lower}, strpos({lower}, {cut}.whole) - 1)",
            tail: f"substr({lower}, strpos({lower}, {cut}.whole) + length({cut}.whole))",
        },
        {f"{column}_line": line},
        first,
        {at: f"strpos({street}, ' ')"},
    )
    return Forms(kept, steps)


def _unaccented(text: str) -> str:
    """Return SQL of a text without accents where it is Latin, of the text itself where not."""
    bare = f"strip_accents({text})"
    for code, plain in UNMARKED.items():
        for letter in (chr(code), chr(code).upper()):
            bare = f"replace({bare}, '{letter}', '{plain}')" if len(letter) == 1 and ord(letter) > 0x7F else bare
    bare = f"replace({bare}, 'ß', 'ss')"
    return (
        f"CASE WHEN strlen({text}) = length({text}) OR NOT regexp_full_match({text}, '{_ACCENTED}') THEN {text}"
        f" ELSE {bare} END"
    )
