"""Every RPC of the service has a scope."""

from patronage.analytics.v1 import metrics_service_pb2, overview_pb2, sales_service_pb2
from services.analytics.access import ACCESS


def test_the_access_table_names_every_rpc_and_no_other() -> None:
    services = [
        service
        for file in (metrics_service_pb2, overview_pb2, sales_service_pb2)
        for service in file.DESCRIPTOR.services_by_name.values()
    ]
    rpcs = {f"/{service.full_name}/{method.name}" for service in services for method in service.methods}
    assert set(ACCESS) == rpcs


def test_what_only_lists_or_reads_asks_for_the_right_to_read() -> None:
    for method, access in ACCESS.items():
        reads = method.rpartition("/")[2].startswith(("List", "Get", "BatchGet", "Export"))
        assert (access.scope == "analytics:read") is reads, method
    assert {access.scope for access in ACCESS.values()} == {"analytics:read", "analytics:write", "analytics:admin"}
