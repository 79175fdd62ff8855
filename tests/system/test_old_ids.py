"""An old id is good for everything, through all three services, however often its customer was merged."""

import uuid
from collections.abc import Callable, Iterator

import pytest

from patronage.matching.v1 import merge_service_pb2 as pb
from services.local.suite import Suite
from tests.faults.company import company_of
from tests.system.merging import create, merge, shown
from tests.system.old_ids import USES, Chain, chained


@pytest.fixture
def chain(suite: Suite) -> Iterator[Chain]:
    with company_of(suite, f"old-ids-{uuid.uuid4()}") as company:
        yield chained(company)


@pytest.mark.parametrize("use", USES, ids=lambda use: use.__name__)
def test_an_old_id_is_good_for_everything_through_a_chain(chain: Chain, use: Callable[[Chain], object]) -> None:
    assert use(chain) in [(chain.root, chain.old), ({chain.root}, chain.old)]


def test_an_old_id_follows_its_customer_to_another_root_and_back(chain: Chain) -> None:
    new_root = create(chain.company, "Further")
    further = merge(chain.company, new_root, chain.root).merge
    assert shown(chain.company, chain.old).customer_id == new_root
    chain.company.merges.UndoMerge(pb.UndoMergeRequest(merge_id=further.merge_id))
    assert shown(chain.company, chain.old).customer_id == chain.root
