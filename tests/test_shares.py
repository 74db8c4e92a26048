"""The lot by which a share draws its members is one number on both databases (product.md §5, Shares)."""

import hashlib

import peewee

from portal.db import db, lot_of
from portal.models import Customer
from tests.conftest import Database


def test_a_lot_is_the_first_32_bits_of_the_md5_of_seed_and_uid_mod_10_000(database: Database) -> None:
    for n in range(50):
        Customer.create(code=f"K{n}", code_key=f"k{n}")
    query = Customer.select(Customer.uid, lot_of(peewee.Value("summer ünit"), Customer.uid))
    found = dict(query.tuples())
    assert len(found) == 50
    assert found == {
        uid: int.from_bytes(hashlib.md5(f"summer ünit:{uid}".encode()).digest()[:4], "big") % 10_000 for uid in found
    }
    assert db.in_transaction() is False
