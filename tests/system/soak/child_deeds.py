"""Steps that write what belongs to a customer: notes, conversations, sales."""

from __future__ import annotations

from google.type.money_pb2 import Money

from patronage.analytics.v1 import sales_service_pb2 as sales_pb
from patronage.customers.v1 import conversation_pb2 as talk_pb
from patronage.customers.v1 import conversation_service_pb2 as talks_pb
from patronage.customers.v1 import note_service_pb2 as notes_pb
from services.runtime.ids import new_id
from tests.system.soak.model import Sold, Talk
from tests.system.soak.side import Done, Side, Step, pick, refusal_of

CURRENCIES = ("KES", "USD")


def note(side: Side, step: Step) -> Done:
    """Written for any id, which keeps it; changed or deleted at times."""
    customer, known = pick(side.model.customers, step.a), pick(list(side.model.notes), step.b)
    if customer is None:
        return Done()
    content, stubs = f"note {step.c} {step.d}", side.company.notes
    if step.c % 5 == 0 and known is not None:
        return _change_note(side, step, known, content)
    asked = notes_pb.CreateNoteRequest(customer_id=customer, note=notes_pb.Note(content=content))
    written = side.ask(stubs.CreateNote, asked, refusal_of(side, customer), step.d)
    if written is not None:
        assert written.note.note_id not in side.model.notes
        side.model.notes[written.note.note_id] = (customer, content)
        side.model.touches[customer] += 1
    return Done([customer])


def _change_note(side: Side, step: Step, note_id: str, content: str) -> Done:
    origin, stubs = side.model.notes[note_id][0], side.company.notes
    refusal = refusal_of(side, origin)
    if step.d % 2:
        asked = notes_pb.UpdateNoteRequest(note_id=note_id, note=notes_pb.Note(content=content))
        if side.ask(stubs.UpdateNote, asked, refusal, step.d):
            side.model.notes[note_id] = (origin, content)
            side.model.touches[origin] += 1
    elif side.ask(stubs.DeleteNote, notes_pb.DeleteNoteRequest(note_id=note_id), refusal, step.d):
        del side.model.notes[note_id]
        side.model.touches[origin] += 1
    return Done([origin])


def _turn(step: Step, place: int) -> talk_pb.Interaction:
    said, answered = "x" * (1 + (step.c + place) % 9), "y" * (step.d % 5)
    return talk_pb.Interaction(user_input=said, ai_response=answered)


def _length(turn: talk_pb.Interaction) -> int:
    return len(turn.user_input) + len(turn.ai_response)


def talk(side: Side, step: Step) -> Done:
    """A session is recorded, with a customer or without one; what is recorded goes on."""
    known = pick(list(side.model.talks), step.b)
    turns = [_turn(step, place) for place in range(1 + step.c % 3)]
    if step.c % 3 == 0 and known is not None:
        adding = talks_pb.AppendToConversationRequest(conversation_id=known, interactions=turns)
        assert side.ask(side.company.talks.AppendToConversation, adding, again=step.d)
        side.model.talks[known].turns += [_length(turn) for turn in turns]
        return _moved(side, side.model.talks[known].origin)
    customer = pick(side.model.customers, step.a) if step.b % 3 else None
    recorded = talk_pb.Conversation(session_id=new_id(), interactions=turns)
    asked = talks_pb.RecordConversationRequest(conversation=recorded, customer_id=customer or "")
    refusal = refusal_of(side, customer) if customer else ""
    answer = side.ask(side.company.talks.RecordConversation, asked, refusal, step.d)
    if answer is not None:
        lengths = [_length(turn) for turn in turns]
        made = Talk(recorded.session_id, customer, lengths)
        side.model.talks[answer.conversation.conversation_id] = made
    return _moved(side, customer)


def link(side: Side, step: Step) -> Done:
    """A conversation gets another customer, or none."""
    known, customer = pick(list(side.model.talks), step.a), pick(side.model.customers, step.b)
    if known is None or customer is None:
        return Done()
    there, stubs = side.model.talks[known], side.company.talks
    before = there.origin
    if step.c % 3:
        linking = talks_pb.LinkConversationRequest(conversation_id=known, customer_id=customer)
        if side.ask(stubs.LinkConversation, linking, refusal_of(side, customer), step.d):
            there.origin = customer
    elif step.c % 2:
        if side.ask(stubs.UnlinkConversation, talks_pb.UnlinkConversationRequest(conversation_id=known), again=step.d):
            there.origin = None
    elif side.ask(stubs.DeleteConversation, talks_pb.DeleteConversationRequest(conversation_id=known), again=step.d):
        del side.model.talks[known]
    return _moved(side, before, there.origin)


def _moved(side: Side, *origins: str | None) -> Done:
    touched = [one for one in origins if one is not None]
    side.model.touches.update(touched)
    return Done(touched)


def sell(side: Side, step: Step) -> Done:
    """A sale to any id, whatever became of the customer; the same once more changes nothing."""
    customer, known = pick(side.model.customers, step.a), pick(list(side.model.sales), step.b)
    if step.c % 4 == 0 and known is not None:
        return _take_back(side, step, known)
    if customer is None:
        return Done()
    minor, currency = 100 * (1 + step.c), CURRENCIES[step.d % 2]
    sale = sales_pb.Sale(sale_id=new_id(), total_amount=Money(currency_code=currency, units=minor // 100))
    asked = sales_pb.RecordSaleRequest(customer_id=customer, sale=sale, at_least_as_fresh=side.fresh)
    answer = side.ask(side.company.sales.RecordSale, asked, again=step.d)
    assert answer is not None
    assert answer.recorded
    side.model.sales[sale.sale_id] = Sold(customer, currency, minor, minor)
    return Done([customer])


def _take_back(side: Side, step: Step, sale_id: str) -> Done:
    sold, stubs = side.model.sales[sale_id], side.company.sales
    if step.d % 2:
        assert side.ask(stubs.VoidSale, sales_pb.VoidSaleRequest(sale_id=sale_id), again=step.d)
        sold.void = True
    elif sold.left:
        units = 1 + step.b % (sold.left // 100)
        refund = sales_pb.Refund(refund_id=new_id(), amount=Money(currency_code=sold.currency, units=units))
        asked = sales_pb.RefundSaleRequest(sale_id=sale_id, refund=refund)
        if side.ask(stubs.RefundSale, asked, "SALE_VOIDED" if sold.void else "", step.d):
            sold.left -= units * 100
    return Done([sold.origin])
