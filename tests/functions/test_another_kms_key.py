"""A table whose keys another KMS key has sealed: refused by name. How it is mended: test_recovery.py."""

import pytest

from dev.aws.cloud import Cloud, create_key
from sallyport.errors import KeysSealedElsewhere
from tests.functions.test_rotate_keys import fresh_rotate_keys, private, with_settings


def test_the_keys_that_another_kms_key_has_sealed_are_named_and_nothing_is_changed(cloud: Cloud) -> None:
    elsewhere, table = fresh_rotate_keys("sealed-elsewhere")
    elsewhere.invoke({})
    kids = private(table, "access")
    ours = with_settings("sealed-elsewhere", create_key())

    with pytest.raises(KeysSealedElsewhere) as refused:
        ours.invoke({})

    assert all(kid in str(refused.value) for kid in kids)
    assert private(table, "access") == kids
