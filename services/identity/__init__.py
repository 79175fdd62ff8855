"""Identity owns the pure normal forms of what says who someone is: name, e-mail, phone, address, birth date."""

from services.identity.addresses import PostalAddress, join_address, parse_address
from services.identity.birth_dates import normalize_birth_date
from services.identity.emails import is_email, normalize_email
from services.identity.names import PersonName, join_name, name_sort, normalize_name, parse_name
from services.identity.nicknames import given_root, same_given
from services.identity.organizations import normalize_organization
from services.identity.phones import is_phone, normalize_phone
from services.identity.text import clean, fold

__all__ = [
    "PersonName",
    "PostalAddress",
    "clean",
    "fold",
    "given_root",
    "is_email",
    "is_phone",
    "join_address",
    "join_name",
    "name_sort",
    "normalize_birth_date",
    "normalize_email",
    "normalize_name",
    "normalize_organization",
    "normalize_phone",
    "parse_address",
    "parse_name",
    "same_given",
]
