"""Undo as product.md §4, law 7 says it, in plain Python: what each change did to a snapshot, and what undoing it does.

A snapshot maps `("customer", id)` to a shop, `("group", id)` to a status, `("item", group, kind, target)` to a sign.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Key = tuple[Any, ...]
Snapshot = dict[Key, Any]
ABSENT = "absent"


@dataclass
class Log:
    """All changes, as what each row was before and after; and which of them touched each row last."""

    did: dict[int, dict[Key, tuple[Any, Any]]] = field(default_factory=dict)
    last: dict[Key, int] = field(default_factory=dict)
    undoes: dict[int, int] = field(default_factory=dict)
    brought: set[tuple[int, Key]] = field(default_factory=set)  # ended items that came back by undoing a change

    def note(self, change: int, before: Snapshot, after: Snapshot) -> None:
        """Write down what a change did."""
        keys = [key for key in {**before, **after} if before.get(key, ABSENT) != after.get(key, ABSENT)]
        self.did[change] = {key: (before.get(key, ABSENT), after.get(key, ABSENT)) for key in keys}
        self.last |= dict.fromkeys(keys, change)

    def undo(self, change: int, now: Snapshot) -> Snapshot | None:
        """Return what is there after undoing a change; None if nothing of it can be undone."""
        new = dict(now)
        step: dict[str, Callable[[int, Snapshot], bool]] = {
            "customer": self._customers, "group": self._groups, "item": self._items
        }  # fmt: skip
        order = ["customer", "group", "item"] if self._brings_back(change) else ["item", "group", "customer"]
        restored = [step[noun](change, new) for noun in order]
        return new if any(restored) else None

    def undone(self, change: int, by: int, new: Snapshot) -> None:
        """Note that `by` has undone a change, after `undo` said what that does."""
        self.undoes[by] = change
        self.brought |= {
            (change, key) for key, (before, _) in self._rows("item", change) if new.get(key) == before != ABSENT
        }

    def _brings_back(self, change: int) -> bool:
        depth = 0
        while change in self.undoes:
            change, depth = self.undoes[change], depth + 1
        return depth % 2 == 1

    def _rows(self, noun: str, change: int) -> Iterator[tuple[Key, tuple[Any, Any]]]:
        return ((key, both) for key, both in self.did[change].items() if key[0] == noun)

    def _items(self, change: int, new: Snapshot) -> bool:
        restored = False
        for key, (before, after) in self._rows("item", change):
            if after != ABSENT and key in new and self.last[key] == change:
                del new[key]
                restored = True
            _, group, kind, target = key
            is_there = ("group", group) in new and (kind == "shop" or ("customer", target) in new)
            if before != ABSENT and key not in new and is_there and (change, key) not in self.brought:
                new[key] = before
                restored = True
        return restored

    def _customers(self, change: int, new: Snapshot) -> bool:
        return self._back("customer", change, new, lambda key, item: item[2:] == ("customer", key[1]))

    def _groups(self, change: int, new: Snapshot) -> bool:
        # What a group had when it came back, after it was deleted, goes with it again.
        return self._back("group", change, new, lambda key, item: item[1] == key[1] and self.last[item] >= change)

    def _back(self, noun: str, change: int, new: Snapshot, stands_on: Callable[[Key, Key], bool]) -> bool:
        restored = False
        for key, (before, _) in self._rows(noun, change):
            if new.get(key, ABSENT) == before or self.last[key] != change:
                continue
            if before != ABSENT:
                new[key] = before
                restored = True
            elif not any(stands_on(key, item) for item in new if item[0] == "item"):
                del new[key]
                restored = True
        return restored
