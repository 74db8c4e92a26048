"""The tables. Every model is imported here so that migrations and tests see all of them."""

from portal.models.change import Change, ChangeAnchor, ChangeRow, ChangeSeal
from portal.models.customer import Customer
from portal.models.field import CustomerValue, Field
from portal.models.forecast import Forecast, ForecastMove
from portal.models.group import Group, GroupItem, RuleGroup
from portal.models.imports import FileShape, Import, ImportMove, ImportRow
from portal.models.job import Job, Worker
from portal.models.membership import (
    Membership,
    MembershipDelta,
    MembershipRow,
    PastMembership,
    PastMembershipRow,
    Staging,
)
from portal.models.proposal import Proposal
from portal.models.request import RequestKey
from portal.models.setting import Setting
from portal.models.shop import Shop
from portal.models.user import SignInFailure, User, UserRole, UserSession

# In an order in which each table only refers to earlier ones.
TABLES = (
    User,
    Shop,
    UserRole,
    UserSession,
    SignInFailure,
    RequestKey,
    Change,
    ChangeRow,
    ChangeSeal,
    ChangeAnchor,
    Customer,
    Group,
    GroupItem,
    RuleGroup,
    Field,
    CustomerValue,
    Staging,
    MembershipRow,
    PastMembershipRow,
    Forecast,
    ForecastMove,
    Import,
    ImportRow,
    ImportMove,
    FileShape,
    Setting,
    Job,
    Worker,
    Proposal,
)

__all__ = [
    "TABLES",
    "Change",
    "ChangeAnchor",
    "ChangeRow",
    "ChangeSeal",
    "Customer",
    "CustomerValue",
    "Field",
    "FileShape",
    "Forecast",
    "ForecastMove",
    "Group",
    "GroupItem",
    "Import",
    "ImportMove",
    "ImportRow",
    "Job",
    "Membership",
    "MembershipDelta",
    "MembershipRow",
    "PastMembership",
    "PastMembershipRow",
    "Proposal",
    "RequestKey",
    "RuleGroup",
    "Setting",
    "Shop",
    "SignInFailure",
    "Staging",
    "User",
    "UserRole",
    "UserSession",
    "Worker",
]
