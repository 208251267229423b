"""What must not stay in a log does not. ASVS 16.2.5."""

import io
import logging
import uuid
from typing import Any

import pytest

from kinder.redaction import RedactingFormatter, redact

# As long as a device's key; the same each time, for it names tests that several workers run.
KEY = "cic1kvqGnjAO-1OEMrduEp7VR8ooD3wH28VTAzedasc"
TOKEN = "e9a19d52-4b07-4df5-bed6-a04340d954ff:1vK3bT:x8Yq2mZp0LkR7tUwVb3nC5dE9fG1hJ4"


@pytest.mark.parametrize(
    ("line", "gone"),
    [
        ("Mail to agnes.mcb+x@example.org failed", "agnes"),
        (f"Not Found: /log/undo/{TOKEN}/", "x8Yq2mZp0LkR7tUwVb3nC5dE9fG1hJ4"),
        (f"key {KEY} is unknown", KEY),
        (f"{{'Cookie': 'sessionid=abc; kinder_device={KEY}'}}", "abc"),
        ("sessionid=k3jh4k5jh3k4jh5k3j4h5", "k3jh4"),
        ("__Host-sessionid=abcdef; x", "abcdef"),
        ("Authorization: Bearer ab.cd.ef", "ab.cd"),
        ("postgis://kinder:s3cret@db/kinder", "s3cret"),
        ("null value\nDETAIL:  Failing row contains (1, Agnes fell, 4 Mill St).", "Agnes"),
        ("POST /x?token=abc&code=123456", "123456"),
    ],
)
def test_what_must_not_stay_is_taken_out(line: str, gone: str) -> None:
    assert gone not in redact(line)


@pytest.mark.parametrize(
    "line",
    [
        "Not Found: /log/e9a19d52-4b07-4df5-bed6-a04340d954ff/saved/",
        "WARNING connections.indicators.tasks: swept 3412 keys of shard 12 in 0.4 s",
        'File "kinder/accounts/moderation.py", line 120, in decide_gatherings_that_wait_4_you',
        "Redis did not answer: ConnectionError",
        "GET /places/bcdfghj/ 200",
    ],
)
def test_what_helps_to_mend_stays(line: str) -> None:
    assert redact(line) == line


def test_tracebacks_are_redacted_too() -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(RedactingFormatter("%(message)s"))
    logger = logging.getLogger(f"test.{uuid.uuid4()}")
    logger.addHandler(handler)
    logger.propagate = False
    try:
        raise ValueError(f"agnes@example.org and {KEY}")
    except ValueError:
        logger.exception("It broke for %s", "bert@example.org")
    text = written.getvalue()
    assert "Traceback" in text
    assert "ValueError" in text
    for gone in ("agnes", "bert", KEY):
        assert gone not in text


def test_the_handlers_of_this_project_redact() -> None:
    from django.conf import settings

    logging_of: Any = settings.LOGGING
    assert logging_of["formatters"]["plain"]["()"].endswith("RedactingFormatter")
    assert logging_of["handlers"]["console"]["formatter"] == "plain"
    assert settings.CELERY_WORKER_HIJACK_ROOT_LOGGER is False
