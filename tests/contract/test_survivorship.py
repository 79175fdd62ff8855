"""What a policy may say of a field is what customers does with it: two services, one table."""

from patronage.customers.v1 import merge_preview_pb2, survivorship_pb2
from services.customers.domain import forest as forest_of_customers
from services.customers.domain import survivorship as of_customers
from services.matching.domain import survivorship as of_matching


def names(enum: type[survivorship_pb2.SurvivorshipRule] | type[merge_preview_pb2.OutcomeRule], prefix: str) -> set[str]:
    return {name.removeprefix(prefix) for name in enum.keys()} - {"UNSPECIFIED"}  # noqa: SIM118


def test_matching_and_customers_know_the_same_fields_and_the_same_rules_of_each() -> None:
    assert {name: set(rules) for name, rules in of_matching.RULES_OF.items()} == {
        name: set(rules) for name, rules in of_customers.RULES_OF.items()
    }


def test_matching_and_customers_ship_the_same_rules() -> None:
    assert tuple(of_matching.RULES) == forest_of_customers.RULES
    shipped, holding = of_matching.SHIPPED_SURVIVORSHIP, of_customers.SHIPPED
    assert (shipped.rules, shipped.default_rule, shipped.priority) == (
        holding.rules,
        holding.default_rule,
        holding.priority,
    )


def test_the_contract_names_every_rule_and_an_outcome_may_also_be_chosen() -> None:
    rules = {rule for taken in of_customers.RULES_OF.values() for rule in taken}
    assert names(survivorship_pb2.SurvivorshipRule, "SURVIVORSHIP_RULE_") == rules
    assert names(merge_preview_pb2.OutcomeRule, "OUTCOME_RULE_") == rules | {"CHOSEN"}
