"""What is made of raw fields: keys as numbers, and a version that says by which rules."""

from services.matching.domain.customer_seen import RawIdentity
from services.matching.operations.derive import derivation, derive, key_hash, named_keys
from services.matching.store.identity_text import identity_of, identity_text, raw_of, raw_text

ANN = RawIdentity(
    name="Ann Lee",
    emails=("ann@x.example",),
    phones=("212 555 0147",),
    addresses=("1 Oak St, Rye, NY 10580", ("2 Elm St", "Rye", "", "", "")),
    birth_date="1990-02-03",
)


def test_the_same_record_written_in_two_ways_has_the_same_keys() -> None:
    _, first = derive(RawIdentity(name="Ann Lee", phones=("212 555 0147",)), "US")
    _, second = derive(RawIdentity(name="LEE, ANN", phones=("+1 (212) 555-0147",)), "US")
    assert first == second


def test_a_key_is_a_signed_64_bit_number_that_never_changes() -> None:
    assert key_hash("email", "ann@x.example") == 317601483771708307
    assert all(-(2**63) <= key < 2**63 for key in derive(ANN, "US")[1])


def test_keys_are_named_for_people() -> None:
    identity, keys = derive(ANN, "US")
    names = named_keys(identity)
    assert set(names) == set(keys)
    assert {"email:ann@x.example", "phone:+12125550147"} <= set(names.values())


def test_the_derivation_names_rules_and_region() -> None:
    assert derivation("KE") != derivation("US")
    assert derivation("KE").endswith("/KE")


def test_identities_and_raw_fields_come_back_from_their_text() -> None:
    identity, _ = derive(ANN, "US")
    assert identity_of(identity_text(identity)) == identity
    assert raw_of(raw_text(ANN)) == ANN


def test_completeness_counts_what_is_known() -> None:
    assert (ANN.completeness(), RawIdentity().completeness()) == (6, 0)


def test_a_phone_is_read_as_in_the_country_of_the_address() -> None:
    kenyan = RawIdentity(phones=("0701 234 567",), addresses=(("Moi Avenue 1", "Nairobi", "", "", "KE"),))
    abroad = RawIdentity(phones=("+254701234567",))
    identity, keys = derive(kenyan, "US")
    assert identity.phones == ("+254701234567",)
    assert set(derive(abroad, "US")[1]) <= set(keys)
    assert identity_of(identity_text(identity)) == identity
