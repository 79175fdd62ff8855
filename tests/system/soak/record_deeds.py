"""Steps that write the record of a customer: created, edited, tagged, asked for consent, put away and brought back."""

from __future__ import annotations

from patronage.customers.v1 import customer_pb2 as model_pb
from patronage.customers.v1 import customer_service_pb2 as pb
from patronage.customers.v1 import import_export_service_pb2 as import_pb
from patronage.customers.v1 import preferences_pb2, states_pb2, tags_pb2
from tests.system.soak.side import Done, Side, Step, pick, refusal_of

MOST_CUSTOMERS = 9
NAMES = ("Ana Lopez", "Ana Maria Lopez", "Bo Lee", "Cy Young", "Dee Dee Ray", "")
TAGS = ("vip", "late", "new", "web")
PATHS = ("name", "organization", "email", "phone", "birth_date", "lifecycle_stage", "tags", "metadata")


def draft(step: Step) -> model_pb.Customer:
    """A customer whose parts come again and again, so that trees share them."""
    made = model_pb.Customer(
        name=NAMES[step.b % 5],
        organization=f"House {step.c % 3}" if step.c % 2 else "",
        email=f"p{step.b % 6}@example.com" if step.b % 4 else "",
        phone=f"+1 202 555 {step.c % 7:04}" if step.c % 3 else "",
        tags=[TAGS[step.b % 4]] if step.d % 2 else [],
        lifecycle_stage=1 + step.d % 4,  # type: ignore[arg-type]
    )
    if step.d % 3 == 0:
        made.birth_date.year, made.birth_date.month, made.birth_date.day = 1980 + step.b % 9, 1 + step.c % 12, 3
    if step.d % 5 == 0:
        made.metadata.update({"number": step.d})
    return made


def create(side: Side, step: Step) -> Done:
    """A new customer, whoever has its e-mail already."""
    if len(side.model.customers) >= MOST_CUSTOMERS:
        return edit(side, step)
    asked = pb.CreateCustomerRequest(customer=draft(step), on_duplicate=pb.DUPLICATE_ACTION_ALLOW)
    made = side.ask(side.company.customers.CreateCustomer, asked, again=step.d)
    assert made is not None
    customer = made.customer.customer_id
    side.model.add(customer, asked.customer.name)
    return Done([customer], [customer])


def import_row(side: Side, step: Step) -> Done:
    """A row of another system: a new customer, or more of the one whose row it is, merged or not."""
    side.model.edits += 1
    number, known = side.model.edits, pick(list(side.model.imported), step.a)
    row = import_pb.ImportRow(row_number=1, id=f"row {number}")
    row.customer.CopyFrom(model_pb.Customer(email=f"row{number}@example.com", organization=f"Works {number}"))
    if known is not None and (step.c % 3 or len(side.model.customers) >= MOST_CUSTOMERS):
        row.id = known
    elif len(side.model.customers) < MOST_CUSTOMERS:
        row.customer.name = f"Imported {number}"
    else:
        return Done()
    options = import_pb.ImportOptions(source="till", on_duplicate=pb.DUPLICATE_ACTION_ALLOW)
    rows = import_pb.ImportRows(rows=[row])
    asked = [import_pb.ImportCustomersRequest(options=options), import_pb.ImportCustomersRequest(rows=rows)]
    [answer] = side.company.imports.ImportCustomers(iter(asked))
    side.fresh = answer.change_token or side.fresh
    [outcome] = answer.outcomes
    if row.id in side.model.imported:
        assert outcome.result != import_pb.IMPORT_RESULT_CREATED
        return Done([side.model.imported[row.id]], [side.model.imported[row.id]])
    assert outcome.result == import_pb.IMPORT_RESULT_CREATED, outcome
    side.model.add(outcome.customer_id, row.customer.name)
    side.model.imported[row.id] = outcome.customer_id
    return Done([outcome.customer_id], [outcome.customer_id])


