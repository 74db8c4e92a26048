"""Who may do what: the one table (product.md §6), and the actor who asks it.

Deny by default. Roles add up. Every service takes an `Actor` first and calls `require` in its first line, so page,
fragment, command line and job cannot differ.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from portal.errors import N_, Denied


class Role(StrEnum):
    """The seven roles; the values are the words of the command line."""

    OWNER = "owner"
    CSCC_MANAGER = "cscc_manager"
    PORTFOLIO_MANAGER = "portfolio_manager"
    SUPPORT = "support"
    SHOP_STAFF = "shop_staff"
    ANALYST = "analyst"
    TECH_ADMIN = "tech_admin"


ROLE_LABELS = {
    Role.OWNER: N_("Owner"),
    Role.CSCC_MANAGER: N_("CSCC Manager"),
    Role.PORTFOLIO_MANAGER: N_("Portfolio Manager"),
    Role.SUPPORT: N_("Support"),
    Role.SHOP_STAFF: N_("Shop staff"),
    Role.ANALYST: N_("Analyst"),
    Role.TECH_ADMIN: N_("Technical admin"),
}

# The others are company-wide (product.md §6).
SHOP_ROLES = frozenset({Role.SUPPORT, Role.SHOP_STAFF})


class Action(StrEnum):
    """Everything that somebody may be allowed to do."""

    SEE_CUSTOMERS = "customer.see"
    EDIT_CUSTOMER = "customer.edit"
    IMPORT_CUSTOMERS = "customer.import"
    SEE_GROUPS = "group.see"
    SEE_GROUP_NAMES = "group.names"
    # Of the groups she sees, those marked sensitive too.
    SEE_SENSITIVE = "group.sensitive"
    CREATE_GROUP = "group.create"
    EDIT_GROUP = "group.edit"
    CHANGE_MEMBER = "group.member"
    # One member of a group that is open to support; whoever holds no more than this says why.
    CHANGE_OPEN_MEMBER = "group.open_member"
    # What others ask for: decide it, and look after the groups of all (what is due for review).
    APPROVE = "group.approve"
    WHY = "group.why"
    # What she may not do herself: ask for it. And see what she, or for who decides, everybody asked for.
    PROPOSE = "proposal.make"
    SEE_PROPOSALS = "proposal.see"
    EXPORT = "customer.export"
    SEE_CHANGES = "change.see"
    UNDO_OWN = "change.undo_own"
    UNDO_ANY = "change.undo_any"
    # The store's own fields, and the form that they make.
    EDIT_FIELDS = "field.edit"
    EDIT_SHOP = "shop.edit"
    EDIT_USER = "user.edit"
    GRANT_ROLE = "role.grant"
    MAINTAIN = "system.maintain"
    # From when on a change of groups needs a second person; the technical admin, who keeps settings, touches no groups.
    SET_GUARDS = "guard.set"
    # Not in the table of product.md: what every signed-in person may do with her own account.
    OWN_ACCOUNT = "account.own"


class Scope(StrEnum):
    """How far an allowance reaches."""

    ALL = "all"
    OWN_SHOPS = "own shops"
    # Of the list of changes alone: what the person herself did, and who signed in and out.
    OWN_ACTS = "own acts"
    SIGN_INS = "sign-ins"


_A, _S = Scope.ALL, Scope.OWN_SHOPS

_MANAGER = {
    Action.SEE_CUSTOMERS: _A,
    Action.EDIT_CUSTOMER: _A,
    Action.IMPORT_CUSTOMERS: _A,
    Action.SEE_GROUPS: _A,
    Action.SEE_GROUP_NAMES: _A,
    Action.SEE_SENSITIVE: _A,
    Action.CREATE_GROUP: _A,
    Action.EDIT_GROUP: _A,
    Action.CHANGE_MEMBER: _A,
    Action.CHANGE_OPEN_MEMBER: _A,
    Action.APPROVE: _A,
    Action.WHY: _A,
    Action.SEE_PROPOSALS: _A,
    Action.EXPORT: _A,
    Action.SEE_CHANGES: _A,
    Action.UNDO_OWN: _A,
    Action.UNDO_ANY: _A,
}
_COUNTER = {
    Action.SEE_CUSTOMERS: _S,
    Action.EDIT_CUSTOMER: _S,
    Action.SEE_GROUPS: _S,
    Action.SEE_GROUP_NAMES: _S,
    Action.CHANGE_OPEN_MEMBER: _S,
    Action.WHY: _S,
    Action.SEE_CHANGES: Scope.OWN_ACTS,
    Action.UNDO_OWN: _S,
    Action.PROPOSE: _S,
    Action.SEE_PROPOSALS: _S,
}
TABLE: dict[Role, dict[Action, Scope]] = {
    Role.OWNER: {
        Action.SEE_CUSTOMERS: _A,
        Action.EDIT_CUSTOMER: _A,
        Action.IMPORT_CUSTOMERS: _A,
        Action.SEE_GROUPS: _A,
        Action.SEE_GROUP_NAMES: _A,
        Action.SEE_SENSITIVE: _A,
        Action.APPROVE: _A,
        Action.WHY: _A,
        Action.PROPOSE: _A,
        Action.SEE_PROPOSALS: _A,
        Action.EXPORT: _A,
        Action.SEE_CHANGES: _A,
        Action.UNDO_OWN: _A,
        Action.UNDO_ANY: _A,
        Action.EDIT_FIELDS: _A,
        Action.EDIT_SHOP: _A,
        Action.EDIT_USER: _A,
        Action.GRANT_ROLE: _A,
        Action.MAINTAIN: _A,
        Action.SET_GUARDS: _A,
    },
    Role.CSCC_MANAGER: {**_MANAGER, Action.EDIT_FIELDS: _A},
    Role.PORTFOLIO_MANAGER: _MANAGER,
    Role.SUPPORT: _COUNTER,
    Role.SHOP_STAFF: _COUNTER,
    Role.ANALYST: {
        Action.SEE_CUSTOMERS: _A,
        Action.SEE_GROUPS: _A,
        Action.SEE_GROUP_NAMES: _A,
        Action.SEE_SENSITIVE: _A,
        Action.WHY: _A,
        Action.EXPORT: _A,
        Action.SEE_CHANGES: _A,
    },
    Role.TECH_ADMIN: {
        Action.SEE_GROUP_NAMES: _A,
        Action.SEE_SENSITIVE: _A,
        Action.SEE_CHANGES: Scope.SIGN_INS,
        Action.EDIT_USER: _A,
        Action.MAINTAIN: _A,
    },
}

# Columns of a customer that a role sees masked. Support and shop staff may reveal `id_number` with a logged reason.
MASKED: dict[Role, frozenset[str]] = {
    Role.ANALYST: frozenset({"phone", "email", "id_number", "address"}),
    Role.SUPPORT: frozenset({"id_number"}),
    Role.SHOP_STAFF: frozenset({"id_number"}),
}

# What the person at the machine's terminal may do without naming anybody (interfaces.md, Command line).
OPERATOR_ACTIONS = frozenset({Action.EDIT_SHOP, Action.EDIT_USER, Action.GRANT_ROLE, Action.MAINTAIN})


class Door(StrEnum):
    """Through which entry an act came; kept with every change."""

    PAGE = "page"
    COMMAND = "command"
    IMPORT = "import"
    SETUP = "setup"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Grant:
    """One role of one person, for one shop or (`shop_id` None) for the whole company."""

    role: Role
    shop_id: int | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts: a person with her grants, or the machine's operator (`user_id` None)."""

    user_id: int | None
    name: str
    door: Door
    grants: tuple[Grant, ...] = ()
    is_operator: bool = False

    def may(self, action: Action) -> bool:
        """Tell whether any role allows `action`, for any shop at all."""
        if self.is_operator:
            return action in OPERATOR_ACTIONS
        if action is Action.OWN_ACCOUNT:
            # Also with no role at all: who can sign in must be able to sign out.
            return self.user_id is not None
        return any(action in TABLE[grant.role] for grant in self.grants)

    def shops(self, action: Action) -> frozenset[int] | None:
        """Return the ids of the shops for which `action` is allowed; None means everywhere."""
        if self.is_operator and action in OPERATOR_ACTIONS:
            return None
        reach: set[int] = set()
        for grant in self.grants:
            if _is_wide(grant, action):
                return None
            if action in TABLE[grant.role] and grant.shop_id is not None:
                reach.add(grant.shop_id)
        return frozenset(reach)

    def scopes(self, action: Action) -> frozenset[Scope]:
        """Return how far each of her roles lets her do `action`; they add up."""
        return frozenset(TABLE[grant.role][action] for grant in self.grants if action in TABLE[grant.role])

    def may_in(self, action: Action, shop_id: int | None) -> bool:
        """Tell whether `action` is allowed for that shop (None: for a customer without a shop)."""
        reach = self.shops(action)
        return self.may(action) and (reach is None or shop_id in reach)

    def masked(self, shop_id: int | None) -> frozenset[str]:
        """Return the columns hidden from this person for a customer of `shop_id`.

        Roles add up: a column is masked only if every role through which she sees the customer masks it.
        """
        masks = [
            MASKED.get(grant.role, frozenset())
            for grant in self.grants
            if _covers(grant, Action.SEE_CUSTOMERS, shop_id)
        ]
        return frozenset.intersection(*masks) if masks else frozenset()

    def masked_anywhere(self) -> frozenset[str]:
        """Return the columns hidden for at least some customer she sees; these cannot be searched or sorted."""
        wide = [grant for grant in self.grants if _is_wide(grant, Action.SEE_CUSTOMERS)]
        if wide:
            return frozenset.intersection(*(MASKED.get(grant.role, frozenset()) for grant in wide))
        masks = [MASKED.get(grant.role, frozenset()) for grant in self.grants]
        return frozenset().union(*masks)

    def through(self, door: Door) -> "Actor":
        """Return the same person acting through another door."""
        return replace(self, door=door)


def _is_wide(grant: Grant, action: Action) -> bool:
    """Tell whether the grant allows `action` everywhere; shop staff without a shop, which nobody is given, nowhere."""
    scope = TABLE[grant.role].get(action)
    return scope is Scope.ALL or (
        scope is Scope.OWN_SHOPS and grant.shop_id is None and grant.role is not Role.SHOP_STAFF
    )


def _covers(grant: Grant, action: Action, shop_id: int | None) -> bool:
    is_there = shop_id is not None and grant.shop_id == shop_id
    return _is_wide(grant, action) or (is_there and action in TABLE[grant.role])


OPERATOR = Actor(user_id=None, name="operator", door=Door.COMMAND, is_operator=True)
# Who moves members when a date has come; she may do nothing else.
CLOCK = Actor(user_id=None, name="clock", door=Door.CLOCK)


def require(actor: Actor, action: Action) -> None:
    """Raise Denied unless one of the actor's roles allows `action`; the first line of every service."""
    if not actor.may(action):
        raise Denied(action)


def require_shop(actor: Actor, action: Action, shop_id: int | None) -> None:
    """Raise Denied unless `action` is allowed to `actor` for the shop (None: a customer without a shop)."""
    if not actor.may_in(action, shop_id):
        raise Denied(action)
