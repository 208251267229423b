"""What few may read is unreadable without the keys, and goes over to a new one."""

import time
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from cryptography.fernet import Fernet
from django.core.management import call_command
from pytest_django import Settings

from connections.befriending.models import Concern, Meeting
from kinder.accounts.acting import acting
from kinder.accounts.encryption import UnreadableTextError, decrypt, encrypt, rotate
from tests.factories import AreaFactory, UserFactory
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
