"""What can be true of sales and customers that ends a call."""

from services.runtime.failures import Code, Failure, PreconditionViolation


class CustomerNotFound(Failure):
    """This service knows no such customer of the company."""

    code = Code.NOT_FOUND
    reason = "CUSTOMER_NOT_FOUND"

    def __init__(self, customer_id: str) -> None:
        super().__init__(
            "No customer has this id here. Right after a create, pass its change_token as at_least_as_fresh.",
            metadata={"customer_id": customer_id[:100]},
        )


class SaleConflict(Failure):
    """The sale id is taken by a sale with other content."""

    code = Code.ALREADY_EXISTS
    reason = "SALE_CONFLICT"

    def __init__(self, sale_id: str, differs: tuple[str, ...]) -> None:
        super().__init__(
            f"This sale id was recorded before with another {', '.join(differs)}. Use a new id for a new sale.",
            metadata={"sale_id": sale_id, "differs": ",".join(differs)},
        )


class SaleNotFound(Failure):
    """The company has no such sale."""

    code = Code.NOT_FOUND
    reason = "SALE_NOT_FOUND"

    def __init__(self, sale_id: str) -> None:
        super().__init__("No sale has this id.", metadata={"sale_id": sale_id})


class SaleParked(Failure):
    """The sale still waits for its customer."""

    code = Code.FAILED_PRECONDITION
    reason = "SALE_PARKED"

    def __init__(self, sale_id: str) -> None:
        super().__init__(
            "The sale waits for its customer. Create the customer, or give the sale up with DiscardParkedSale.",
            metadata={"sale_id": sale_id},
            preconditions=[PreconditionViolation("SALE_PARKED", sale_id, "The customer of the sale is not known.")],
        )


class SaleVoided(Failure):
    """The sale was declared void."""

    code = Code.FAILED_PRECONDITION
    reason = "SALE_VOIDED"

    def __init__(self, sale_id: str) -> None:
        super().__init__(
            "The sale was declared void; nothing of it can be taken back.",
            metadata={"sale_id": sale_id},
            preconditions=[PreconditionViolation("SALE_VOIDED", sale_id, "The sale is void.")],
        )


class RefundConflict(Failure):
    """The refund id is taken by another refund of the sale."""

    code = Code.ALREADY_EXISTS
    reason = "REFUND_CONFLICT"

    def __init__(self, refund_id: str, differs: tuple[str, ...]) -> None:
        super().__init__(
            f"This refund id was recorded before with another {', '.join(differs)}. Use a new id for a new refund.",
            metadata={"refund_id": refund_id, "differs": ",".join(differs)},
        )


class RefundExceedsSale(Failure):
    """More would be taken back than is left."""

    code = Code.FAILED_PRECONDITION
    reason = "REFUND_EXCEEDS_SALE"

    def __init__(self, sale_id: str) -> None:
        super().__init__(
            "The refund takes back more than is left of the sale. Read the sale with ListSales, and ask for less.",
            metadata={"sale_id": sale_id},
            preconditions=[PreconditionViolation("REFUND_EXCEEDS_SALE", sale_id, "Less than that is left.")],
        )


class PolicyNotFound(Failure):
    """The company has no loyalty policy of this version."""

    code = Code.NOT_FOUND
    reason = "POLICY_NOT_FOUND"

    def __init__(self, version: int) -> None:
        super().__init__(
            "The loyalty policy has no such version. Leave version out to read the one that holds.",
            metadata={"version": str(version)},
        )
