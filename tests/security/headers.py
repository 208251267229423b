"""What the headers of every answer must say."""

from collections.abc import Mapping
from typing import Any

FRAMEABLE = "/embed/"
# What browsers send anywhere with a page of ours in it is none of their business.
CLOSED = ("camera=()", "microphone=()", "payment=()", "usb=()", "geolocation=(self)")


def check_headers(headers: Any, path: str) -> None:
    """Fail where an answer lacks a header, or has one that lets too much in."""
    found: Mapping[str, str] = {name.lower(): value for name, value in dict(headers).items()}
    policy = found.get("content-security-policy", "")
    assert "default-src 'none'" in policy, path
    assert "unsafe" not in policy, path
    assert "base-uri 'none'" in policy, path
    assert "form-action 'self'" in policy, path
    if path.startswith(FRAMEABLE):
        policy = policy.replace("frame-ancestors *", "")
        assert "x-frame-options" not in found, path
        assert "set-cookie" not in found, path
    else:
        assert "frame-ancestors 'none'" in policy, path
        assert found.get("x-frame-options", "DENY") == "DENY", path
    assert "*" not in policy.replace("*.", ""), path
    assert found["x-content-type-options"] == "nosniff", path
    assert found["referrer-policy"] == "same-origin", path
    assert found["cross-origin-opener-policy"] == "same-origin", path
    assert found["cross-origin-resource-policy"] in {"same-origin", "cross-origin"}, path
    for word in CLOSED:
        assert word in found["permissions-policy"], path
    assert "server" not in found, path
    assert "x-powered-by" not in found, path