def edit(side: Side, step: Step) -> Done:
    """Fields of a customer by any id of its tree; what is written is shown at once."""
    customer = pick(side.model.customers, step.a)
    if customer is None:
        return Done()
    paths = sorted({PATHS[step.b % 8], PATHS[step.c % 8]} | ({"name"} if step.d % 3 == 0 else set()))
    side.model.edits += 1
    wanted, number = draft(step), side.model.edits
    wanted.email, wanted.phone = f"edited{number}@example.com", f"+1 303 555 {number % 10_000:04}"
    if "name" in paths:
        wanted.name = f"Edited {number}"
    asked = pb.UpdateCustomerRequest(customer_id=customer, customer=wanted)
    asked.update_mask.paths.extend(paths)
    answer = side.ask(side.company.customers.UpdateCustomer, asked, refusal_of(side, customer), step.d)
    if answer is not None:
        if "name" in paths:
            side.model.named[side.model.root(customer)] = wanted.name
        for path in {"name", "organization", "lifecycle_stage"} & set(paths):
            assert getattr(answer.customer, path) == getattr(wanted, path), path
        if "tags" in paths:
            assert sorted(answer.customer.tags) == sorted(wanted.tags)
    return Done([customer], [side.model.root(customer)])


def tag(side: Side, step: Step) -> Done:
    """Tags that come and go."""
    customer = pick(side.model.customers, step.a)
    if customer is None:
        return Done()
    tags, refusal = [TAGS[step.b % 4], TAGS[step.c % 4]], refusal_of(side, customer)
    if step.d % 2:
        adding = tags_pb2.AddTagsRequest(customer_id=customer, tags=tags)
        added = side.ask(side.company.customers.AddTags, adding, refusal, step.d)
        assert added is None or set(tags) <= set(added.customer.tags)
    else:
        removing = tags_pb2.RemoveTagsRequest(customer_id=customer, tags=tags)
        removed = side.ask(side.company.customers.RemoveTags, removing, refusal, step.d)
        assert removed is None or not set(tags) & set(removed.customer.tags)
    return Done([customer], [side.model.root(customer)])


def consent(side: Side, step: Step) -> Done:
    """An answer to whether one may be contacted: a no goes to the whole tree, a yes to its root."""
    customer = pick(side.model.customers, step.a)
    if customer is None:
        return Done()
    root, barred = side.model.root(customer), bool(step.b % 3)
    asked = preferences_pb2.UpdatePreferencesRequest(customer_id=customer)
    asked.preferences.do_not_contact = barred
    answer = side.ask(side.company.customers.UpdatePreferences, asked, refusal_of(side, customer), step.d)
    tree = side.model.below(root)
    if answer is not None:
        assert answer.preferences.do_not_contact == barred
        if barred:
            side.model.opted_out.update(tree)
            side.model.opted_in.difference_update(tree)
        else:
            side.model.opted_in.add(root)
    return Done([customer], tree)


def put_away(side: Side, step: Step) -> Done:
    """Out of use, into use, deleted and brought back; each for the whole tree."""
    customer = pick(side.model.customers, step.a)
    if customer is None:
        return Done()
    root, stubs = side.model.root(customer), side.company.customers
    state = side.model.states[root]
    if step.b % 4 == 0:
        deactivating = states_pb2.DeactivateCustomerRequest(customer_id=customer)
        if side.ask(stubs.DeactivateCustomer, deactivating, refusal_of(side, customer), step.d):
            side.model.states[root] = "INACTIVE"
    elif step.b % 4 == 1:
        reactivating = states_pb2.ReactivateCustomerRequest(customer_id=customer)
        if side.ask(stubs.ReactivateCustomer, reactivating, refusal_of(side, customer), step.d):
            side.model.states[root] = "ACTIVE"
    elif step.b % 4 == 2 and state != "DELETED":
        if side.ask(stubs.DeleteCustomer, pb.DeleteCustomerRequest(customer_id=customer), again=step.d):
            side.model.live_state[root], side.model.states[root] = state, "DELETED"
    elif state == "DELETED":
        back = states_pb2.UndeleteCustomerRequest(customer_id=customer, allow_duplicates=True)
        if side.ask(stubs.UndeleteCustomer, back, again=step.d):
            side.model.states[root] = side.model.live_state[root]
    return Done([customer], [root])
