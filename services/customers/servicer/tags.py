"""CustomerService: tags."""

from __future__ import annotations

from typing import Any

from patronage.customers.v1 import tags_pb2 as pb
from services.customers.convert.customer import customer_message
from services.customers.operations.add_tags import add_tags
from services.customers.operations.remove_tags import remove_tags
from services.customers.operations.tagging import tags_changed
from services.customers.servicer.edged import Edged
from services.runtime.database import Transaction


class Tags(Edged):
    """Adds and removes tags."""

    def AddTags(self, request: pb.AddTagsRequest, context: Any) -> pb.AddTagsResponse:  # noqa: N802
        """Adds tags to a customer."""

        def run(tx: Transaction) -> pb.AddTagsResponse:
            changed = add_tags(tx, request.customer_id, list(request.tags), request.etag)
            tags = tags_changed(changed.before.view.get("tags", ()), changed.after.view.get("tags", ()))
            return pb.AddTagsResponse(
                customer=customer_message(tx.scope.company_id, changed.after.shown),
                added_tags=tags.added,
                change_token=changed.token.encode(),
            )

        return self._edge.write(context, request, run)

    def RemoveTags(self, request: pb.RemoveTagsRequest, context: Any) -> pb.RemoveTagsResponse:  # noqa: N802
        """Takes tags off a customer."""

        def run(tx: Transaction) -> pb.RemoveTagsResponse:
            changed = remove_tags(tx, request.customer_id, list(request.tags), request.etag)
            tags = tags_changed(changed.before.view.get("tags", ()), changed.after.view.get("tags", ()))
            return pb.RemoveTagsResponse(
                customer=customer_message(tx.scope.company_id, changed.after.shown),
                removed_tags=tags.removed,
                change_token=changed.token.encode(),
            )

        return self._edge.write(context, request, run)
