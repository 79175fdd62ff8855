"""Survivorship owns the messages of survivorship rules, their checks, and how they are handed on with a merge."""

from patronage.customers.v1 import customer_pb2
from patronage.customers.v1 import merge_storage_service_pb2 as storage
from patronage.customers.v1 import survivorship_pb2 as pb
from services.matching.domain.survivorship import (
    DEFAULT_RULE,
    RULES,
    RULES_OF,
    SOURCE_PRIORITY,
    RulesInForce,
    Survivorship,
)
from services.runtime.failures import FieldCheck

_RULE, _SOURCE = "SURVIVORSHIP_RULE_", "CUSTOMER_SOURCE_"


def survivorship_message(survivorship: Survivorship) -> pb.Survivorship:
    """Return the rules as a message, the fields in the order of their names."""
    rule, source = pb.SurvivorshipRule.Value, customer_pb2.CustomerSource.Value
    return pb.Survivorship(
        default_rule=rule(_RULE + survivorship.default_rule),
        rules=[pb.FieldRule(field=name, rule=rule(_RULE + one)) for name, one in sorted(survivorship.rules.items())],
        source_priority=[source(_SOURCE + one) for one in survivorship.priority],
    )


def survivorship_of(message: pb.Survivorship, check: FieldCheck) -> Survivorship:
    """Return the rules of a message; what is wrong with them is noted."""
    default = _name(pb.SurvivorshipRule, message.default_rule, _RULE) or DEFAULT_RULE
    check.require(default in RULES, "survivorship.default_rule", f"must be one of {', '.join(RULES)}")
    rules = {}
    for number, one in enumerate(message.rules):
        where, rule = f"survivorship.rules[{number}]", _name(pb.SurvivorshipRule, one.rule, _RULE)
        if check.require(one.field in RULES_OF, f"{where}.field", "must be a field that survives a merge"):
            taken = RULES_OF[one.field]
            check.require(rule in taken, f"{where}.rule", f"must be one of {', '.join(taken)}")
            check.require(one.field not in rules, f"{where}.field", "must not stand twice")
            rules[one.field] = rule
    sources = tuple(_name(customer_pb2.CustomerSource, source, _SOURCE) for source in message.source_priority)
    once = len(set(sources)) == len(sources) and set(sources) <= set(SOURCE_PRIORITY)
    check.require(once, "survivorship.source_priority", "must be sources, each once")
    return Survivorship(rules, default, sources or SOURCE_PRIORITY)


def hold(asked: storage.DescribeMergeRequest | storage.ApplyMergeRequest, rules: RulesInForce) -> None:
    """Have customers follow the rules in force where the merge asks for none."""
    asked.survivorship.CopyFrom(survivorship_message(rules.survivorship))
    if isinstance(asked, storage.ApplyMergeRequest):
        asked.policy_version = rules.version


def _name(enum: type[pb.SurvivorshipRule] | type[customer_pb2.CustomerSource], number: int, prefix: str) -> str:
    """Return the name of a value without its prefix: empty for the one that says nothing, "?" for an unknown one."""
    if number == 0:
        return ""
    return enum.Name(number).removeprefix(prefix) if number in enum.values() else "?"  # type: ignore[arg-type]
