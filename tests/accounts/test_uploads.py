"""What strangers send: judged by content, written anew. ASVS 5.2, 5.3."""

import io
import struct
import zipfile
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from kinder.accounts import uploads
from kinder.accounts.uploads import (
    BadUploadError,
    Kind,
    PhotoField,
    detect_kind,
    open_archive,
    read_member,
    read_photo,
    read_text,
    tidy_name,
)


def make_photo(
    size: tuple[int, int] = (400, 300), mode: str = "RGB", file_format: str = "JPEG", **save: object
) -> io.BytesIO:
    written = io.BytesIO()
    Image.new(mode, size, 128 if mode in "LP" else None).save(written, file_format, **save)
    return written


def test_a_photo_loses_where_it_was_taken_and_stands_upright() -> None:
    """5.3: nothing of what a phone writes beside the picture is kept."""
    exif = Image.Exif()
    exif[Base.Orientation] = 6
    exif[Base.Make] = "Kettle Phones"
    exif.get_ifd(IFD.GPSInfo)[GPS.GPSLatitude] = (55.0, 51.0, 30.0)
    sent = make_photo((400, 300), exif=exif, comment=b"taken by Agnes")
    assert b"Kettle" in sent.getvalue()
    photo = read_photo(sent)
    with Image.open(io.BytesIO(photo.content)) as kept:
        assert kept.format == "JPEG"
        assert kept.size == (300, 400) == (photo.width, photo.height)
        assert not kept.getexif()
    for word in (b"Kettle", b"Agnes", b"Exif", b"GPS"):
        assert word not in photo.content


@pytest.mark.parametrize(
    ("mode", "file_format"),
    [
        ("RGB", "PNG"),
        ("RGBA", "PNG"),
        ("P", "PNG"),
        ("L", "JPEG"),
        ("CMYK", "JPEG"),
        ("RGBA", "WEBP"),
    ],
)
def test_every_kind_of_photo_becomes_a_small_jpeg(mode: str, file_format: str) -> None:
    photo = read_photo(make_photo((3000, 10), mode, file_format))
    assert photo.width == uploads.LONGEST_SIDE
    assert detect_kind(io.BytesIO(photo.content)) is Kind.JPEG
    assert photo.name.endswith(".jpg")


def test_what_hides_behind_a_picture_is_gone() -> None:
    """5.2.2: a file that is a picture and a page at once comes out as a picture."""
    sent = io.BytesIO(make_photo().getvalue() + b"<script>alert(1)</script>PK\x03\x04")
    assert b"script" not in read_photo(sent).content


