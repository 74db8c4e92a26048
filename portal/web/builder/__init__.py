"""A rule while it is made: as rows or as text, two views of one tree, carried by the form and stored nowhere."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import wtforms
from werkzeug.datastructures import MultiDict

from portal.errors import Refusal, Refusals
from portal.rules import checking, starters, text
from portal.rules.catalogue import Catalogue
from portal.rules.checking import Problem
from portal.rules.mistakes import RuleError
from portal.rules.tree import All, Tree, to_json
from portal.web.builder import drawing, rows
from portal.web.builder.rows import ROWS, Row
from portal.web.forms import Form, _l
from portal.words.rules import of_mistake

__all__ = ["NOTHING", "ROWS", "Builder", "RuleForm", "is_of_builder"]

NOTHING = All(())  # a rule that was not begun


def is_of_builder(act: str) -> bool:
    """Tell whether a button only changes or looks at the rule that the form carries, and saves nothing."""
    return act in {"look", "rows", "text"} or act.startswith(("row-", "group-", "remove-", "start-"))


class RuleForm(Form):
    """Which view the rule is made in, and what was typed in that of text; `rows.ROWS` are the rows of the other."""

    view = wtforms.StringField(widget=wtforms.widgets.HiddenInput())
    rule = wtforms.TextAreaField(_l("The rule as text"))

    def refused(self, refusal: Refusal) -> Self:
        """Put the refusal's sentences where they belong; one of a text says line and column."""
        if isinstance(refusal, RuleError):
            self.rule.errors = [*self.rule.errors, of_mistake(refusal)]
            return self
        if self.view.data == "text":
            return super().refused(refusal)
        # The rows tell it themselves, and on top of them there is no field to lead to.
        told = refusal.refusals if isinstance(refusal, Refusals) else [refusal]
        bare = [Refusal(one.sentence, "" if one.field == "rule" else one.field, **one.params) for one in told]
        return super().refused(refusal if len(told) == 1 and told[0].field != "rule" else Refusals(bare))


@dataclass(frozen=True)
class Builder:
    """A rule as a form says it: its tree, None where the text is none, and all that is wrong with it."""

    catalogue: Catalogue
    view: str
    tree: Tree | None
    text: str = ""
    mistake: RuleError | None = None
    problems: Sequence[Problem] = field(default_factory=list)
    said: Sequence[Row] = field(default_factory=list)

    @classmethod
    def of(cls, tree: Tree, catalogue: Catalogue, view: str = "rows") -> "Builder":
        """Return the builder of a rule that is there."""
        problems = checking.check(tree, catalogue)
        if view == "text" and not problems:
            return cls(catalogue, "text", tree, text.write(tree, catalogue))
        return cls(catalogue, "rows", tree, problems=problems)

    @classmethod
    def read(cls, args: MultiDict[str, str], catalogue: Catalogue) -> "Builder":
        """Return the builder as a form says it, after what its button does; one of nothing for a form drawn first.

        A text without a view, as in an address, is shown as rows.
        """
        view, typed, act = args.get("view", ""), args.get("rule", ""), args.get("do", "")
        if starter := starters.by_code(act.removeprefix("start-"), catalogue) if act.startswith("start-") else None:
            return cls.of(starter.tree, catalogue)
        if view == "text" or (typed.strip() and view != "rows"):
            read = cls._of_text(typed, catalogue)
            return read if view == "text" and act != "rows" else read.turned("rows")
        said = rows.after(rows.posted(args), act)
        tree = rows.tree(said, catalogue)
        read = cls(catalogue, "rows", tree, problems=checking.check(tree, catalogue), said=said)
        return read.turned("text") if act == "text" else read

    @classmethod
    def _of_text(cls, typed: str, catalogue: Catalogue) -> "Builder":
        try:
            return cls(catalogue, "text", text.parse(typed, catalogue), typed)
        except RuleError as mistake:
            return cls(catalogue, "text", None, typed, mistake)

    def turned(self, view: str) -> "Builder":
        """Return the same rule in the other view; what that view could not say stays where it is."""
        if self.tree is None or self.problems:
            return self
        return Builder.of(self.tree, self.catalogue, view)

    def starters(self) -> list[starters.Starter]:
        """Return the rules that may be begun with, while nothing is begun."""
        return [] if self.says_something else starters.offered(self.catalogue)

    @property
    def says_something(self) -> bool:
        """Tell whether there is anything to save."""
        return self.tree != NOTHING

    def is_shown(self, type_: str | None) -> bool:
        """Tell whether a form of a group of that type shows the rule; one that was begun stays in any, and is saved."""
        return type_ == "rule" or self.says_something

    @property
    def is_fit(self) -> bool:
        """Tell whether the rule can be asked."""
        return self.tree is not None and not self.problems

    def drawing(self, target: str, *, is_refused: bool) -> drawing.Drawing:
        """Return the rows to be drawn; `target` draws them again, problems stand at them once it `is_refused`."""
        outer = drawing.draw(self.tree or NOTHING, self.catalogue, self.problems if is_refused else (), self.said)
        return drawing.Drawing(outer, drawing.fields(self.catalogue), target)

    def line(self) -> tuple[str, str, str] | None:
        """Return the line of the text in which the mistake is: before its place, the place, and behind it."""
        if self.mistake is None:
            return None
        line = [*self.text.split("\n"), ""][self.mistake.line - 1].rstrip("\r")
        at = self.mistake.column - 1
        return line[max(0, at - 60) : at], line[at : at + 1], line[at + 1 : at + 60]

    def as_json(self) -> dict[str, Any]:
        """Return the rule as the services take it; raises Refusals for one that cannot be saved."""
        if self.mistake is not None:
            raise self.mistake
        if self.problems:
            raise Refusals([Refusal(one.sentence, "rule", **one.params) for one in self.problems])
        if self.tree is None or self.tree == NOTHING:
            raise Refusal(checking.NO_CONDITION, "rule")
        return to_json(self.tree)
