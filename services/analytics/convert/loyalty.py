"""Loyalty policies: messages to values and back."""

from patronage.analytics.v1 import loyalty_policy_pb2 as pb
from services.analytics.convert.metrics import method_value
from services.analytics.convert.times import timestamp
from services.analytics.domain.loyalty import LifetimeValueMethod, LoyaltyPolicy, PolicySet, Tier
from services.runtime.failures import FieldCheck


def policy_input(request: pb.SetLoyaltyPolicyRequest, check: FieldCheck) -> LoyaltyPolicy | None:
    """The policy as a request says it; None where it says none."""
    if not request.HasField("policy"):
        return None
    given = request.policy
    return LoyaltyPolicy(
        occasional_from=given.occasional_from,
        regular_from=given.regular_from,
        frequent_from=given.frequent_from,
        tiers=tuple(Tier(tier.label, tier.least_purchases) for tier in given.tiers),
        method=_method(given.lifetime_value_method, check),
    )


def policy_message(policy: LoyaltyPolicy) -> pb.LoyaltyPolicy:
    """The message of a policy."""
    return pb.LoyaltyPolicy(
        version=policy.version,
        occasional_from=policy.occasional_from,
        regular_from=policy.regular_from,
        frequent_from=policy.frequent_from,
        tiers=[pb.LoyaltyTier(label=tier.label, least_purchases=tier.least_purchases) for tier in policy.tiers],
        lifetime_value_method=method_value(policy.method),
        create_time=timestamp(policy.create_time),
        created_by=policy.created_by,
    )


def policy_set_message(done: PolicySet) -> pb.SetLoyaltyPolicyResponse:
    """The message of what was set, or would be."""
    return pb.SetLoyaltyPolicyResponse(
        policy=policy_message(done.policy),
        customers_changed=sum(customers for _, _, customers in done.changes),
        changes=[
            pb.TierChange(from_label=before, to_label=after, customers=customers)
            for before, after, customers in done.changes
        ],
    )


def _method(method: pb.LifetimeValueMethod.ValueType, check: FieldCheck) -> LifetimeValueMethod:
    if method == pb.LIFETIME_VALUE_METHOD_UNSPECIFIED:
        return LifetimeValueMethod.SALES
    known = method in pb.LifetimeValueMethod.values()
    check.require(known, "policy.lifetime_value_method", "must be a method of lifetime value")
    name = pb.LifetimeValueMethod.Name(method).removeprefix("LIFETIME_VALUE_METHOD_") if known else "SALES"
    return LifetimeValueMethod(name)
