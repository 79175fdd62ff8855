"""How a merge that people ask for becomes one that customers applies."""

import pytest

from patronage.matching.v1 import merge_service_pb2 as pb
from services.matching.convert.merges import apply_request, merge_id_of, revert_request
from services.matching.domain.judgement import Author
from services.runtime.failures import FieldsInvalid

REQUEST_ID = "0190B0B0-0000-7000-8000-000000000001"


def test_a_retry_has_the_id_of_its_first_try() -> None:
    assert merge_id_of("acme", REQUEST_ID) == merge_id_of("acme", REQUEST_ID.lower())


def test_companies_and_requests_do_not_share_merges() -> None:
    assert merge_id_of("acme", REQUEST_ID) != merge_id_of("other", REQUEST_ID)
    assert merge_id_of("acme", "") != merge_id_of("acme", "")


def test_everything_asked_for_is_passed_on() -> None:
    request = pb.MergeCustomersRequest(target_id="t", source_ids=["s"], reason="why", expected_etags={"t": "e"})
    request.choices.add(field="name", customer_id="s")
    asked = apply_request(request, "acme", Author("ann", "Ann"))
    assert (asked.target_id, list(asked.source_ids), asked.reason, asked.on_behalf_of) == ("t", ["s"], "why", "ann")
    assert asked.on_behalf_of_name == "Ann"
    assert (dict(asked.expected_etags), asked.choices[0].field) == ({"t": "e"}, "name")


@pytest.mark.parametrize("count", [0, 51])
def test_one_to_fifty_sources_are_merged(count: int) -> None:
    request = pb.MergeCustomersRequest(target_id="t", source_ids=[f"s{number}" for number in range(count)])
    with pytest.raises(FieldsInvalid) as failure:
        apply_request(request, "acme", Author("ann", "Ann"))
    assert [violation.field for violation in failure.value.fields] == ["source_ids"]


def test_an_undo_names_its_merge() -> None:
    with pytest.raises(FieldsInvalid) as failure:
        revert_request(pb.UndoMergeRequest(request_id="x"), Author("ann", "Ann"))
    assert {violation.field for violation in failure.value.fields} == {"merge_id", "request_id"}
