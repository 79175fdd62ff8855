"""What the feed tells is applied once, in the order of revisions, whatever order it comes in."""

import pytest

from services.analytics.domain.failures import CustomerNotFound
from services.analytics.operations.sweep import sweep
from services.runtime.database import Database, TenantScope
from services.runtime.ids import new_id
from tests.integration.analytics.shop import Shop, kes, sale


def root(shop: Shop, customer_id: str) -> str:
    return shop.metrics(customer_id).figures.customer_id


def sweep_all(shop: Shop) -> None:
    with shop.database.transaction(TenantScope("")) as tx:
        sweep(tx, shop.epoch, shop.generation)


def test_an_older_revision_is_not_applied(shop: Shop) -> None:
    amina = shop.customer("Amina")
    shop.tell(shop.change(amina, name="Amina Otieno", revision=7))
    shop.tell(shop.change(amina, name="Amina", revision=6))
    assert shop.metrics(amina).figures.name == "Amina Otieno"


def test_the_newest_of_one_batch_is_applied_whatever_comes_last(shop: Shop) -> None:
    amina = new_id()
    shop.tell(shop.change(amina, name="new", revision=3), shop.change(amina, name="old", revision=2))
    assert shop.metrics(amina).figures.name == "new"


def test_another_epoch_is_newer_even_with_a_lower_revision(shop: Shop) -> None:
    amina = shop.customer()
    shop.tell(shop.change(amina, name="before the restore", revision=90))
    shop.epoch = "e2"
    shop.tell(shop.change(amina, name="after the restore", revision=2))
    assert shop.metrics(amina).figures.name == "after the restore"


def test_a_source_may_come_before_its_target(shop: Shop) -> None:
    amina, brian = shop.customer(), new_id()
    shop.sell(sale(amina))
    shop.tell(shop.change(amina, into=brian))
    with pytest.raises(CustomerNotFound):
        shop.metrics(amina)
    shop.tell(shop.change(brian, name="Brian"))
    assert (root(shop, amina), shop.metrics(brian).figures.purchases) == (brian, 1)
    assert shop.drift() == []


def test_a_chain_of_merges_sums_to_its_end_and_comes_apart_in_any_order(shop: Shop) -> None:
    a, b, c, d = (shop.customer() for _ in range(4))
    for customer in (a, b, c, d):
        shop.sell(sale(customer))
    shop.merge(a, b)
    shop.merge(b, c)
    shop.merge(c, d)
    assert {root(shop, one) for one in (a, b, c, d)} == {d}
    assert shop.metrics(a).figures.totals == (kes(4, 4000),)
    shop.undo(b, c)
    assert (root(shop, a), root(shop, b), root(shop, c)) == (b, b, d)
    assert (shop.metrics(b).figures.purchases, shop.metrics(d).figures.purchases) == (2, 2)
    shop.undo(c, d)
    shop.undo(a, b)
    assert [root(shop, one) for one in (a, b, c, d)] == [a, b, c, d]
    assert shop.drift() == []


def test_a_member_whose_link_is_told_anew_at_each_merge_ends_under_the_same_root(shop: Shop) -> None:
    a, b, c = (shop.customer() for _ in range(3))
    shop.sell(sale(a))
    shop.tell(shop.change(a, into=b), shop.change(b))
    shop.tell(shop.change(a, into=c), shop.change(b, into=c), shop.change(c))
    assert (root(shop, a), root(shop, b)) == (c, c)
    shop.tell(shop.change(a, into=b), shop.change(b), shop.change(c))
    assert (root(shop, a), shop.metrics(b).figures.purchases) == (b, 1)
    assert shop.drift() == []


def test_a_circle_of_links_between_batches_is_survived(shop: Shop) -> None:
    a, b = shop.customer(), shop.customer()
    shop.sell(sale(a))
    shop.tell(shop.change(a, into=b))
    shop.tell(shop.change(b, into=a))
    assert shop.drift() == []
    shop.tell(shop.change(a))
    assert root(shop, b) == a
    assert shop.drift() == []


def test_a_merge_told_twice_counts_once(shop: Shop) -> None:
    a, b = shop.customer(), shop.customer()
    shop.sell(sale(a))
    merge = (shop.change(a, into=b), shop.change(b))
    shop.tell(*merge)
    shop.tell(*merge)
    assert shop.metrics(b).figures.purchases == 1
    assert shop.drift() == []


def test_what_a_pass_did_not_show_is_gone_and_its_sales_stay(shop: Shop) -> None:
    amina, brian = shop.customer(), shop.customer()
    shop.sell(sale(amina, minor=700))
    shop.generation = 2
    shop.tell(shop.change(brian, revision=1))  # seen again, though it is not newer
    sweep_all(shop)
    with pytest.raises(CustomerNotFound):
        shop.metrics(amina)
    summary = shop.summary()
    assert (summary.customers, summary.revenue) == (1, (kes(1, 700),))
    assert shop.drift() == []


def test_a_gone_source_leaves_its_tree_and_comes_back_with_its_sales(shop: Shop) -> None:
    amina, brian = shop.customer(), shop.customer()
    shop.sell(sale(amina))
    shop.merge(amina, brian)
    shop.generation = 2
    shop.tell(shop.change(brian))
    sweep_all(shop)
    assert shop.metrics(brian).figures.purchases == 0
    shop.tell(shop.change(amina))
    assert shop.metrics(amina).figures.purchases == 1
    assert shop.drift() == []


def test_a_sweep_reaches_every_company_that_has_something_left(shop: Shop, database: Database) -> None:
    other = Shop(database, "other")
    ours, theirs = shop.customer(), other.customer()
    shop.generation = 2
    sweep_all(shop)
    for one, customer_id in ((shop, ours), (other, theirs)):
        with pytest.raises(CustomerNotFound):
            one.metrics(customer_id)


def test_a_change_of_name_alone_leaves_the_figures_untouched(shop: Shop) -> None:
    amina = shop.customer()
    shop.sell(sale(amina))
    before = _version(shop, amina)
    shop.tell(shop.change(amina, name="Amina Otieno"))
    assert _version(shop, amina) == before


def _version(shop: Shop, customer_id: str) -> object:
    with shop.database.transaction(shop.scope) as tx:
        return tx.value("SELECT xmin::text FROM root_figures WHERE root_id = %s::uuid", (customer_id,))
