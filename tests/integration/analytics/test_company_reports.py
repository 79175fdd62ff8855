"""What is told of a whole company over time equals a plain count, also through merges, undos and time zones."""

import random
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from statistics import median_low
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.analytics.domain.company_reports import Cohort, LifecycleFigures, Segment, segment_of
from services.analytics.domain.mirror import CustomerState, Stage
from services.analytics.domain.questions import Interval, MetricsOrder, Period, Who
from services.analytics.domain.sales import NewSale
from services.analytics.operations.company_reports import (
    get_cohorts,
    get_lifecycle_analytics,
    get_purchase_trend,
    get_rfm_segments,
)
from services.runtime.database import Database
from services.runtime.failures import FieldsInvalid
from services.runtime.ids import new_id
from tests.integration.analytics.shop import NOON, Shop, sale

ZONE = "Asia/Kathmandu"  # begins its days at a quarter past an hour of UTC
DAY = timedelta(days=1)
NEVER = datetime(1, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def busy(kept_database: Database) -> tuple[Shop, list[NewSale]]:
    """The company of `fill`, to be read alone."""
    shop = Shop(kept_database, "acme")
    return shop, fill(shop)


def fill(shop: Shop) -> list[NewSale]:
    """30 customers, some merged, with 300 sales at random minutes of two years."""
    chance = random.Random(5)
    shop.settings(ZONE)
    customers = [new_id() for _ in range(30)]
    shop.tell(*map(shop.change, customers))
    sales = []
    for number in range(300):
        minutes = timedelta(minutes=chance.randrange(2 * 365 * 24 * 60))
        one = sale(chance.choice(customers), f"s-{number}", minor=chance.randrange(1, 10_000))
        sales.append(replace(one, sale_time=NOON - minutes))
    shop.sell_many(*sales)
    for source, target in [(0, 1), (1, 2), (5, 6)]:
        shop.merge(customers[source], customers[target])
    return sales


def root_of(shop: Shop, customer_id: str) -> str:
    while customer_id in shop.links:
        customer_id = shop.links[customer_id]
    return customer_id


def day_of(one: NewSale) -> date:
    assert one.sale_time is not None
    return one.sale_time.astimezone(ZoneInfo(ZONE)).date()


def within(one: NewSale, begin: datetime, end: datetime) -> bool:
    return one.sale_time is not None and begin <= one.sale_time < end


@pytest.mark.parametrize(("from_days", "to_days"), [(700, 1), (90, 30), (30.01, 30), (1000, 900), (30.0001, 30.00005)])
def test_a_summary_of_an_interval_counts_its_sales(
    busy: tuple[Shop, list[NewSale]], from_days: float, to_days: float
) -> None:
    shop, sales = busy
    begin, end = NOON - from_days * DAY, NOON - to_days * DAY
    summary = shop.summary(begin, end)
    found = [one for one in sales if within(one, begin, end)]
    buyers = Counter(root_of(shop, one.customer_id) for one in found)
    assert sum(one.total.minor for one in summary.revenue) == sum(one.total.minor for one in found)
    assert sum(one.purchases for one in summary.revenue) == len(found)
    assert (summary.buying, summary.repeat) == (len(buyers), sum(count > 1 for count in buyers.values()))


def test_a_summary_of_an_interval_leaves_out_deleted_buyers_and_keeps_their_revenue(shop: Shop) -> None:
    amina = shop.customer()
    shop.sell(sale(amina))
    shop.tell(shop.change(amina, state=CustomerState.DELETED))
    summary = shop.summary(NOON - DAY, NOON + DAY)
    assert (summary.buying, summary.revenue[0].purchases) == (0, 1)


@pytest.mark.parametrize(
    ("period", "begin_of"),
    [
        (Period.DAY, lambda day: day),
        (Period.WEEK, lambda day: day - timedelta(days=day.weekday())),
        (Period.MONTH, lambda day: day.replace(day=1)),
        (Period.YEAR, lambda day: day.replace(month=1, day=1)),
    ],
)
def test_a_trend_has_the_periods_of_the_companys_time_zone(
    busy: tuple[Shop, list[NewSale]], period: Period, begin_of: object
) -> None:
    shop, sales = busy
    begin, end = NOON - 400 * DAY, NOON - 3 * DAY
    points, zone = shop.ask(lambda tx: get_purchase_trend(tx, Interval(begin, end), period))
    counted: dict[date, list[int]] = defaultdict(list)
    for one in sales:
        if within(one, begin, end):
            counted[begin_of(day_of(one))].append(one.total.minor)  # type: ignore[operator]
    assert zone == ZONE
    assert [(point.begin, point.sales, point.revenue.minor) for point in points] == [
        (first, len(minors), sum(minors)) for first, minors in sorted(counted.items())
    ]


def test_a_trend_of_too_many_points_is_refused(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.analytics.operations.company_reports.MOST_POINTS", 1)
    amina = shop.customer()
    shop.sell_many(sale(amina), sale(amina, days_ago=9))
    with pytest.raises(FieldsInvalid):
        shop.ask(lambda tx: get_purchase_trend(tx, Interval(), Period.DAY))


def counted_cohorts(shop: Shop, sales: list[NewSale]) -> dict[date, dict[date, tuple[int, int]]]:
    months: dict[str, Counter[date]] = defaultdict(Counter)
    for one in sales:
        months[root_of(shop, one.customer_id)][day_of(one).replace(day=1)] += 1
    cohorts: dict[date, dict[date, tuple[int, int]]] = defaultdict(lambda: defaultdict(lambda: (0, 0)))
    for its in months.values():
        for month, purchases in its.items():
            customers, before = cohorts[min(its)][month]
            cohorts[min(its)][month] = customers + 1, before + purchases
    return {cohort: dict(cells) for cohort, cells in cohorts.items()}


def told(cohorts: list[Cohort]) -> dict[date, dict[date, tuple[int, int]]]:
    return {one.month: {cell.month: (cell.customers, cell.purchases) for cell in one.cells} for one in cohorts}


def test_cohorts_equal_a_plain_count_before_and_after_an_undo(shop: Shop) -> None:
    sales = fill(shop)
    assert told(shop.ask(lambda tx: get_cohorts(tx, None, None))[0]) == counted_cohorts(shop, sales)
    source, target = next(iter(shop.links.items()))
    shop.undo(source, target)
    cohorts, zone = shop.ask(lambda tx: get_cohorts(tx, None, None))
    assert (told(cohorts), zone) == (counted_cohorts(shop, sales), ZONE)
    first = cohorts[1].month
    assert [one.month for one in shop.ask(lambda tx: get_cohorts(tx, first, first))[0]] == [first]
    assert {cell.months_after for cell in cohorts[0].cells} >= {0}


def test_a_cohort_moves_with_a_backdated_sale_and_back_when_it_is_void(shop: Shop) -> None:
    amina = shop.customer()
    shop.sell(sale(amina, "s-1"))
    shop.sell(sale(amina, "s-2", days_ago=200))
    months = [one.month for one in shop.ask(lambda tx: get_cohorts(tx, None, None))[0]]
    assert months == [date(2025, 8, 1)]
    shop.void("s-2")
    assert [one.month for one in shop.ask(lambda tx: get_cohorts(tx, None, None))[0]] == [date(2026, 3, 1)]
    assert shop.drift() == []


def moved(shop: Shop, customer_id: str, *moves: tuple[Stage, float], **more: Any) -> None:
    """Tells of the stages of a customer, each entered so many days ago."""
    for stage, days_ago in moves:
        change = shop.change(customer_id)
        shop.tell(replace(change, stage=stage, staged_at=NOON - days_ago * DAY, **more))


def stages(
    shop: Shop, begin: float | None = None, end: float | None = None, who: Who | None = None
) -> LifecycleFigures:
    bounds = Interval(*(None if days is None else NOON - days * DAY for days in (begin, end)))
    return shop.ask(lambda tx: get_lifecycle_analytics(tx, bounds, who or Who(), NOON))


def test_stages_count_who_is_in_them_and_how_long_those_stayed_who_left(shop: Shop) -> None:
    as_prospects = []
    for days in (10.0, 4.0, 2.0, 30.0):
        moved(shop, new_id(), (Stage.PROSPECT, 40), (Stage.LEAD, days), (Stage.CUSTOMER, days - 1.5))
        as_prospects.append(40 - days)
    figures = stages(shop, 50)
    assert [(one.stage, one.customers, one.stays_ended) for one in figures.stages] == [
        (Stage.PROSPECT, 0, 4),
        (Stage.LEAD, 0, 4),
        (Stage.CUSTOMER, 4, 0),
        (Stage.CHURNED, 0, 0),
    ]
    assert figures.stages[0].average_s == sum(as_prospects) / 4 * DAY.total_seconds()
    assert [(one.from_stage, one.to_stage, one.moves, one.median_s) for one in figures.conversions] == [
        (Stage.LEAD, Stage.CUSTOMER, 4, 1.5 * DAY.total_seconds()),
        (Stage.PROSPECT, Stage.LEAD, 4, median_low(as_prospects) * DAY.total_seconds()),
    ]
    earlier = stages(shop, 50, 5)
    assert {one.stage: one.customers for one in earlier.stages} == {
        Stage.PROSPECT: 2,
        Stage.LEAD: 0,
        Stage.CUSTOMER: 2,
        Stage.CHURNED: 0,
    }
    assert earlier.stages[0].average_open_s == 35 * DAY.total_seconds()


def test_all_moves_of_one_batch_count_and_not_only_the_last(shop: Shop) -> None:
    amina = shop.customer()
    changes = []
    for stage, days in [(Stage.LEAD, 3), (Stage.CUSTOMER, 2), (Stage.CHURNED, 1)]:
        change = shop.change(amina)
        changes.append(replace(change, stage=stage, staged_at=NOON - days * DAY))
    shop.tell(*reversed(changes))
    assert {(one.from_stage, one.to_stage) for one in stages(shop).conversions} == {
        (Stage.PROSPECT, Stage.LEAD),
        (Stage.LEAD, Stage.CUSTOMER),
        (Stage.CUSTOMER, Stage.CHURNED),
    }


def test_a_merge_moves_nobody_and_hides_the_stays_of_its_source_until_the_undo(shop: Shop) -> None:
    amina, brian = shop.customer(), shop.customer()
    moved(shop, amina, (Stage.LEAD, 5))
    moved(shop, brian, (Stage.CUSTOMER, 3))
    before = stages(shop)
    shop.links[amina] = brian
    moved(shop, amina, (Stage.LEAD, 5), by_merge=True)
    moved(shop, brian, (Stage.LEAD, 5), by_merge=True)
    assert [(one.to_stage, one.moves) for one in stages(shop).conversions] == [(Stage.CUSTOMER, 1)]
    del shop.links[amina]
    moved(shop, amina, (Stage.LEAD, 5), by_merge=True)
    moved(shop, brian, (Stage.CUSTOMER, 3), by_merge=True)
    assert stages(shop) == before


def counts(shop: Shop, end: float | None = None) -> dict[str, int]:
    return {one.stage.value: one.customers for one in stages(shop, end=end).stages if one.customers}


def test_who_is_in_a_stage_is_counted_by_what_merged_customers_show(shop: Shop) -> None:
    amina, brian, cy = shop.customer(), shop.customer(), shop.customer()
    for customer, stage in ((amina, Stage.CUSTOMER), (brian, Stage.LEAD), (cy, Stage.LEAD)):
        moved(shop, customer, (stage, 5))
    before = stages(shop)
    assert counts(shop) == {"CUSTOMER": 1, "LEAD": 2}
    shop.links[amina] = brian
    moved(shop, brian, (Stage.CUSTOMER, 5), by_merge=True)
    moved(shop, amina, (Stage.CUSTOMER, 5), by_merge=True)
    moved(shop, brian, (Stage.CUSTOMER, 5))
    assert counts(shop) == {"CUSTOMER": 1, "LEAD": 1}
    assert {one.to_stage for one in stages(shop).conversions} == {Stage.LEAD}
    assert counts(shop, end=6) == {"PROSPECT": 2}
    del shop.links[amina]
    for customer, stage in ((brian, Stage.LEAD), (amina, Stage.CUSTOMER)):
        moved(shop, customer, (stage, 5), by_merge=True)
    assert stages(shop) == before


def test_a_move_of_a_merged_customer_ends_the_stay_it_was_moved_to(shop: Shop) -> None:
    amina, brian = shop.customer(), shop.customer()
    moved(shop, brian, (Stage.LEAD, 5))
    shop.links[amina] = brian
    merged = replace(shop.change(brian), stage=Stage.CUSTOMER, staged_at=NOON - 9 * DAY, by_merge=True)
    edited = replace(merged, revision=shop.change(brian).revision, by_merge=False)
    shop.tell(merged, edited)
    assert counts(shop) == {"CUSTOMER": 1, "PROSPECT": 1}
    moved(shop, brian, (Stage.CHURNED, 1))
    assert counts(shop) == {"CHURNED": 1, "PROSPECT": 1}
    assert (Stage.LEAD, Stage.CHURNED) in {(one.from_stage, one.to_stage) for one in stages(shop).conversions}


def test_stages_can_be_asked_of_a_source_or_a_tag(shop: Shop) -> None:
    moved(shop, shop.customer(), (Stage.LEAD, 5), source="CHAT", tags=("gold", "new"))
    moved(shop, shop.customer(), (Stage.LEAD, 5), source="IMPORT", tags=("gold",))
    for who, expected in [(Who("CHAT"), 1), (Who(tag="gold"), 2), (Who("CHAT", "gold"), 1), (Who(tag="silver"), 0)]:
        assert stages(shop, who=who).stages[1].customers == expected


def test_segments_count_every_buyer_of_the_currency_once(busy: tuple[Shop, list[NewSale]]) -> None:
    shop, sales = busy
    figures = shop.ask(lambda tx: get_rfm_segments(tx, "KES"))
    roots = {root_of(shop, one.customer_id) for one in sales}
    assert sum(one.customers for one in figures.segments) == len(roots)
    assert sum(one.total_minor for one in figures.segments) == sum(one.total.minor for one in sales)
    assert figures.cut_points is not None
    assert list(figures.cut_points.recency) == sorted(figures.cut_points.recency)
    assert shop.ask(lambda tx: get_rfm_segments(tx, "JPY")).segments == ()


def test_equal_customers_are_in_one_segment_and_the_best_are_champions(shop: Shop) -> None:
    good, others = shop.customer(), [shop.customer() for _ in range(9)]
    shop.sell_many(*(sale(other, days_ago=300) for other in others))
    shop.sell_many(*(sale(good, minor=9_000) for _ in range(12)))
    figures = shop.ask(lambda tx: get_rfm_segments(tx, "KES"))
    assert {one.segment: one.customers for one in figures.segments} == {Segment.CHAMPIONS: 1, Segment.LOST: 9}


def test_every_three_scores_have_a_segment() -> None:
    found = {segment_of(r, f, m) for r in range(1, 6) for f in range(1, 6) for m in range(1, 6)}
    assert found == set(Segment)


@pytest.mark.parametrize("order", list(MetricsOrder))
def test_customers_who_bought_are_listed_in_each_order_without_gap_or_repeat(
    busy: tuple[Shop, list[NewSale]], order: MetricsOrder
) -> None:
    shop, sales = busy
    listed, token = [], ""
    while True:
        page = shop.most(order, "KES" if order is MetricsOrder.MOST_SPENT else "", page_size=7, page_token=token)
        listed += page.customers
        token = page.next_page_token
        if not token:
            break
    assert {one.figures.customer_id for one in listed} == {root_of(shop, one.customer_id) for one in sales}
    orders: dict[MetricsOrder, list[Any]] = {
        MetricsOrder.MOST_PURCHASES: [one.figures.purchases for one in listed],
        MetricsOrder.MOST_SPENT: [one.figures.totals[0].total.minor for one in listed],
        MetricsOrder.LAST_PURCHASE: [
            one.figures.last_purchase_time or datetime.min.replace(tzinfo=UTC) for one in listed
        ],
    }
    assert orders[order] == sorted(orders[order], reverse=True)
