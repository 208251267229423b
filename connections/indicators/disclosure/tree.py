"""The tree of areas, in the order in which the gate walks it."""

from __future__ import annotations

from collections.abc import Sequence

from connections.indicators.disclosure.nouns import Node


def children_first(nodes: Sequence[Node]) -> list[tuple[Node, list[int]]]:
    """Nodes with their children's ids, every child before its parent, in a fixed order."""
    by_id = {node.id: node for node in nodes}
    if len(by_id) != len(nodes):
        raise ValueError("An area occurs twice.")
    children: dict[int, list[int]] = {node.id: [] for node in nodes}
    roots: list[int] = []
    for id_ in sorted(by_id):
        parent = by_id[id_].parent
        if parent is None:
            roots.append(id_)
        elif parent in children:
            children[parent].append(id_)
        else:
            raise ValueError(f"Area {id_} has the unknown parent {parent}.")
    parents_first: list[int] = []
    stack = roots
    while stack:
        id_ = stack.pop()
        parents_first.append(id_)
        stack.extend(children[id_])
    if len(parents_first) != len(nodes):
        raise ValueError("The areas go round in a circle.")
    return [(by_id[id_], children[id_]) for id_ in reversed(parents_first)]
