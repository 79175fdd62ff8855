"""Which scope each method of the matching service asks for."""

from services.runtime.access import Access, AccessTable

_V1 = "/patronage.matching.v1."

ACCESS: AccessTable = {
    f"{_V1}MatchingService/NormalizeIdentity": Access("matching:read"),
    f"{_V1}MatchingService/MatchRecord": Access("matching:read"),
    f"{_V1}MatchingService/FindDuplicates": Access("matching:read"),
    f"{_V1}MatchingService/ScanDuplicates": Access("matching:write"),
    f"{_V1}MatchingService/GetScan": Access("matching:read"),
    f"{_V1}MatchingService/CancelScan": Access("matching:write"),
    f"{_V1}MatchingService/ListDuplicateGroups": Access("matching:read"),
    f"{_V1}MatchingService/StreamDuplicateGroups": Access("matching:read"),
    f"{_V1}MatchingService/ExplainMatch": Access("matching:read"),
    f"{_V1}MatchingService/ExplainGroup": Access("matching:read"),
    f"{_V1}MatchingService/GetPolicy": Access("matching:read"),
    f"{_V1}MatchingService/SetPolicy": Access("matching:admin"),
    f"{_V1}MatchingService/TrainPolicy": Access("matching:admin"),
    f"{_V1}MatchingService/SyncConversation": Access("matching:write"),
    f"{_V1}MatchingService/SyncOrphanedConversations": Access("matching:write"),
    f"{_V1}MatchingService/GetConversationResolution": Access("matching:read"),
    f"{_V1}MatchingService/ListConversationResolutions": Access("matching:read"),
    f"{_V1}MatchingService/GetConversationResolutionStats": Access("matching:read"),
    f"{_V1}MatchingService/GetConversationPolicy": Access("matching:read"),
    f"{_V1}MatchingService/SetConversationPolicy": Access("matching:admin"),
    f"{_V1}ReviewService/CreateJudgement": Access("matching:write"),
    f"{_V1}ReviewService/ListJudgements": Access("matching:read"),
    f"{_V1}ReviewService/RetractJudgement": Access("matching:write"),
    f"{_V1}ReviewService/ListReviewItems": Access("matching:read"),
    f"{_V1}ReviewService/GetReviewItem": Access("matching:read"),
    f"{_V1}ReviewService/ResolveReviewItem": Access("matching:write"),
    f"{_V1}ReviewService/GetReviewStats": Access("matching:read"),
    f"{_V1}MergeService/PreviewMerge": Access("merge:write"),
    f"{_V1}MergeService/GetMerge": Access("matching:read"),
    f"{_V1}MergeService/ListMerges": Access("matching:read"),
    f"{_V1}MergeService/PreviewUndoMerge": Access("merge:write"),
    f"{_V1}MergeService/MergeCustomers": Access("merge:write"),
    f"{_V1}MergeService/BatchMerge": Access("merge:write"),
    f"{_V1}MergeService/AutoMerge": Access("merge:write"),
    f"{_V1}MergeService/UndoMerge": Access("merge:write"),
}
