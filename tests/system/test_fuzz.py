"""Whatever a caller sends, no RPC blames itself or hangs, each bad field is named, and nothing is left half done.

PATRONAGE_FUZZ_MESSAGES says how many messages are sent over all methods; `make fuzz` sends 12,000 new ones.
"""

import os
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from patronage.customers.v1 import import_export_service_pb2
from patronage.matching.v1 import conversation_resolution_pb2
from services.local.suite import Suite
from tests.faults.company import company_of, until
from tests.faults.proofs import (
    assert_conversations_are_fed_and_counted,
    assert_each_revision_was_fed_once,
    assert_mirrors_agree,
    assert_no_half_merge,
    assert_views_fold,
)
from tests.fixtures.contract import Rpc, every_rpc
from tests.fixtures.good_requests import GoodRequests, describe
from tests.fixtures.hostile import Hostile
from tests.system.fuzz_world import World, assert_explained

RPCS = {str(rpc): rpc for rpc in every_rpc()}
SENT_BY_EVERY_RUN = 3_000
MESSAGES = int(os.environ.get("PATRONAGE_FUZZ_MESSAGES", SENT_BY_EVERY_RUN))
LARGEST = 8_000_000
"""What is larger gRPC itself refuses."""
COMPANY, OTHER = "fuzz-company", "fuzz-other"


@pytest.fixture(scope="module")
def world(suite: Suite) -> Iterator[World]:
    with company_of(suite, COMPANY) as company, company_of(suite, OTHER) as other:
        made = World(company, other)
        yield made
        made.close()


@pytest.fixture
def renewed(world: World, rpc: Rpc) -> World:
    """The same world with something of every kind that nobody has deleted yet."""
    world.renew(scanning="scan_id" in rpc.id_fields())
    return world


@pytest.mark.timeout(600)
@pytest.mark.parametrize("rpc", RPCS.values(), ids=str)
def test_no_request_is_the_fault_of_the_service(rpc: Rpc, renewed: World) -> None:
    @settings(
        max_examples=-(-MESSAGES // len(RPCS)),
        derandomize=MESSAGES == SENT_BY_EVERY_RUN,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    @given(st.randoms(use_true_random=False))
    def hostile(dice: random.Random) -> None:
        sent = messages(rpc, renewed, dice)
        if max(map(len, sent)) < LARGEST:
            status = renewed.answer(rpc, sent)
            if status is not None:
                assert_explained(status, sent)

    hostile()


def test_nothing_is_left_half_done(world: World) -> None:
    """Runs after the requests above; alone it proves the same of what the world began with."""
    asked = conversation_resolution_pb2.GetConversationResolutionStatsRequest()
    stats = world.company.matching.GetConversationResolutionStats
    until(lambda: not stats(asked).pending, lambda: f"every conversation is resolved: {stats(asked)}")
    assert not stats(asked).parked
    assert_mirrors_agree(world.company)
    assert_no_half_merge(world.company)
    assert_views_fold(world.company)
    assert_each_revision_was_fed_once(world.company)
    assert_conversations_are_fed_and_counted(world.company)


def messages(rpc: Rpc, world: World, dice: random.Random) -> list[bytes]:
    """The messages of a call as bytes: good ones of which a field or a few are spoiled, or random from end to end."""
    hostile = Hostile(dice, world.known)
    good = GoodRequests(world.ids)
    made = [good.fill(rpc.request(), dice)]
    if rpc.method.name == "ImportCustomers":
        options = import_export_service_pb2.ImportOptions(source="fuzz")
        made = [import_export_service_pb2.ImportCustomersRequest(options=options), _rows(dice), _rows(dice)]
    elif rpc.method.client_streaming:
        made += [good.fill(rpc.request(), dice)]
    for _ in range(dice.choice([0, 1, 1, 2, 5])):
        hostile.spoil(dice.choice(made))
    if dice.random() < 0.1:
        hostile.scramble(made[-1])
    return [hostile.wire(message) for message in made]


def _rows(dice: random.Random) -> Any:
    """A few rows of a file."""
    request = import_export_service_pb2.ImportCustomersRequest()
    for number in range(dice.choice([1, 5])):
        row = request.rows.rows.add(row_number=number, id=str(dice.randrange(20)))
        describe(row.customer, dice)
    return request
