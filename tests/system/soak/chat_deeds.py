"""Steps in which a chat finds its customer, or makes one."""

from __future__ import annotations

from patronage.customers.v1 import conversation_pb2, customer_pb2, customer_service_pb2
from patronage.matching.v1 import conversation_resolution_pb2 as pb
from services.runtime.ids import new_id
from tests.faults.company import insist
from tests.system.soak.model import Talk
from tests.system.soak.record_deeds import MOST_CUSTOMERS, NAMES
from tests.system.soak.side import Done, Side, Step


def by_hand_alone(side: Side) -> None:
    """Conversations are resolved on request only, so that it is known when."""
    insist(side.company.matching.SetConversationPolicy, pb.SetConversationPolicyRequest(automatic=False))


def chat(side: Side, step: Step) -> Done:
    """A recorded chat of somebody who may be known: linked to one customer or to none, and nothing is overwritten."""
    told = conversation_pb2.Conversation(
        session_id=new_id(),
        customer_name=NAMES[step.b % 6],
        customer_email=f"p{step.a % 7}@example.com" if step.c % 4 else "",
        customer_phone=f"+1 202 555 {step.c % 8:04}" if step.d % 3 == 0 else "",
    )
    told.interactions.add(user_input="x" * (1 + step.c % 9), ai_response="y")
    if len(side.model.customers) > MOST_CUSTOMERS:
        told.ClearField("customer_name")  # without a name nobody is made
    before = {customer: _shown(side, customer) for customer in side.model.roots() if side.model.is_live(customer)}
    asked = pb.SyncConversationRequest(conversation=told, at_least_as_fresh=side.fresh)
    done = side.ask(side.company.matching.SyncConversation, asked, again=step.d)
    assert done is not None
    found = done.resolution.customer_id if done.linked else None
    side.model.talks[done.resolution.conversation_id] = Talk(told.session_id, found, [2 + step.c % 9])
    if found is None:
        return Done()
    side.model.touches[found] += 1
    if done.resolution.outcome == pb.RESOLUTION_OUTCOME_CREATED:
        side.model.add(found, told.customer_name)
    else:
        _assert_nothing_overwritten(before[found], _shown(side, found))
    return Done([found], [found])


def _shown(side: Side, customer: str) -> customer_pb2.Customer:
    asked = customer_service_pb2.GetCustomerRequest(customer_id=customer)
    return insist(side.company.customers.GetCustomer, asked).customer


def _assert_nothing_overwritten(before: customer_pb2.Customer, after: customer_pb2.Customer) -> None:
    for field in ("name", "email", "phone"):
        assert getattr(before, field) in {"", getattr(after, field)}, field
    points = {(point.kind, point.normalized_value) for point in before.contact_points}
    assert points <= {(point.kind, point.normalized_value) for point in after.contact_points}
