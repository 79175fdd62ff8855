"""Survivorship messages: rules as they are sent, by their names in the contract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from patronage.customers.v1 import customer_pb2
from patronage.customers.v1 import survivorship_pb2 as pb
from services.customers.domain.forest import DEFAULT_RULE, RULES, SOURCE_PRIORITY
from services.customers.domain.merge import check_rules
from services.customers.domain.survivorship import Survivorship
from services.runtime.failures import FieldCheck

_RULE, _SOURCE = "SURVIVORSHIP_RULE_", "CUSTOMER_SOURCE_"


def rules_of(messages: Iterable[pb.FieldRule]) -> list[tuple[str, str]]:
    """Fields with the names of their rules; those that say no rule are left out."""
    return [(one.field, _rule_name(one.rule)) for one in messages if one.rule != pb.SURVIVORSHIP_RULE_UNSPECIFIED]


def rule_messages(rules: Mapping[str, str]) -> list[pb.FieldRule]:
    """Rules by field, in the order of their fields."""
    number = pb.SurvivorshipRule.Value
    return [pb.FieldRule(field=name, rule=number(_RULE + rule)) for name, rule in sorted(rules.items())]


def survivorship_of(message: pb.Survivorship, check: FieldCheck) -> Survivorship:
    """The rules that hold; what is wrong with them is noted."""
    rules = rules_of(message.rules)
    check_rules(check, rules, "survivorship.")
    default = _rule_name(message.default_rule) if message.default_rule else DEFAULT_RULE
    check.require(default in RULES, "survivorship.default_rule", f"is not one of {', '.join(RULES)}")
    sources = tuple(_source_name(source) for source in message.source_priority)
    known = len(set(sources)) == len(sources) and all(sources)
    check.require(known, "survivorship.source_priority", "takes sources, each once")
    return Survivorship(dict(rules), default, sources or SOURCE_PRIORITY)


def _rule_name(number: pb.SurvivorshipRule.ValueType) -> str:
    try:
        return pb.SurvivorshipRule.Name(number).removeprefix(_RULE)
    except ValueError:
        return ""


def _source_name(number: customer_pb2.CustomerSource.ValueType) -> str:
    """Empty for what is no source."""
    try:
        name = customer_pb2.CustomerSource.Name(number).removeprefix(_SOURCE)
    except ValueError:
        return ""
    return "" if name == "UNSPECIFIED" else name
