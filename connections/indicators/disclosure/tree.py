"""The order in which the gate goes through a tree of areas."""

from __future__ import annotations

from collections.abc import Sequence

from connections.indicators.disclosure.nouns import Node

Order = Sequence[tuple[Node, list[int]]]
"""Every node with its children's ids, every child before its parent; always the same."""


def children_first(nodes: Sequence[Node]) -> Order:
    """Return the nodes in their order. ValueError where they are no forest."""
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


def order_within(order: Order, area: int) -> Order:
    """Return the part of the order that is the area and what lies in it."""
    inside = {area}
    for node, children in reversed(order):
        if node.id in inside:
            inside.update(children)
    return [(node, children) for node, children in order if node.id in inside]
