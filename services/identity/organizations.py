"""Organizations owns the name of a business without its legal form, articles and punctuation."""

# ruff: noqa: SIM905 - word lists are read as text

from services.identity.text import words

_LEGAL_FORMS = frozenset(
    "inc incorporated corp corporation co company llc llp lp ltd limited plc pllc pty gmbh mbh ag kg kgaa ohg ug se"
    " ev sa sas sarl sasu eurl spa srl snc bv nv cv oy oyj ab as asa aps kft zrt sro doo ooo zao pao jsc pjsc kk"
    " sdn bhd pvt pte sp zoo".split()
)


def normalize_organization(text: str) -> str:
    """Return an organisation's name for comparing; a name that is nothing but a legal form stays itself."""
    spoken = text[:2000].replace("&", " and ").replace("'", "").replace(".", "")
    named = [word for word in words(spoken) if word != "the"]
    kept = list(named)
    while len(kept) > 1 and (kept[-1] in _LEGAL_FORMS or kept[-1] == "and"):
        kept.pop()
    return " ".join(kept)
