"""Contact columns owns how e-mails, phones and identifiers are read: plain ones in SQL, odd ones value by value."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from services.identity.countries import region_of_country
from services.identity.emails import DOTS_IGNORED, LONGEST_EMAIL, ONE_DOMAIN, PLUS_TAGS, normalize_email
from services.identity.phones import LONGEST_PHONE, NumberingPlan, normalize_phone, numbering_plan, plan_of_code
from services.identity.text import LONGEST, fold
from services.matching.domain.attributes import SHORTEST_LOCAL, email_locals
from services.matching.domain.identity_record import MOST_VALUES
from services.matching.engine.arrays import MISSING, Rows
from services.matching.engine.byte_texts import ByteTexts
from services.matching.engine.columns import Column
from services.matching.engine.distinct_texts import encoded
from services.matching.engine.normal_rows import Forms, NormalRows

SEVERAL = "|"
"""Stands between several values in one field."""

_BETWEEN, _BETWEEN_SQL = "\x1f", "chr(31)"
_MOST_COUNTRIES = 2000
"""Ways to write countries that are told apart in SQL; in a file with more, phones are read one by one."""

_PLAIN_EMAIL = r"[a-z0-9_!#$%&''*/=?^`{}~-][a-z0-9_!#$%&''*+/=?^`{}~.-]*@[a-z0-9.-]+"
_EXTENSION = "([0-9])(?:[xX]|[eE][xX][tT])[0-9]{1,6}$"
_PLAIN_TEXT = "[!-{}~]+(?: [!-{}~]+)*"


def email_forms() -> Forms:
    """Return the SQL that normalises plain e-mails."""
    domain, untagged = "split_part(email_lower, '@', 2)", "split_part(split_part(email_lower, '@', 1), '+', 1)"
    dotted = [*DOTS_IGNORED, *(theirs for theirs, ours in ONE_DOMAIN.items() if ours in DOTS_IGNORED)]
    renamed = " ".join(f"WHEN '{theirs}' THEN '{ours}'" for theirs, ours in sorted(ONE_DOMAIN.items()))
    return Forms(
        steps=(
            {"email_lower": "lower(trim(email))"},
            {
                "email_is_plain": f"strlen(email_lower) <= {LONGEST_EMAIL}"
                f" AND strlen(email_lower) = strlen(trim(email)) AND regexp_full_match(email_lower, '{_PLAIN_EMAIL}')",
            },
            {
                "email_read": "CASE WHEN email_is_plain THEN"
                f" CASE WHEN {_ends_with('email_lower', dotted)} THEN replace({untagged}, '.', '') || '@' ||"
                f" CASE {domain} {renamed} ELSE {domain} END"
                f" WHEN contains(email_lower, '+') AND {_ends_with('email_lower', PLUS_TAGS)} THEN"
                f" {untagged} || '@' || {domain}"
                " ELSE email_lower END END"
            },
        ),
        kept={
            "email_normal": "email_read",
            "email_odd": "CASE WHEN email_is_plain IS NOT TRUE AND email <> '' THEN email END",
            "email_local": f"CASE WHEN strpos(email_read, '@') > {SHORTEST_LOCAL}"
            " THEN left(email_read, strpos(email_read, '@') - 1) END",
        },
    )


def _ends_with(text: str, domains: Iterable[str]) -> str:
    return "(" + " OR ".join(f"ends_with({text}, '@{domain}')" for domain in sorted(domains)) + ")"


def phone_forms(region: str, countries: Sequence[str] | None = None) -> Forms:
    """Return the SQL that writes plain numbers as E.164, read as in each row's country or else the region.

    `countries` are those in the file, as written, if it has any. An odd phone is set aside behind its country.
    """
    usual = _international(region)
    cases = [] if countries is None else _cases_by_country(region, countries)
    country = "''" if countries is None else f"replace(coalesce(country, ''), {_BETWEEN_SQL}, ' ')"
    odd = f"phone <> '' AND (length(phone) <= {LONGEST_PHONE} AND phone_read IS NOT NULL) IS NOT TRUE"
    whens = "".join(f" WHEN {when} THEN {then}" for when, then in cases)
    return Forms(
        steps=(
            {"phone_bare": "replace(" * 6 + "phone" + "".join(f", '{one}', '')" for one in " -.()/")},
            {
                "phone_digits": "CASE WHEN regexp_matches(phone_bare, '[xX]') THEN"
                f" regexp_replace(phone_bare, '{_EXTENSION}', '\\1') ELSE phone_bare END"
            },
            {"phone_read": f"CASE{whens} ELSE {usual} END" if cases else usual},
        ),
        kept={
            "phone_normal": f"CASE WHEN length(phone) <= {LONGEST_PHONE} THEN phone_read END",
            "phone_odd": f"CASE WHEN {odd} THEN {country} || {_BETWEEN_SQL} || phone END",
        },
    )


def _cases_by_country(region: str, countries: Sequence[str]) -> list[tuple[str, str]]:
    """Return the SQL for numbers of other countries than the usual one, each with when it holds."""
    written: dict[str, list[str]] = {}
    for country in countries:
        home = region_of_country(country)
        if home not in ("", region):
            written.setdefault(home, []).append(_literal(country))
    if sum(map(len, written.values())) > _MOST_COUNTRIES:
        return [("country <> ''", "NULL")]
    return [(f"country IN ({', '.join(forms)})", _international(home)) for home, forms in written.items()]


def external_id_forms() -> Forms:
    """Return the SQL that folds plain identifiers."""
    plain = f"strlen(external_lower) <= {LONGEST} AND regexp_full_match(external_lower, '{_PLAIN_TEXT}')"
    return Forms(
        steps=({"external_lower": "lower(trim(external_id))"},),
        kept={
            "external_id_normal": f"CASE WHEN {plain} THEN external_lower END",
            "external_id_odd": f"CASE WHEN ({plain}) IS NOT TRUE AND external_id <> '' THEN external_id END",
        },
    )


def _international(region: str) -> str:
    """Return SQL for the number of `phone_digits` in E.164, NULL where it does not plainly fit the plan."""
    plan = numbering_plan(region)
    whole = plan and plan_of_code(plan.calling_code)
    if plan is None or whole is None:
        return "NULL"
    code, trunk = f"+{plan.calling_code}", plan.trunk_prefix
    national = f"substr(phone_digits, {len(trunk) + 1})" if trunk else "phone_digits"
    national = f"CASE WHEN starts_with(phone_digits, '{trunk}') THEN {national} ELSE phone_digits END"
    at_home = f"{_fits(national, plan)} AND NOT regexp_matches(phone_digits, {_beginning(plan.abroad.pattern)})"
    behind = f"substr(phone_digits, {len(code) + 1})"
    prefixed = f"starts_with({behind}, '{whole.trunk_prefix}')" if whole.trunk_prefix else "false"
    abroad = f"starts_with(phone_digits, '{code}') AND {_fits(behind, whole)} AND NOT {prefixed}"
    return (
        f"CASE WHEN starts_with(phone_digits, '+') THEN CASE WHEN {abroad} AND {_alike(behind, whole)}"
        f" THEN phone_digits END WHEN {at_home} AND {_alike('phone_digits', plan)} THEN '{code}' || {national} END"
    )


def _fits(digits: str, plan: NumberingPlan) -> str:
    return f"regexp_full_match({digits}, {_literal(plan.national.pattern)})"


def _alike(digits: str, plan: NumberingPlan) -> str:
    """Return SQL of `parsed_alike`."""
    if plan.prefix.pattern == plan.trunk_prefix:
        return "true"
    return f"regexp_extract({digits}, {_beginning(plan.prefix.pattern)}) IN ('', '{plan.trunk_prefix}')"


def _beginning(pattern: str) -> str:
    return _literal(f"^(?:{pattern})")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def email_columns(rows: NormalRows) -> dict[str, Column]:
    """Return the e-mails of each row, and what stands before their @: that column is as long as its source."""
    if "email_odd" not in rows.names:
        return {"email": missing(rows.size)}
    odd = _odd(rows, "email", lambda text: normalized_values(text, normalize_email))
    return {
        "email": _column(rows, "email_normal", odd),
        "email_local": _column(rows, "email_local", replace(odd, texts=email_locals(odd.texts))),
    }


def phone_column(rows: NormalRows, region: str) -> Column:
    """Return the phones of each row."""

    def normalized(text: str) -> list[str]:
        country, _, phones = text.partition(_BETWEEN)
        home = region_of_country(country) or region
        return normalized_values(phones, lambda phone: normalize_phone(phone, home))

    return _several(rows, "phone", normalized)


def external_id_column(rows: NormalRows) -> Column:
    """Return the identifiers of each row."""
    return _several(rows, "external_id", lambda text: normalized_values(text, fold))


def missing(size: int) -> Column:
    """Return the column of an attribute that no row has."""
    return Column([], np.full((size, 1), MISSING, np.int32))


def _several(rows: NormalRows, field: str, normalized: Callable[[str], list[str]]) -> Column:
    if f"{field}_odd" not in rows.names:
        return missing(rows.size)
    return _column(rows, f"{field}_normal", _odd(rows, field, normalized))


def normalized_values(text: str, normalize: Callable[[str], str]) -> list[str]:
    """Return the distinct normal forms of the values in a field, the first few of them."""
    return distinct_values(normalize(part) for part in text.split(SEVERAL))


def distinct_values(values: Iterable[str]) -> list[str]:
    """Return values without those that are missing or came before, the first few of them."""
    return list(dict.fromkeys(value for value in values if value))[:MOST_VALUES]


@dataclass(frozen=True, slots=True)
class _Odd:
    """The normal forms of values that SQL set aside, with the row and slot of each."""

    rows: Rows
    slots: Rows
    texts: list[str]


def _odd(rows: NormalRows, field: str, normalized: Callable[[str], list[str]]) -> _Odd:
    """Normalise each distinct odd value once."""
    places, raw = rows.chosen(f"{field}_odd")
    known = {text: normalized(text) for text in dict.fromkeys(raw)}
    counts = np.fromiter((len(known[text]) for text in raw), np.int64, len(raw))
    slots = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return _Odd(np.repeat(places, counts), slots, [value for text in raw for value in known[text]])


def _column(rows: NormalRows, column: str, odd: _Odd) -> Column:
    """Put the plain values of a column and the odd ones together."""
    texts, (hashes, known) = rows.byte_texts(column), rows.hashed(column)
    if odd.texts:
        texts = ByteTexts.joined([texts, ByteTexts.encoded(odd.texts)])
        hashes = np.append(hashes, rows.hashes_of(odd.texts))
        known = np.append(known, [text != "" for text in odd.texts])
    values, codes = encoded(texts, hashes, known)
    placed = np.full((rows.size, int(odd.slots.max(initial=0)) + 1), MISSING, np.int32)
    placed[:, 0] = codes[: rows.size]
    placed[odd.rows, odd.slots] = codes[rows.size :]
    return Column(values, placed)
