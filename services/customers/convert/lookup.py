"""Messages of look-ups by external ids, and of views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from patronage.customers.v1 import customer_pb2, views_pb2
from patronage.customers.v1 import lookup_pb2 as pb
from services.customers.convert.customer import customer_message
from services.customers.domain.views import Views


class LookedUp(Protocol):
    """A customer that was found by an external id."""

    @property
    def key(self) -> tuple[str, str]: ...
    @property
    def shown(self) -> Mapping[str, Any]: ...
    @property
    def merged_from(self) -> str: ...


class Signs(Protocol):
    """What is worth a sign beside a listed customer."""

    @property
    def views(self) -> Views: ...
    @property
    def has_active_quote(self) -> bool: ...


def external_ids_of(request: pb.LookupCustomersRequest) -> list[tuple[str, str]]:
    """The pairs of system and id that a request asks for."""
    return [(item.system, item.external_id) for item in request.external_ids]


def lookup_message(
    company_id: str, found: Sequence[LookedUp], missing: Sequence[tuple[str, str]]
) -> pb.LookupCustomersResponse:
    """Who was found by which id, and which ids nobody has."""
    return pb.LookupCustomersResponse(
        customers=[
            pb.LookedUpCustomer(
                external_id=_external_id(one.key),
                customer=customer_message(company_id, one.shown),
                merged_from=one.merged_from,
            )
            for one in found
        ],
        missing=[_external_id(key) for key in missing],
    )


def views_message(views: Views) -> views_pb2.CustomerViews:
    """How often a record was looked at."""
    message = views_pb2.CustomerViews(view_count=views.count, is_recently_viewed=views.is_recent)
    if views.last_at is not None:
        message.last_view_time.FromDatetime(views.last_at)
    return message


def signs_message(signs: Signs) -> views_pb2.CustomerSigns:
    """What is worth a sign beside a listed customer."""
    return views_pb2.CustomerSigns(views=views_message(signs.views), has_active_quote=signs.has_active_quote)


def _external_id(key: tuple[str, str]) -> customer_pb2.ExternalId:
    return customer_pb2.ExternalId(system=key[0], external_id=key[1])
