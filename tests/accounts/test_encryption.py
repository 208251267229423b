"""What few may read is unreadable without the keys, and goes over to a new one."""

import re
import time
from io import StringIO
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from cryptography.fernet import Fernet
from django.conf import settings as settings_
from django.core.management import call_command
from pytest_django import Settings

from connections.befriending.models import Concern, Meeting
from connections.interactions.models import Note
from kinder.accounts import encryption
from kinder.accounts.acting import acting
from kinder.accounts.encryption import (
    UnreadableTextError,
    decrypt,
    encrypt,
    encrypted_columns,
    rotate,
    rotate_all,
)
from tests.factories import AreaFactory, InteractionFactory, UserFactory
from tests.factories.befriending import make_story

TEXT = "A fall on the stairs – Sàbhailte, безпека"


def test_a_text_comes_back_and_its_cipher_tells_nothing() -> None:
    one, two = encrypt(TEXT), encrypt(TEXT)
    assert decrypt(one) == decrypt(memoryview(two)) == TEXT
    assert one != two
    assert b"stairs" not in one


def test_an_altered_text_is_refused() -> None:
    cipher = bytearray(encrypt(TEXT))
    cipher[20] ^= 1
    with pytest.raises(UnreadableTextError):
        decrypt(bytes(cipher))


def test_the_newest_key_encrypts_and_all_decrypt(settings: Settings) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [old]
    cipher = encrypt(TEXT)
    settings.ENCRYPTION_KEYS = [new, old]
    assert decrypt(cipher) == TEXT
    rotated = rotate(cipher)
    settings.ENCRYPTION_KEYS = [new]
    assert decrypt(rotated) == TEXT
    for read in (decrypt, rotate):
        with pytest.raises(UnreadableTextError):
            read(cipher)


@pytest.mark.django_db
def test_the_command_takes_everything_over_to_the_new_key(settings: Settings) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [old]
    story = make_story(AreaFactory.create())
    user, secret = UserFactory.create(), "JBSWY3DPEHPK3PXP"
    totp = TOTP.activate(user, secret).instance
    codes = RecoveryCodes.activate(user).generate_codes()
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored
    settings.ENCRYPTION_KEYS = [new, old]
    printed = StringIO()
    call_command("rotate_encryption", stdout=printed)
    assert "befriending: 5 texts" in printed.getvalue()
    settings.ENCRYPTION_KEYS = [new]
    totp.refresh_from_db()
    assert totp.wrap().validate_code(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))
    recovery = Authenticator.objects.get(user=user, type=Authenticator.Type.RECOVERY_CODES)
    assert recovery.wrap().generate_codes() == codes
    with acting(user=story.lead):
        assert "a fall on the stairs" in decrypt(Concern.objects.get().ciphertext)
        assert decrypt(Meeting.objects.get().note_ciphertext or b"") == "a good talk"


def test_every_encrypted_column_is_found() -> None:
    """Whatever any room encrypts lies in a column that the rotation finds, or says how itself."""
    found = {f"{model._meta.label}.{column}" for model, column in encrypted_columns()}
    assert {
        "befriending.Concern.ciphertext",
        "befriending.Meeting.note_ciphertext",
        "interactions.Note.ciphertext",
    } <= found
    root = Path(settings_.BASE_DIR)
    writing = re.compile(r"(\w+)\s*[=:]\s*encrypt\(|\"(\w+)\":\s*encrypt\(")
    for room in ("kinder", "places", "connections"):
        for path in (root / room).rglob("*.py"):
            if "migrations" in path.parts or path.name in {"adapters.py", "encryption.py"}:
                continue
            for match in writing.finditer(path.read_text()):
                name = match[1] or match[2]
                assert name.endswith("ciphertext"), f"{path}: {match[0]}"


@pytest.mark.django_db
def test_each_column_is_put_under_the_newest_key_and_only_that_opens_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encryption, "_BATCH", 2)
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [old]
    notes = [
        Note.objects.create(interaction=InteractionFactory.create(), ciphertext=encrypt(text))
        for text in ("one", "two", "three", "four", "five")
    ]
    settings.ENCRYPTION_KEYS = [new, old]
    assert rotate_all()["interactions"] == 5
    settings.ENCRYPTION_KEYS = [new]
    for note, text in zip(notes, ("one", "two", "three", "four", "five"), strict=True):
        note.refresh_from_db()
        assert decrypt(note.ciphertext) == text
