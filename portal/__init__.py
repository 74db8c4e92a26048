"""Coterie: customer groups for small stores."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from portal.app import create_app

__all__ = ["create_app"]


def __getattr__(name: str) -> Any:
    """Load the application when it is asked for, so that `portal --help` need not."""
    if name == "create_app":
        from portal.app import create_app

        return create_app
    raise AttributeError(name)
