"""What a request may say: a proposed group, a membership, an answer."""

from functools import partial
from typing import Any

import wtforms
from flask import request

from portal.access import actor
from portal.errors import N_, Refusal
from portal.models import Group
from portal.models.group import HUES
from portal.queries import filters
from portal.queries import groups as find_groups
from portal.services.groups import Details
from portal.web import looking
from portal.web.builder import Builder, RuleForm, is_of_builder
from portal.web.forms import VersionedForm, _l, options
from portal.web.groups import HUE_LABELS


class ProposedForm(VersionedForm, RuleForm):
    """A group as somebody proposes it."""

    name = wtforms.StringField(_l("Name of the customer group"))
    type = wtforms.RadioField(
        _l("Group Type"), choices=options((("customer", _l("Customer")), ("shop", _l("Shop")), ("rule", _l("Rule")))),
        default="customer", validate_choice=False,
    )  # fmt: skip
    hue = wtforms.RadioField(
        _l("Colour"), choices=options((hue, HUE_LABELS[hue]) for hue in HUES), default="blue", validate_choice=False
    )
    description = wtforms.TextAreaField(_l("Description"))
    reason = wtforms.StringField(_l("Why?"))

    def details(self) -> Details:
        """Return what was typed as the service takes it."""
        return Details(
            self.name.data or "", self.type.data or "customer", self.hue.data or "blue", self.description.data or ""
        )


class MembershipForm(VersionedForm):
    """A customer who is to join or leave a group."""

    customer = wtforms.StringField(_l("Customer"))
    group = wtforms.SelectField(_l("Group"), validate_choice=False)
    act = wtforms.RadioField(
        _l("What is asked for"), choices=options((("add", _l("Add")), ("remove", _l("Remove")))), default="add",
        validate_choice=False,
    )  # fmt: skip
    reason = wtforms.StringField(_l("Why?"))

    def drawn(self, asked: Group | None = None) -> "MembershipForm":
        """Return the form with the groups that may be chosen: the active ones, and `asked`, which may be none of them.
        """
        offered = {group.code: group.label for group in filters.group_choices(actor())}
        if asked is not None and asked.status != "deleted":
            offered.setdefault(asked.code, asked.label)
        self.group.choices = options([("", ""), *offered.items()])
        return self


class AnswerForm(VersionedForm):
    """A word to whoever asked."""

    answer = wtforms.StringField(_l("A word to whoever asked"))


def building(builder: Builder, form: ProposedForm, target: str, status: int) -> dict[str, Any]:
    """Return what draws the rule of a group that is asked for, at the address that draws it again."""
    is_refused = status == Refusal.status or (request.form.get("do") == "text" and builder.view == "rows")
    return {
        "target": target, "rule_form": form, "builder": builder, "look": partial(looking.of, builder),
        "drawing": builder.drawing(target, is_refused=is_refused), "has_rule": builder.is_shown(form.type.data),
    }  # fmt: skip


def is_drawn_again(act: str) -> bool:
    """Tell whether a button only looks for an item or changes the rule, and sends nothing."""
    return act in {"find", "new-customer"} or is_of_builder(act)


def chosen_group(form: MembershipForm) -> int:
    """Return the id of the group that a form names; raises Refusal for none, Missing."""
    if not form.group.data:
        raise Refusal(N_("Choose a group."), "group")
    return int(find_groups.by_code(actor(), form.group.data).id)
