"""Own records come back from JSON as they went in."""

import json

from hypothesis import given

from services.customers.domain.record import from_json, to_json
from services.customers.domain.view import canonical
from tests.unit.customers.forests import World, forests


@given(forests())
def test_every_record_comes_back_from_json_as_it_went_in(world: World) -> None:
    for record in world.records.values():
        stored = json.dumps(to_json(record))
        assert from_json(json.loads(stored)) == record
        assert canonical(to_json(from_json(json.loads(stored)))) == canonical(to_json(record))


def test_equal_content_is_canonical_whatever_the_order_of_its_names() -> None:
    assert canonical({"b": 1, "a": {"d": 2, "c": "ü"}}) == canonical({"a": {"c": "ü", "d": 2}, "b": 1})
