"""Customers of a company that are created, scanned, merged and looked at, in a line each."""

from typing import Any

from patronage.customers.v1 import customer_pb2
from patronage.customers.v1 import customer_service_pb2 as customers
from patronage.matching.v1 import matching_service_pb2
from patronage.matching.v1 import merge_service_pb2 as pb
from tests.faults.company import Company, until

AT_WORK = (matching_service_pb2.SCAN_STATE_PENDING, matching_service_pb2.SCAN_STATE_RUNNING)


def create(company: Company, name: str, **fields: Any) -> str:
    customer = customer_pb2.Customer(name=name, **fields)
    allow = customers.CreateCustomerRequest(customer=customer, on_duplicate=customers.DUPLICATE_ACTION_ALLOW)
    return company.customers.CreateCustomer(allow).customer.customer_id


def merge(company: Company, target: str, *sources: str, **how: Any) -> pb.MergeCustomersResponse:
    asked = pb.MergeCustomersRequest(target_id=target, source_ids=sources, allow_unpreviewed=True, **how)
    return company.merges.MergeCustomers(asked)


def shown(company: Company, customer_id: str) -> customer_pb2.Customer:
    return company.customers.GetCustomer(customers.GetCustomerRequest(customer_id=customer_id)).customer


def ended_scan(company: Company, scan_id: str) -> matching_service_pb2.Scan:
    """A scan once it is done; fails where it ends otherwise."""

    def ended() -> matching_service_pb2.Scan | None:
        found = company.matching.GetScan(matching_service_pb2.GetScanRequest(scan_id=scan_id)).scan
        return None if found.state in AT_WORK else found

    scan = until(ended, "the scan has ended")
    assert scan is not None
    assert scan.state == matching_service_pb2.SCAN_STATE_DONE, scan
    return scan
