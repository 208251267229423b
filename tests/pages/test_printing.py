"""Documents are set in a process of their own: the same bytes each time, and words when it fails."""

from pathlib import Path

import pytest

from kinder import printing
from kinder.printing import PrintingError, compile_typst, print_pdf

GOOD = "#let data = json(bytes(sys.inputs.data))\n#set document(title: data.title)\n= #data.title\n"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "good.typ"
    path.write_text(GOOD)
    return path


def test_equal_data_gives_equal_bytes_in_every_script(template: Path) -> None:
    first = print_pdf(template, {"title": "Tìr, مهربانی & Дім"})
    assert first.startswith(b"%PDF")
    assert print_pdf(template, {"title": "Tìr, مهربانی & Дім"}) == first
    assert print_pdf(template, {"title": "Tìr"}) != first


def test_what_a_screen_reader_could_not_read_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "bad.typ"
    path.write_text("No title at all")
    with pytest.raises(PrintingError, match="title"):
        print_pdf(path, {})


def test_what_takes_too_long_is_given_up(template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "PATIENCE", 0.001)
    with pytest.raises(PrintingError, match="seconds"):
        compile_typst(template, {"title": "x"}, timestamp=0, format="pdf")
