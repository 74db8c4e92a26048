"""The pages."""

from flask import Flask

from portal.web import (
    approvals,
    changes,
    corrections,
    customers,
    errors,
    exports,
    fields,
    file_columns,
    groups,
    history,
    imports,
    jobs,
    members,
    proposals,
    render,
    rules,
    settings,
    shops,
    stages,
    start,
    undoing,
    users,
    value_groups,
    why,
)


def init_app(app: Flask) -> None:
    """Register every page of the portal with `app`, which has its language."""
    render.init_app(app)
    errors.init_app(app)
    undoing.init_app(app)
    approvals.init_app(app)
    for module in (
        start, users, shops, fields, settings, customers, exports, groups, value_groups, members, rules, history, why,
        stages, proposals, approvals, imports, file_columns, corrections, jobs, changes, undoing,
    ):  # fmt: skip
        app.register_blueprint(module.pages)
