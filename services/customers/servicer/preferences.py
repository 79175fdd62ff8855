"""CustomerService: preferences, and whether a customer may be contacted."""

from __future__ import annotations

from typing import Any

from patronage.customers.v1 import contact_permission_pb2 as permission_pb
from patronage.customers.v1 import preferences_pb2 as pb
from services.customers.convert import preferences as convert
from services.customers.convert.choices import short_name
from services.customers.operations.check_contact_permission import (
    batch_check_contact_permissions,
    check_contact_permission,
)
from services.customers.operations.get_preferences import get_preferences
from services.customers.operations.update_preferences import update_preferences
from services.customers.servicer.edged import Edged
from services.runtime.database import Transaction

Question = permission_pb.CheckContactPermissionRequest | permission_pb.BatchCheckContactPermissionsRequest


class Preferences(Edged):
    """What customers like and agree to."""

    def GetPreferences(self, request: pb.GetPreferencesRequest, context: Any) -> pb.GetPreferencesResponse:  # noqa: N802
        """Reads preferences."""
        shown = self._edge.look_up(context, lambda reader: get_preferences(reader, request.customer_id))
        return pb.GetPreferencesResponse(preferences=convert.preferences_message(shown))

    def UpdatePreferences(  # noqa: N802
        self, request: pb.UpdatePreferencesRequest, context: Any
    ) -> pb.UpdatePreferencesResponse:
        """Changes preferences."""
        draft, mask = convert.draft_of(request.preferences), list(request.update_mask.paths)
        time = convert.consent_time(request)

        def run(tx: Transaction) -> pb.UpdatePreferencesResponse:
            etag, proof = request.preferences.etag, request.consent_proof
            customer, token = update_preferences(tx, request.customer_id, draft, mask, etag, proof=proof, time=time)
            message = convert.preferences_message(customer.shown)
            return pb.UpdatePreferencesResponse(preferences=message, change_token=token.encode())

        return self._edge.write(context, request, run)

    def CheckContactPermission(  # noqa: N802
        self, request: permission_pb.CheckContactPermissionRequest, context: Any
    ) -> permission_pb.CheckContactPermissionResponse:
        """Says whether one customer may be contacted."""

        def run(tx: Transaction) -> permission_pb.CheckContactPermissionResponse:
            found = check_contact_permission(tx, request.customer_id, *_asked(request))
            return permission_pb.CheckContactPermissionResponse(permission=convert.permission_message(found))

        return self._edge.read(context, run)

    def BatchCheckContactPermissions(  # noqa: N802
        self, request: permission_pb.BatchCheckContactPermissionsRequest, context: Any
    ) -> permission_pb.BatchCheckContactPermissionsResponse:
        """Says whether several customers may be contacted."""

        def run(tx: Transaction) -> permission_pb.BatchCheckContactPermissionsResponse:
            found = batch_check_contact_permissions(tx, list(request.customer_ids), *_asked(request))
            messages = [convert.permission_message(one) for one in found]
            return permission_pb.BatchCheckContactPermissionsResponse(permissions=messages)

        return self._edge.read(context, run)


def _asked(request: Question) -> tuple[str, str]:
    """The short names of channel and purpose; those that are no such ones are refused by the operation."""
    return (
        short_name(permission_pb.ContactChannel, request.channel, convert.CHANNEL),
        short_name(permission_pb.ContactPurpose, request.purpose, convert.PURPOSE),
    )
