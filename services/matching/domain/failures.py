"""Failures owns what can be true of customers, scans and merges when a call to matching fails."""

from services.runtime.failures import Code, Failure


class CustomerNotFound(Failure):
    """No customer of this company has the id."""

    code = Code.NOT_FOUND
    reason = "CUSTOMER_NOT_FOUND"


class ScanNotFound(Failure):
    """No scan of this company has the id."""

    code = Code.NOT_FOUND
    reason = "SCAN_NOT_FOUND"


class ScanEnded(Failure):
    """The scan has ended and cannot be cancelled."""

    code = Code.FAILED_PRECONDITION
    reason = "SCAN_ENDED"


def customer_not_found(customer_id: str) -> CustomerNotFound:
    """The one answer for ids that are unknown, of another company, deleted, or no ids at all."""
    text = f"There is no customer {customer_id[:64]!r}. Check the id."
    return CustomerNotFound(text, metadata={"customer_id": customer_id[:64]})


def scan_not_found(scan_id: str) -> ScanNotFound:
    """The one answer for scans that are unknown, of another company, or no ids at all."""
    return ScanNotFound(f"There is no scan {scan_id[:64]!r}. Check the id.", metadata={"scan_id": scan_id[:64]})
