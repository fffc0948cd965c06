"""Items as DynamoDB writes them, held against boto3's own serializer."""

from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from sallyport.aws.dynamodb.attribute_values import marshalled, unmarshalled

_leaves = st.text() | st.booleans() | st.integers(-(10**37), 10**37) | st.binary()
values = st.recursive(_leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=1), inner))
items = st.dictionaries(st.text(min_size=1), values)


@given(items)
def test_an_item_is_written_as_boto3_writes_it_and_read_back(item: dict[str, Any]) -> None:
    written = marshalled(item)

    assert written == {name: TypeSerializer().serialize(value) for name, value in item.items()}
    assert unmarshalled(written) == item


def test_what_is_none_is_left_out() -> None:
    assert marshalled({"a": None, "b": ""}) == {"b": {"S": ""}}


@pytest.mark.parametrize("value", [1.5, {"a"}, object(), [None]])
def test_a_value_that_no_item_holds_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        marshalled({"a": value})


@pytest.mark.parametrize("value", [{"N": "1.5"}, {"SS": ["a"]}, {"NULL": True}, {}, {"S": "a", "N": "1"}])
def test_a_value_that_no_item_holds_is_not_read(value: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        unmarshalled({"a": value})
