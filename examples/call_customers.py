"""How another service calls Patronage with the generated stubs: create, read the write elsewhere, handle a duplicate.

Run it beside `make up`: python examples/call_customers.py [CONTEXT.json]
"""

import json
import sys
import uuid
from pathlib import Path
from typing import Any, cast

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from patronage.customers.v1 import customer_pb2, customer_service_pb2, customer_service_pb2_grpc
from patronage.matching.v1 import matching_service_pb2, matching_service_pb2_grpc


def main(context: dict[str, str]) -> None:
    """Creates a customer, asks who is like it, and is refused a twin."""
    metadata = (("authorization", f"Bearer {context['token']}"),)
    with (
        grpc.insecure_channel(context["customers"]) as to_customers,
        grpc.insecure_channel(context["matching"]) as to_matching,
    ):
        customers = customer_service_pb2_grpc.CustomerServiceStub(to_customers)
        matching = matching_service_pb2_grpc.MatchingServiceStub(to_matching)
        email = f"ana.{uuid.uuid4().hex[:8]}@example.com"
        request = customer_service_pb2.CreateCustomerRequest(
            customer=customer_pb2.Customer(name="Ana Lopez", email=email, phone="+14155550100"),
            on_duplicate=customer_service_pb2.DUPLICATE_ACTION_ALLOW,
            request_id=str(uuid.uuid4()),  # sent again it answers the same and creates nothing
        )
        created = customers.CreateCustomer(request, metadata=metadata, timeout=5)
        print(f"created {created.customer.name}, {created.customer.customer_id}")

        like_it = matching.FindDuplicates(
            matching_service_pb2.FindDuplicatesRequest(
                customer_id=created.customer.customer_id,
                at_least_as_fresh=created.change_token,  # wait until matching has seen the write
            ),
            metadata=metadata,
            timeout=5,
        )
        print(f"{len(like_it.candidates)} customers may be the same, {like_it.compared} compared")

        try:
            twin = customer_service_pb2.CreateCustomerRequest(
                customer=customer_pb2.Customer(name="A. Lopez", email=email)
            )
            customers.CreateCustomer(twin, metadata=metadata, timeout=5)
        except grpc.RpcError as error:
            print(f"refused: {reason_of(error)}")


def reason_of(error: grpc.RpcError) -> str:
    """The machine-readable reason of a failed call, one of patronage.errors.v1.ErrorReason."""
    status = rpc_status.from_call(cast(Any, error))
    info = error_details_pb2.ErrorInfo()
    return next((info.reason for detail in status.details if detail.Unpack(info)), "") if status else ""


def context_of(arguments: list[str]) -> dict[str, str]:
    """The addresses and the token that `make up` wrote down, as told or where it writes them."""
    path = Path(arguments[0]) if arguments else Path(".patronage", "context.json")
    if not path.is_file():
        sys.exit(f"{path} is not there: start the suite with `make up`, or name the context file of one that runs.")
    context: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return context


if __name__ == "__main__":
    main(context_of(sys.argv[1:]))
