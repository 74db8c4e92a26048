"""TEMPORARY."""
from portal.models import Field, Group, Shop
from portal.rules.catalogue import Catalogue, FieldInfo


def catalogue() -> Catalogue:
    built = [FieldInfo(n, t, n) for n, t in dict(code="text", name="text", email="email", phone="phone", shop="shop", birth_date="date", language="text", gender="text", id_type="text", id_number="text", address="text", created="datetime", search="search").items()]
    built += [FieldInfo("orders", "number", "orders", is_purchase=True), FieldInfo("last_order", "date", "last", is_purchase=True)]
    own = [FieldInfo(f.code, f.type, f.code, choices=tuple(f.choices), is_own=True) for f in Field.select()]
    from portal.rules.catalogue import GroupInfo
    return Catalogue({f.code: f for f in built + own}, {g.code: GroupInfo(g.id, g.code, g.name) for g in Group.select().where(Group.status != "deleted")}, {s.code_key: (s.id, s.name) for s in Shop.select()})
