"""Which scope each RPC of this service asks for."""

from services.runtime.access import Access, AccessTable

_SALES = "/patronage.analytics.v1.SalesService"
_METRICS = "/patronage.analytics.v1.MetricsService"

ACCESS: AccessTable = {
    f"{_SALES}/RecordSale": Access("analytics:write"),
    f"{_SALES}/BatchRecordSales": Access("analytics:write"),
    f"{_SALES}/ImportSales": Access("analytics:write"),
    f"{_SALES}/RefundSale": Access("analytics:write"),
    f"{_SALES}/VoidSale": Access("analytics:write"),
    f"{_SALES}/DiscardParkedSale": Access("analytics:write"),
    f"{_SALES}/ListParkedSales": Access("analytics:read"),
    f"{_SALES}/ListSales": Access("analytics:read"),
    f"{_METRICS}/GetCustomerMetrics": Access("analytics:read"),
    f"{_METRICS}/ListRepeatCustomers": Access("analytics:read"),
    f"{_METRICS}/GetCompanySummary": Access("analytics:read"),
}
