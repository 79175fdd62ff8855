"""Which scope each RPC of this service asks for."""

from services.runtime.access import Access, AccessTable

_SALES = "/patronage.analytics.v1.SalesService"
_METRICS = "/patronage.analytics.v1.MetricsService"

_OVERVIEW = "/patronage.analytics.v1.OverviewService"

ACCESS: AccessTable = {
    f"{_OVERVIEW}/GetCustomerOverview": Access("analytics:read"),
    f"{_OVERVIEW}/ExportMetrics": Access("analytics:read"),
    f"{_SALES}/RecordSale": Access("analytics:write"),
    f"{_SALES}/BatchRecordSales": Access("analytics:write"),
    f"{_SALES}/ImportSales": Access("analytics:write"),
    f"{_SALES}/RefundSale": Access("analytics:write"),
    f"{_SALES}/VoidSale": Access("analytics:write"),
    f"{_SALES}/DiscardParkedSale": Access("analytics:write"),
    f"{_SALES}/ListParkedSales": Access("analytics:read"),
    f"{_SALES}/ListSales": Access("analytics:read"),
    f"{_METRICS}/GetCustomerMetrics": Access("analytics:read"),
    f"{_METRICS}/BatchGetCustomerMetrics": Access("analytics:read"),
    f"{_METRICS}/ListCustomerMetrics": Access("analytics:read"),
    f"{_METRICS}/GetPurchaseTrend": Access("analytics:read"),
    f"{_METRICS}/GetCohorts": Access("analytics:read"),
    f"{_METRICS}/GetLifecycleAnalytics": Access("analytics:read"),
    f"{_METRICS}/GetRfmSegments": Access("analytics:read"),
    f"{_METRICS}/GetLoyaltyPolicy": Access("analytics:read"),
    f"{_METRICS}/SetLoyaltyPolicy": Access("analytics:admin"),
    f"{_METRICS}/VerifyMetrics": Access("analytics:admin"),
    f"{_METRICS}/ListRepeatCustomers": Access("analytics:read"),
    f"{_METRICS}/GetCompanySummary": Access("analytics:read"),
}
