"""Groups and their items: what people said about who belongs."""

import peewee

from portal.clock import now
from portal.db import Model
from portal.models.change import Change
from portal.models.customer import Customer
from portal.models.shop import Shop
from portal.models.user import User

HUES = ("blue", "indigo", "violet", "pink", "red", "orange", "amber", "lime", "green", "teal", "cyan", "grey")


class Group(Model):
    """A named list of items; `n_members` is kept by the membership refresh."""

    id = peewee.AutoField()
    code = peewee.TextField()
    name = peewee.TextField(default="")
    name_key = peewee.TextField(default="")
    type = peewee.TextField(default="customer")
    status = peewee.TextField(default="active")
    hue = peewee.TextField(default="blue")
    description = peewee.TextField(default="")
    agent_note = peewee.TextField(default="")
    owner = peewee.ForeignKeyField(User, null=True, index=False, on_delete="RESTRICT")
    n_members = peewee.IntegerField(default=0)
    created_at = peewee.DateTimeField(default=now)
    updated_at = peewee.DateTimeField(default=now)
    version = peewee.IntegerField(default=1)
    starts_at = peewee.DateTimeField(null=True)  # when the clock makes a draft active
    ends_at = peewee.DateTimeField(null=True)  # when the clock archives it
    review_on = peewee.DateField(null=True)
    next_change_at = peewee.DateTimeField(null=True)  # when somebody joins or leaves by the clock alone
    level = peewee.IntegerField(default=0)  # 0: made of no other group; else one above the highest it is made of
    is_guarded = peewee.BooleanField(default=False)
    is_sensitive = peewee.BooleanField(default=False)
    is_open = peewee.BooleanField(default=False)  # support and shop staff may add and remove single members
    in_form = peewee.BooleanField(default=False)  # a box of the customer form; by default of type Customer

    class Meta:
        table_name = "customer_group"

    @property
    def label(self) -> str:
        """Return what lists call the group: its name, or its code where it has none."""
        return self.name or self.code


# A deleted group keeps its row (history speaks of it) but frees its code and name.
_LIVE = Group.status != "deleted"
Group.add_index(Group.code, unique=True, where=_LIVE, name="customer_group_code")
Group.add_index(Group.name_key, unique=True, where=_LIVE & (Group.name_key != ""), name="customer_group_name_key")
Group.add_index(Group.next_change_at, where=Group.next_change_at.is_null(False), name="customer_group_due")
Group.add_index(Group.level, where=Group.level > 0, name="customer_group_level")


class GroupItem(Model):
    """Include or exclude one customer, a shop, a rule's customers, a group, or a share of one. Ended, never deleted.

    It counts from `valid_from` on and up to, not at, `valid_until`. A share is the members of `of_group` whose lot lies
    from `low` up to, not at, `high`, in hundredths of a percent (product.md §5, Shares). A `rule` is a tree as
    `portal.rules` reads it; `reads` are the fields that it asks, so that nothing else makes it be asked anew.
    """

    id = peewee.AutoField()
    group = peewee.ForeignKeyField(Group, backref="items", index=False, on_delete="RESTRICT")
    sign = peewee.TextField()  # include | exclude
    kind = peewee.TextField()  # customer | shop | rule | group | share
    customer = peewee.ForeignKeyField(Customer, null=True, index=False, on_delete="RESTRICT")
    shop = peewee.ForeignKeyField(Shop, null=True, index=False, on_delete="RESTRICT")
    note = peewee.TextField(default="")
    created_at = peewee.DateTimeField(default=now)
    created_by = peewee.ForeignKeyField(Change, index=False, on_delete="RESTRICT")
    ended_at = peewee.DateTimeField(null=True)
    ended_by = peewee.ForeignKeyField(Change, null=True, index=False, on_delete="RESTRICT")
    of_group = peewee.ForeignKeyField(Group, null=True, backref="uses", index=False, on_delete="RESTRICT")
    low = peewee.IntegerField(null=True)
    high = peewee.IntegerField(null=True)
    seed = peewee.TextField(default="")
    valid_from = peewee.DateTimeField(null=True)
    valid_until = peewee.DateTimeField(null=True)
    on_leave = peewee.TextField(default="leave")  # leave | stay, of who leaves the shop of a shop item
    rule = peewee.JSONField(null=True)
    reads = peewee.JSONField(null=True)
    reads_clock = peewee.BooleanField(default=False)  # what it says of somebody changes with the day

    @property
    def has_begun(self) -> bool:
        """Tell whether its first day has come."""
        return self.valid_from is None or self.valid_from <= now()


# At most one live customer item per group and customer (product.md §5), and one live shop item likewise.
_OPEN = GroupItem.ended_at.is_null()
GroupItem.add_index(
    GroupItem.customer, GroupItem.group, unique=True,
    where=_OPEN & GroupItem.customer.is_null(False), name="group_item_customer",
)
GroupItem.add_index(
    GroupItem.shop, GroupItem.group, unique=True, where=_OPEN & GroupItem.shop.is_null(False), name="group_item_shop"
)
GroupItem.add_index(GroupItem.group, GroupItem.id, name="group_item_group")
GroupItem.add_index(
    GroupItem.of_group, GroupItem.group, where=_OPEN & GroupItem.of_group.is_null(False), name="group_item_of_group"
)
for _date in (GroupItem.valid_from, GroupItem.valid_until):
    GroupItem.add_index(
        GroupItem.group, _date, where=_OPEN & _date.is_null(False), name=_date.name.replace("valid", "group_item")
    )
GroupItem.add_index(GroupItem.shop, where=_OPEN & (GroupItem.on_leave == "stay"), name="group_item_shop_stay")
GroupItem.add_index(GroupItem.group, where=_OPEN & GroupItem.rule.is_null(False), name="group_item_rule")


class RuleGroup(Model):
    """A group that the rule of an item names: whoever joins or leaves it may join or leave by that rule."""

    item = peewee.ForeignKeyField(GroupItem, index=False, on_delete="CASCADE")
    group = peewee.ForeignKeyField(Group, on_delete="RESTRICT")

    class Meta:
        primary_key = peewee.CompositeKey("item", "group")
