"""A company cannot tell the ids of another company from ids that do not exist, in any RPC that takes one."""

import json
import random
import uuid
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import MessageToDict

from services.local.suite import Suite
from tests.faults.company import company_of, reason_of
from tests.fixtures.contract import Rpc, every_rpc
from tests.fixtures.good_requests import GoodRequests
from tests.system.fuzz_world import SCOPES, World

OWNER, STRANGER = "tenants-owner", "tenants-stranger"
TAKING_IDS = [rpc for rpc in every_rpc() if rpc.id_fields()]
PAGED = {"ListCustomers", "ListMerges", "ListJudgements", "ListAuditEntries", "ListConversations"}
"""Lists of what the owner has several of, for no customer named."""
MOVING = {"changeToken", "ageSeconds", "freshness"}
"""What is another one with each call."""
Ids = dict[str, str]


@pytest.fixture(scope="module")
def owner(suite: Suite) -> Iterator[World]:
    with company_of(suite, OWNER) as company, company_of(suite, STRANGER) as stranger:
        made = World(company, stranger)
        yield made
        made.close()


@pytest.fixture
def ids(owner: World, rpc: Rpc) -> Ids:
    """A thing of each kind that the owner has and that no method has changed yet."""
    owner.renew(scanning="scan_id" in rpc.id_fields())
    newest = {kind: names[-1] for kind, names in owner.ids.items() if kind != "session"}
    *_, source, target = owner.ids["customer"]
    return {**newest, "customer": target, "source": source, "right": source}


@pytest.fixture
def fresh(owner: World, ids: Ids) -> str:
    """A change token that covers all of the owner's ids."""
    return owner.fresh


@pytest.mark.parametrize("rpc", TAKING_IDS, ids=str)
def test_an_id_of_another_company_answers_as_one_that_does_not_exist(
    rpc: Rpc, suite: Suite, owner: World, ids: Ids, fresh: str
) -> None:
    unknown = {kind: str(uuid.uuid4()) for kind in ids}
    token = suite.token(STRANGER, scopes=SCOPES)
    theirs = _answer(rpc, owner, token, ids, fresh)
    nobodys = _answer(rpc, owner, token, unknown, fresh)
    assert theirs == nobodys
    assert "FIELDS_INVALID" not in theirs, "the request was refused before its ids were looked at"


@pytest.mark.parametrize("rpc", TAKING_IDS, ids=str)
def test_the_owner_of_an_id_gets_another_answer(rpc: Rpc, suite: Suite, owner: World, ids: Ids, fresh: str) -> None:
    """Else the test above would compare nothing."""
    token = suite.token(OWNER, scopes=SCOPES)
    unknown = {kind: str(uuid.uuid4()) for kind in ids}
    assert _answer(rpc, owner, token, ids, fresh) != _answer(rpc, owner, token, unknown, fresh)


@pytest.mark.parametrize("rpc", [rpc for rpc in every_rpc() if rpc.method.name in PAGED], ids=str)
def test_a_page_token_of_another_company_is_refused(rpc: Rpc, suite: Suite, owner: World) -> None:
    owner.renew(scanning=False)
    asked = rpc.request()
    asked.page_size = 1
    if "at_least_as_fresh" in asked.DESCRIPTOR.fields_by_name:
        asked.at_least_as_fresh = owner.fresh
    channel = owner.channels[rpc.service]
    asked.page_token = rpc.call(channel, asked, suite.token(OWNER, scopes=SCOPES)).next_page_token
    assert asked.page_token
    with pytest.raises(grpc.RpcError) as refused:
        rpc.call(channel, asked, suite.token(STRANGER, scopes=SCOPES))
    assert reason_of(refused.value) == "PAGE_TOKEN_MISMATCH"


def _answer(rpc: Rpc, owner: World, token: str, ids: Ids, fresh: str) -> str:
    """Status and details, or the response, with the ids made nameless."""
    try:
        found = MessageToDict(rpc.call(owner.channels[rpc.service], _request(rpc, ids, fresh), token))
        text = json.dumps({name: value for name, value in found.items() if name not in MOVING})
    except grpc.RpcError as error:
        trailers = {one.key: one.value for one in error.trailing_metadata() or ()}
        details = trailers.get("grpc-status-details-bin", b"")
        text = f"{error.code()} {error.details()} {details!r}"
    for kind, value in ids.items():
        text = text.replace(value, kind)
    return text


def _request(rpc: Rpc, ids: Ids, fresh: str) -> Any:
    """A request that is good but for whose the ids are."""
    known = {kind: [name] for kind, name in ids.items()}
    request = GoodRequests(known, sometimes=0).fill(rpc.request(), random.Random(str(uuid.uuid4())))
    if "at_least_as_fresh" in request.DESCRIPTOR.fields_by_name:
        request.at_least_as_fresh = fresh
    return request