def make_bomb(width: int, height: int) -> io.BytesIO:
    """A PNG of a few bytes that claims many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\x00" * 100_000)
    return io.BytesIO(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(8_000, 8_000), (12_000, 12_000), (60_000, 60_000)])
def test_a_picture_that_would_fill_the_memory_is_refused(size: tuple[int, int]) -> None:
    """5.2.6"""
    with pytest.raises(BadUploadError, match="too many pixels"):
        read_photo(make_bomb(*size))


@pytest.mark.parametrize(
    "content",
    [
        b"GIF89a" + b"\x00" * 40,
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"%!PS-Adobe-3.0 EPSF-3.0",
        b"\xff\xd8\xff\xe0" + b"\x00" * 100,
        make_photo().getvalue()[:300],
        b"<html>",
        b"\x00\x00\x00\x18ftypheic",
    ],
)
def test_what_is_no_photo_is_refused_whatever_it_is_called(content: bytes) -> None:
    """5.2.2"""
    with pytest.raises(BadUploadError, match="no photo"):
        read_photo(SimpleUploadedFile("cat.jpg", content, "image/jpeg"))


def test_empty_and_large_files_are_refused_with_the_sizes() -> None:
    """5.2.1"""
    with pytest.raises(BadUploadError, match="empty"):
        read_photo(io.BytesIO())
    with pytest.raises(BadUploadError, match="too large"):
        read_photo(make_photo((2000, 2000)), most_bytes=1_000)


def test_moving_pictures_are_refused() -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    sent = io.BytesIO()
    frames[0].save(sent, "WEBP", save_all=True, append_images=frames[1:])
    with pytest.raises(BadUploadError, match="moves"):
        read_photo(sent)


def test_the_form_field_says_it_in_the_form() -> None:
    field = PhotoField(required=False)
    assert field.clean(None) is None
    assert field.clean(SimpleUploadedFile("a.png", make_photo().getvalue())).width == 400
    with pytest.raises(BadUploadError):
        field.clean(SimpleUploadedFile("a.png", b"nothing"))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7", Kind.PDF),
        (b"PK\x03\x04", Kind.ZIP),
        (b"\x1f\x8b\x08", Kind.GZIP),
        (b"SQLite format 3\x00", Kind.SQLITE),
        (b"\x00\x00\x00\x0e\x0a\x09OSMHeader\x18", Kind.PBF),
        (b"\xef\xbb\xbf<?xml version='1.0'?>", Kind.XML),
        (b' {"type": "FeatureCollection"}', Kind.JSON),
        ("name;kind".encode("utf-16"), Kind.TEXT),
        (b"name,kind", Kind.TEXT),
        (b"MZ\x90\x00", Kind.UNKNOWN),
        (b"", Kind.UNKNOWN),
    ],
)
def test_the_content_says_what_a_file_is(content: bytes, kind: Kind) -> None:
    assert detect_kind(SimpleUploadedFile("x.csv", content, "text/csv")) is kind


def test_text_is_read_as_it_was_written() -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        assert read_text(io.BytesIO("Café Süd, 4 £".encode(encoding))) == "Café Süd, 4 £"
    assert read_text(io.BytesIO(b"a\x07b\r\nc")) == "ab\r\nc"
    with pytest.raises(BadUploadError, match="no text file"):
        read_text(SimpleUploadedFile("x.csv", b"PK\x03\x04\x00"))
    with pytest.raises(BadUploadError, match="no text file"):
        read_text(io.BytesIO(b"MZ\x90\x00"))


def make_zip(**members: bytes) -> io.BytesIO:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return written


def test_an_archive_is_opened_and_read() -> None:
    with open_archive(make_zip(**{"places.csv": b"name\nA"})) as archive:
        assert read_member(archive, "places.csv") == b"name\nA"
        with pytest.raises(BadUploadError):
            read_member(archive, "places.csv", most_bytes=3)
        with pytest.raises(BadUploadError):
            read_member(archive, "other.csv")


@pytest.mark.parametrize(
    "members",
    [
        {"../../etc/cron.d/x": b"x"},
        {"/etc/passwd": b"x"},
        {"..\\..\\boot.ini": b"x"},
        {"C:/boot.ini": b"x"},
        {"bomb.csv": b"0" * 30_000_000},
        {f"{number}.csv": b"x" for number in range(2_001)},
    ],
    ids=["climbs", "absolute", "backslash", "drive", "swells", "many"],
)
def test_an_archive_that_climbs_out_or_swells_is_refused(members: dict[str, bytes]) -> None:
    """5.2.3, 5.3.3"""
    with pytest.raises(BadUploadError), open_archive(make_zip(**members)):
        pass


def test_what_is_no_archive_is_refused() -> None:
    with (
        pytest.raises(BadUploadError, match="cannot be opened"),
        open_archive(io.BytesIO(b"PK\x03\x04")),
    ):
        pass


@pytest.mark.parametrize(
    ("name", "tidy"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\a\\places.csv", "places.csv"),
        (".htaccess", "htaccess"),
        ('a"; rm -rf /.csv', "csv"),
        ("what\r\nSet-Cookie: x.csv", "what_Set-Cookie_ x.csv"),
        ("\u202egpj.exe", "_gpj.exe"),
        ("", "file"),
        ("...", "file"),
        ("x" * 200 + ".csv", "x" * 69 + ".csv"),
    ],
)
def test_names_are_made_harmless(name: str, tidy: str) -> None:
    """5.3.2"""
    assert tidy_name(name) == tidy
