"""What bounds that stand in place of numbers leave open, for a reader who knows everything else.

Such a reader knows how this gate works, how many people answered in every area, and all numbers of
a remainder. They ask of each hidden part: which counts are still possible? Pure arithmetic over
whole numbers, by every way in which the parts of a remainder could be told (docs/adr/0151).
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

MOST_PARTS = 8
MOST_WAYS = 512
"""Remainders of more parts, or with more ways to look at, are told without bounds."""

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Part:
    """A hidden area of n people in a remainder, and what may be told of it: `passing` are the
    ranges of x by message where it passes by itself and was withdrawn, `failing` where it does
    not; a message that stands for two ranges has both."""

    n: int
    passing: tuple[tuple[Range, ...], ...]
    failing: tuple[tuple[Range, ...], ...]


@lru_cache(maxsize=4_096)
def leaves_open(x: int, others: int, parts: tuple[Part, ...], k: int, base: int) -> bool:
    """Whether it tells on nobody to give every part of a remainder its bound, in whichever way the
    x people with the property are spread over the parts and `others`, of whom nothing is told.

    The answer hangs on nothing that the reader does not know, so that a bound that is not told
    tells nothing either.
    """
    if len(parts) > MOST_PARTS:
        return False
    ways = 1
    for part in parts:
        ways *= len(part.failing) + 1
    if ways * (1 + sum(len(part.passing) for part in parts)) > MOST_WAYS:
        return False
    sizes = [part.n for part in parts] + [others]
    return all(_is_open(x, sizes, [*way, ((0, others),)], k, base) for way in _ways_to_tell(parts))


def _ways_to_tell(parts: Sequence[Part]) -> Iterator[tuple[tuple[Range, ...], ...]]:
    """One part that passes makes a remainder safe, so that no second one is withdrawn."""
    yield from itertools.product(*(part.failing for part in parts))
    for one in range(len(parts)):
        yield from itertools.product(
            *(part.passing if i == one else part.failing for i, part in enumerate(parts))
        )


def _is_open(
    x: int, sizes: Sequence[int], told: Sequence[Sequence[Range]], k: int, base: int
) -> bool:
    found = [_possible(x, told, i) for i in range(len(told))]
    if not all(found):
        return True  # it cannot be told so
    return all(_is_wide(ranges, n, k, base) for ranges, n in zip(found, sizes, strict=True) if n)


def _possible(x: int, told: Sequence[Sequence[Range]], which: int) -> list[Range]:
    """The counts that are possible for one of the parts when the others are within their bounds."""
    found = []
    for own in told[which]:
        for rest in itertools.product(*(told[i] for i in range(len(told)) if i != which)):
            low = max(own[0], x - sum(high for _, high in rest))
            high = min(own[1], x - sum(low for low, _ in rest))
            if low <= high:
                found.append((low, high))
    return found


def _is_wide(ranges: Sequence[Range], n: int, k: int, base: int) -> bool:
    """Whether people might be published by themselves whichever count it is; or so many counts are
    possible that suppressing them would leave no more."""
    if n >= max(k, base) and all(k <= low and high <= n - k for low, high in ranges):
        return True
    counts = set().union(*(range(low, high + 1) for low, high in ranges))
    return len(counts) > min(k - 1, n // 3)
