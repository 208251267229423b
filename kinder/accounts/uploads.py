"""What strangers send as files: judged by what is inside, never by its name; photos written anew.

    photo = read_photo(request.FILES["photo"])     # BadUploadError: words for people
    place.photo.save(photo.name, ContentFile(photo.content))

    text = read_text(upload)                       # CSV, GeoJSON, XML …
    with open_archive(upload) as archive: …        # a zip that cannot swell

Form fields: PhotoField and FileField below say the same sentences as form errors.
"""

import io
import re
import secrets
import unicodedata
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import IO, Any, Protocol

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from PIL import Image, ImageOps, UnidentifiedImageError

MEGABYTE = 1_048_576
LARGEST_PHOTO = 12 * MEGABYTE
"""Bytes; a phone's photo has about 4 MB, a large one 10."""
MOST_PIXELS = 50_000_000
"""A decoded photo takes 4 bytes a pixel: 200 MB at most, for a moment."""
LONGEST_SIDE = 1_600
"""Pixels that a photo keeps on its longer side."""
LARGEST_TEXT = 50 * MEGABYTE
MOST_IN_ARCHIVE = 2_000
LARGEST_UNPACKED = 1_024 * MEGABYTE
MOST_SWELLING = 200
"""How many times larger a member may be unpacked. Text of GeoJSON shrinks to a fiftieth at best."""
_PHOTO_FORMATS = ("JPEG", "PNG", "WEBP")
_QUALITY = 82


class BadUploadError(ValidationError):
    """A file that is refused; its message is a sentence for whoever sent it."""


class Source(Protocol):
    """A file as Django gives it, or any open binary file."""

    def read(self, size: int = -1, /) -> bytes: ...
    def seek(self, offset: int, whence: int = 0, /) -> Any: ...


class Kind(StrEnum):
    """What the first bytes say a file is."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    PDF = "pdf"
    ZIP = "zip"
    GZIP = "gzip"
    SQLITE = "sqlite"  # a GeoPackage is one
    PBF = "pbf"  # an OpenStreetMap extract
    XML = "xml"
    JSON = "json"
    TEXT = "text"
    UNKNOWN = "unknown"


_SIGNATURES = (
    (b"\xff\xd8\xff", Kind.JPEG),
    (b"\x89PNG\r\n\x1a\n", Kind.PNG),
    (b"%PDF-", Kind.PDF),
    (b"PK\x03\x04", Kind.ZIP),
    (b"PK\x05\x06", Kind.ZIP),
    (b"\x1f\x8b", Kind.GZIP),
    (b"SQLite format 3\x00", Kind.SQLITE),
)
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def detect_kind(upload: Source) -> Kind:
    """Return what the content of `upload` is; its name and declared type are not asked."""
    upload.seek(0)
    head = upload.read(512)
    upload.seek(0)
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Kind.WEBP
    return Kind.PBF if b"OSMHeader" in head[:32] else _detect_text(head)


def _detect_text(head: bytes) -> Kind:
    if head[:2] in _UTF_16_MARKS:
        head = head.decode("utf-16", errors="ignore").encode()
    if b"\x00" in head:
        return Kind.UNKNOWN
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<"):
        return Kind.XML
    if text.startswith((b"{", b"[")):
        return Kind.JSON
    return Kind.TEXT if text else Kind.UNKNOWN


def check_size(upload: Source, most: int) -> int:
    """Return how many bytes `upload` has; BadUploadError where it is empty or has over `most`."""
    upload.seek(0, io.SEEK_END)
    size: int = upload.tell() if hasattr(upload, "tell") else 0
    upload.seek(0)
    if size == 0:
        raise BadUploadError(_("This file is empty."))
    if size > most:
        raise BadUploadError(
            _("This file is too large: %(size)s. At most %(most)s can be sent.")
            % {"size": filesizeformat(size), "most": filesizeformat(most)}
        )
    return size


# ------------------------------------------------------------------ photos

# Pillow itself warns above this and refuses twice as many, before anything is decoded.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS
_TOO_MANY_PIXELS = gettext_lazy("This photo has too many pixels. Please send a smaller one.")


@dataclass(frozen=True)
class Photo:
    """A photo written anew: no EXIF, no position, no colour profile, no rest behind the picture."""

    content: bytes
    name: str
    width: int
    height: int
    content_type: str = "image/jpeg"


def read_photo(
    upload: Source, *, most_bytes: int = LARGEST_PHOTO, longest_side: int = LONGEST_SIDE
) -> Photo:
    """Return `upload` as a fresh JPEG, upright, at most `longest_side` pixels long.

    The name is random. BadUploadError says what is wrong: too large, too many pixels, no photo.
    """
    check_size(upload, most_bytes)
    try:
        with Image.open(_binary(upload), formats=_PHOTO_FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise BadUploadError(_TOO_MANY_PIXELS)
            # A phone's photo may hold a second, smaller one of itself (MPO): the first is taken.
            if opened.format != "MPO" and getattr(opened, "n_frames", 1) > 1:
                raise BadUploadError(_("This picture moves. Please send a still photo."))
            # Decodes a large JPEG at a part of its size; fails on a file that is cut off.
            opened.draft("RGB", (longest_side * 2, longest_side * 2))
            picture = ImageOps.exif_transpose(opened)
            picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise BadUploadError(_TOO_MANY_PIXELS) from None
    except BadUploadError:
        raise
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, MemoryError):
        raise BadUploadError(
            _("This is no photo that we can read. Please send a JPEG or PNG.")
        ) from None
    picture.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS)
    # A new canvas: whatever was hung on the old picture stays behind.
    fresh = Image.new("RGB", picture.size, "white")
    fresh.paste(picture, mask=picture.getchannel("A") if "A" in picture.getbands() else None)
    written = io.BytesIO()
    fresh.save(written, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
    return Photo(
        content=written.getvalue(),
        name=f"{secrets.token_hex(16)}.jpg",
        width=fresh.width,
        height=fresh.height,
    )


class PhotoField(forms.FileField):
    """A form's field for one photo: its cleaned value is a Photo, or None where none was sent."""

    widget = forms.ClearableFileInput

    def clean(self, data: Any, initial: Any = None) -> Any:
        sent = super().clean(data, initial)
        return read_photo(sent) if isinstance(sent, UploadedFile) else None

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "accept": "image/jpeg,image/png,image/webp"}


