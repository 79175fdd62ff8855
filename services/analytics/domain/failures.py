"""What can be true of sales and customers that ends a call."""

from services.runtime.failures import Code, Failure


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
