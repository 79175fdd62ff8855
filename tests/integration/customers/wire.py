"""Calls over the wire that many tests begin with."""

from typing import Any

import grpc
from google.protobuf.field_mask_pb2 import FieldMask

from patronage.customers.v1 import customer_pb2 as model
from patronage.customers.v1 import customer_service_pb2 as pb
from tests.integration.customers.served import Client, refusal


def create(client: Client, **customer: Any) -> model.Customer:
    request = pb.CreateCustomerRequest(customer=model.Customer(**customer), on_duplicate=pb.DUPLICATE_ACTION_ALLOW)
    made: model.Customer = client.CreateCustomer(request).customer
    return made


def update(client: Client, customer_id: str, mask: list[str], **customer: Any) -> model.Customer:
    request = pb.UpdateCustomerRequest(
        customer_id=customer_id, customer=model.Customer(**customer), update_mask=FieldMask(paths=mask)
    )
    changed: model.Customer = client.UpdateCustomer(request).customer
    return changed


def answer_of(client: Client, method: str, request: Any) -> Any:
    try:
        return getattr(client, method)(request)
    except grpc.RpcError as error:
        return refusal(error)
