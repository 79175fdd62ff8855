"""ReviewService."""

from typing import Any

from patronage.matching.v1 import review_service_pb2 as pb
from patronage.matching.v1 import review_service_pb2_grpc as grpc_pb
from services.matching.convert import judgements as convert
from services.matching.operations.create_judgement import create_judgement
from services.matching.operations.list_judgements import list_judgements
from services.matching.operations.retract_judgement import retract_judgement
from services.matching.servicer.review_queue import ReviewQueue
from services.runtime.database import Transaction
from services.runtime.paging import page_size


class ReviewServicer(ReviewQueue, grpc_pb.ReviewServiceServicer):
    """Keeps what people say of customers that may be the same, and puts what waits in front of them."""

    def CreateJudgement(  # noqa: N802
        self, request: pb.CreateJudgementRequest, context: Any
    ) -> pb.CreateJudgementResponse:
        """Judges a pair."""
        judged, token = convert.judged_of(request)
        self._followed.wait(token, context)

        def run(tx: Transaction) -> pb.CreateJudgementResponse:
            return pb.CreateJudgementResponse(judgement=convert.judgement_message(create_judgement(tx, judged)))

        return self._edge.write(context, request, run)

    def ListJudgements(self, request: pb.ListJudgementsRequest, context: Any) -> pb.ListJudgementsResponse:  # noqa: N802
        """Lists what was judged."""
        self._followed.wait(convert.list_asked(request), context)
        size = page_size(request.page_size)

        def run(tx: Transaction) -> pb.ListJudgementsResponse:
            page = list_judgements(tx, request.customer_id, request.include_retracted, size, request.page_token)
            return pb.ListJudgementsResponse(
                judgements=[convert.judgement_message(one) for one in page.judgements],
                next_page_token=page.next_page_token,
            )

        return self._edge.read(context, run)

    def RetractJudgement(  # noqa: N802
        self, request: pb.RetractJudgementRequest, context: Any
    ) -> pb.RetractJudgementResponse:
        """Ends a judgement."""
        convert.retract_asked(request)

        def run(tx: Transaction) -> pb.RetractJudgementResponse:
            ended = retract_judgement(tx, request.judgement_id, request.reason)
            return pb.RetractJudgementResponse(judgement=convert.judgement_message(ended))

        return self._edge.write(context, request, run)
