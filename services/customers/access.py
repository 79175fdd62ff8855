"""Which scope each method of the customers service asks for."""

from __future__ import annotations

from services.runtime.access import Access, AccessTable

_V1 = "/patronage.customers.v1."

# own: a token with customers:write:own may call the method; what it changes goes through operations/guard.py.
ACCESS: AccessTable = {
    f"{_V1}CustomerService/CreateCustomer": Access("customers:write", own=True),
    f"{_V1}CustomerService/GetCustomer": Access("customers:read"),
    f"{_V1}CustomerService/BatchGetCustomers": Access("customers:read"),
    f"{_V1}CustomerService/ListCustomers": Access("customers:read"),
    f"{_V1}CustomerService/UpdateCustomer": Access("customers:write", own=True),
    f"{_V1}CustomerService/DeleteCustomer": Access("customers:delete"),
    f"{_V1}NoteService/CreateNote": Access("customers:write", own=True),
    f"{_V1}NoteService/ListNotes": Access("customers:read"),
    f"{_V1}CompanyService/GetCompany": Access("customers:read"),
    f"{_V1}CompanyService/UpdateCompanySettings": Access("settings:write"),
    f"{_V1}CompanyService/WhoAmI": Access("customers:read"),
    f"{_V1}ImportExportService/ImportCustomers": Access("customers:write", own=True),
    f"{_V1}ChangeFeedService/FollowChanges": Access("feed:read", all_companies=True),
    f"{_V1}MergeStorageService/DescribeMerge": Access("merge:apply"),
    f"{_V1}MergeStorageService/ApplyMerge": Access("merge:apply"),
    f"{_V1}MergeStorageService/RevertMerge": Access("merge:apply"),
}
