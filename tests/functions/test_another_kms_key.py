"""A table whose keys another KMS key has sealed: refused by name, and mended as docs/keys.md says."""

import pytest

from dev.aws.cloud import Cloud, create_key
from sallyport.errors import KeysSealedElsewhere
from tests.functions.test_rotate_keys import fresh_rotate_keys, private, published, with_settings


def test_the_keys_that_another_kms_key_has_sealed_are_named_and_nothing_is_changed(cloud: Cloud) -> None:
    elsewhere, table = fresh_rotate_keys("sealed-elsewhere")
    elsewhere.invoke({})
    kids = private(table, "access")
    ours = with_settings("sealed-elsewhere", create_key())

    with pytest.raises(KeysSealedElsewhere) as refused:
        ours.invoke({})

    assert all(kid in str(refused.value) for kid in kids)
    assert private(table, "access") == kids


def test_once_these_keys_are_deleted_as_the_page_says_both_rings_sign_again(cloud: Cloud) -> None:
    elsewhere, table = fresh_rotate_keys("sealed-and-replaced")
    elsewhere.invoke({})
    lost = {use: private(table, use) for use in ("access", "refresh")}
    ours = with_settings("sealed-and-replaced", create_key())

    table.delete([(pk, kid) for pk in ("SIGNING#access", "JWKS") for kid in lost["access"]])
    table.delete([("SIGNING#refresh", kid) for kid in lost["refresh"]])
    ours.invoke({})

    for use, kids in lost.items():
        assert len(private(table, use)) == 2
        assert not private(table, use) & kids
    assert published(table) == private(table, "access")
