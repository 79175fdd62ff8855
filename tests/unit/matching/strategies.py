"""Strategies owns random customers that resemble one another, for property tests."""

from hypothesis import strategies as st

GIVEN = ["John", "Jon", "Johnny", "Mary", "Maria", "J", "Bill", "William", "Ann", "Rose", "Smiht", "王", "Éva", ""]
GIVEN += ["User17", "User18"]
FAMILY = ["Smith", "Smyth", "Smith-Jones", "John", "Mariah", "William", "Lee", "O'Neil", "Müller", "Mueller", ""]
FAMILY += ["00017", "00018"]
EMAIL = [
    "john.smith@gmail.com",
    "maria.mueller@x.org",
    "johnsmith@gmail.com",
    "jsmith@x.org",
    "jsmith@y.org",
    "jsmith101@x.org",
    "jsmith102@x.org",
    "info@x.org",
    "x",
    "",
]
PHONE = ["415-555-2671", "4155552671", "415-555-2672", "415-555-6271", "+1 415 555 2671|212-555-1234", "call me", ""]
STREET = [
    "12 Oak Street",
    "12 Oak St Apt 4",
    "12 Oak St Apt 5",
    "14 Oak St",
    "101 Oak St",
    "102 Oak St",
    "Elm Road 9",
    "Oak",
    "",
]
PLACE = ["Springfield", "Springfeild", "Shelbyville", ""]
POSTCODE = ["62704", "62705", "10115", ""]
BIRTH = ["1971-06-04", "1972-11-30", "1973", "1971-04-06", "1971-06-05", "1971", "1980-01-01", "1971-02-31", "soon", ""]
ORGANIZATION = ["Acme Inc", "ACME", "Acme Limited", "Acme 12", "Acme 13", "Other & Co", ""]
EXTERNAL = ["A-1001", "A-1002", "A-1010", "A-2001", "B7", ""]

rows = st.fixed_dictionaries(
    {
        "given_name": st.sampled_from(GIVEN),
        "middle_name": st.sampled_from(["", "Q", "Quentin", "Rose", "John", "J"]),
        "family_name": st.sampled_from(FAMILY),
        "suffix": st.sampled_from(["", "Jr", "Sr"]),
        "organization": st.sampled_from(ORGANIZATION),
        "email": st.sampled_from(EMAIL),
        "phone": st.sampled_from(PHONE),
        "street": st.sampled_from(STREET),
        "city": st.sampled_from(PLACE),
        "postal_code": st.sampled_from(POSTCODE),
        "birth_date": st.sampled_from(BIRTH),
        "external_id": st.sampled_from(EXTERNAL),
    }
)
