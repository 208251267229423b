"""What is kept back, and in whose remainder it lies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connections.indicators.disclosure.nouns import Group
from connections.indicators.disclosure.tree import Order

if TYPE_CHECKING:
    from connections.indicators.disclosure import Rule


@dataclass(frozen=True, slots=True)
class Hidden:
    """What the gate knows of one indicator when all is chosen that is published."""

    order: Order
    totals: Mapping[int, Group]
    rests: Mapping[int, Group]
    published: set[int]
    may_publish: set[int]
    rule: Rule

    def around(self) -> dict[int, int | None]:
        """The published area in whose remainder each hidden one lies; None: in none."""
        above = {child: node.id for node, children in self.order for child in children}
        found: dict[int, int | None] = {}
        for node, _ in self.order[::-1]:
            up = above.get(node.id)
            found[node.id] = up if up in self.published else None if up is None else found[up]
        return {id_: found[id_] for id_ in self.may_publish - self.published}

    def largest(self, is_one: Callable[[Group], bool]) -> dict[int, list[int]]:
        """Hidden areas of a sort, by the published area whose remainder they are in. None of them
        lies in another, and none holds a published area: so there is no smaller group to take."""
        around = self.around()
        holds: set[int] = set()
        for node, children in self.order:
            if any(child in self.published or child in holds for child in children):
                holds.add(node.id)
        inside: set[int] = set()
        found: dict[int, list[int]] = {}
        for node, children in self.order[::-1]:
            owner = around.get(node.id)
            if node.id not in inside and owner is not None and node.id not in holds:
                if not is_one(self.totals[node.id]):
                    continue
                inside.add(node.id)
                found.setdefault(owner, []).append(node.id)
            if node.id in inside:
                inside.update(children)
        return found