# ------------------------------------------------------------------ text


def read_text(upload: Source, *, most_bytes: int = LARGEST_TEXT) -> str:
    """Return the text of `upload`: UTF-8, UTF-16 with its mark, else Windows-1252.

    A file that is no text is BadUploadError. Line ends are left as they are; signs that cannot be
    part of a text (NUL and other control characters) are taken out.
    """
    check_size(upload, most_bytes)
    if detect_kind(upload) not in {Kind.XML, Kind.JSON, Kind.TEXT}:
        raise BadUploadError(_("This is no text file. Please send CSV, GeoJSON or XML."))
    raw = _binary(upload).read()
    try:
        text = raw.decode("utf-16" if raw[:2] in _UTF_16_MARKS else "utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    return _CONTROLS.sub("", text)


# ------------------------------------------------------------------ archives


@contextmanager
def open_archive(upload: Source, *, most_bytes: int = LARGEST_TEXT) -> Iterator[zipfile.ZipFile]:
    """Open a zip after looking at its list: few members, none that swells, none that climbs out.

    What the list says of sizes may be a lie: read members with `read_member`, which counts.
    """
    check_size(upload, most_bytes)
    try:
        archive = zipfile.ZipFile(_binary(upload))
    except (zipfile.BadZipFile, RuntimeError, OSError):
        raise BadUploadError(_("This zip file cannot be opened.")) from None
    with archive:
        members = archive.infolist()
        unpacked = sum(member.file_size for member in members)
        if len(members) > MOST_IN_ARCHIVE or unpacked > LARGEST_UNPACKED:
            raise BadUploadError(_("This zip file holds too much."))
        for member in members:
            if member.flag_bits & 1:
                raise BadUploadError(_("This zip file is locked with a password."))
            if not _stays_inside(member.filename):
                raise BadUploadError(_("This zip file has a name in it that we do not open."))
            if member.file_size > MOST_SWELLING * max(member.compress_size, 1_000):
                raise BadUploadError(_("This zip file holds too much."))
        yield archive


def read_member(archive: zipfile.ZipFile, name: str, *, most_bytes: int = LARGEST_TEXT) -> bytes:
    """Return one member of `archive`, never more than `most_bytes` of it in memory."""
    try:
        with archive.open(name) as member:
            content = member.read(most_bytes + 1)
    except (KeyError, zipfile.BadZipFile, RuntimeError, OSError, EOFError):
        raise BadUploadError(_("This zip file cannot be opened.")) from None
    if len(content) > most_bytes:
        raise BadUploadError(_("This zip file holds too much."))
    return content


def _stays_inside(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return (
        not path.is_absolute() and ".." not in path.parts and ":" not in name and "\x00" not in name
    )


# ------------------------------------------------------------------ names


def tidy_name(name: str, *, otherwise: str = "file") -> str:
    """Return a name that is safe to show, and to offer for saving: no folder, no leading dot, no
    sign that a shell, a header or a file system reads otherwise; 80 characters at most."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    name = re.sub(r"[^\w.\- ]+", "_", name).strip(" .")
    stem, dot, ending = name.rpartition(".")
    stem, ending = (stem, ending[:10]) if dot else (name, "")
    stem = stem.strip(" .")[:69] or otherwise
    return f"{stem}.{ending}" if ending else stem


def _binary(upload: Source) -> IO[bytes]:
    upload.seek(0)
    found: Any = getattr(upload, "file", upload)
    found.seek(0)
    binary: IO[bytes] = found
    return binary
