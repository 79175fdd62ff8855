"""E-mails owns when two addresses reach one mailbox: case, and what the provider itself ignores."""

# ruff: noqa: SIM905 - word lists are read as text

import re
from functools import cache

from services.identity.text import clean

LONGEST_EMAIL = 254

ONE_DOMAIN = {"googlemail.com": "gmail.com"}
DOTS_IGNORED = frozenset({"gmail.com"})
PLUS_TAGS = frozenset(
    "gmail.com outlook.com hotmail.com live.com msn.com icloud.com me.com mac.com fastmail.com proton.me"
    " protonmail.com pm.me zoho.com".split()
)
_WRAPPED = re.compile(r"^(?:.*<([^<>]*)>|mailto:(.*))$")
_WORD = r"[\w!#$%&'*+/=?^`{|}~-]+"
_LABEL = r"(?=[a-z\d-]{1,63}\.)[a-z\d]+(?:-[a-z\d]+)*"
_PLAIN = re.compile(rf"(?=[^@]{{1,64}}@){_WORD}(?:\.{_WORD})*@(?:{_LABEL}\.)+([a-z]{{2,63}})", re.ASCII | re.IGNORECASE)


def normalize_email(text: str) -> str:
    """Return the mailbox an e-mail address reaches; text that is no address comes back cleaned."""
    address = clean(text, LONGEST_EMAIL).casefold().replace(" ", "")
    if address[-1:] == ">" or address[:7] == "mailto:":
        address = _WRAPPED.sub(lambda match: match[1] or match[2] or "", address)
    local, at, domain = address.rpartition("@")
    if not (local and domain):
        return address if not at else address.strip("@")
    domain = ONE_DOMAIN.get(domain, domain)
    if "+" in local and domain in PLUS_TAGS:
        local = local.partition("+")[0] or local
    if domain in DOTS_IGNORED:
        local = local.replace(".", "") or local
    return f"{local}@{domain}"


def is_email(text: str) -> bool:
    """Return whether the text is written as an e-mail address; nothing is looked up."""
    address = clean(text)
    if len(address.encode()) > LONGEST_EMAIL:
        return False
    plain = _PLAIN.fullmatch(address)
    if plain and plain[1].lower() not in _special():
        return True  # the common case, which the library takes a hundred times as long to find
    from email_validator import EmailNotValidError, validate_email

    try:
        validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True


@cache
def _special() -> frozenset[str]:
    """Return the last parts of names that nobody may own; the library is not loaded for normal forms alone."""
    from email_validator import SPECIAL_USE_DOMAIN_NAMES

    return frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES)
