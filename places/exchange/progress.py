"""What somebody at a terminal sees while an import runs. Nothing is drawn where nobody looks."""

import io
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NoReturn, TextIO, TypeVar

from tqdm import tqdm

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Item = TypeVar("Item")


class Progress:
    """Bars for what is read and a line for each thing that the database does."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out if out is not None and out.isatty() else None

    def items(
        self, label: str, items: Iterable[Item], *, total: int | None = None
    ) -> Iterator[Item]:
        """Yield `items` while a bar counts them."""
        if self._out is None:
            yield from items
            return
        with tqdm(items, desc=label, total=total, unit_scale=True, file=self._out) as bar:
            yield from bar

    @contextmanager
    def reading(self, path: Path) -> Iterator[BinaryIO]:
        """Open a file for reading while a bar shows how much of it is behind."""
        with path.open("rb") as file:
            if self._out is None:
                yield file
                return
            bar = tqdm(
                desc=f"Reading {path.name}",
                total=path.stat().st_size,
                unit="B",
                unit_scale=True,
                unit_divisor=1024,
                file=self._out,
            )
            with bar, io.BufferedReader(_Counted(file, bar)) as counted:
                yield counted

    @contextmanager
    def step(self, label: str) -> Iterator[None]:
        """Say what the database is busy with, and for how long it was."""
        if self._out is None:
            yield
            return
        self._out.write(f"{label} …")
        self._out.flush()
        started = time.monotonic()
        try:
            yield
        finally:
            self._out.write(f"\r{label}: {time.monotonic() - started:.1f} s\n")
            self._out.flush()


class _Counted(io.RawIOBase):
    """A file that tells a bar how many bytes were read of it, packed or not."""

    def __init__(self, file: BinaryIO, bar: "tqdm[NoReturn]") -> None:
        self._file = file
        self._bar = bar

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        data = self._file.read(len(view))
        view[: len(data)] = data
        self._bar.update(len(data))
        return len(data)
