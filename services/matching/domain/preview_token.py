"""Preview token owns what binds a merge to what was shown of it: the digest of customers, and the policy that held."""

import base64
import binascii
from dataclasses import dataclass

from services.runtime.failures import FieldsInvalid, FieldViolation

_DIGEST_BYTES = 32
NO_DIGEST = "0" * (2 * _DIGEST_BYTES)
"""The digest of nothing: a merge that must meet it answers what it answered before, or is refused as stale."""


@dataclass(frozen=True, slots=True)
class PreviewToken:
    """The digest in hex over a merge and all that it would join, and the version of the policy."""

    digest: str
    policy_version: str

    def encode(self) -> str:
        """Return the text that callers pass on. It is no secret and no permission: it says what they have seen."""
        raw = bytes.fromhex(self.digest) + self.policy_version.encode()
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    def digest_under(self, policy_version: str) -> str:
        """Return the digest to be met while this policy holds: one that nothing meets where it is another one."""
        return self.digest if policy_version == self.policy_version else NO_DIGEST


def decoded(text: str) -> PreviewToken:
    """Return the token of a text; FieldsInvalid where it is none."""
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        if len(raw) <= _DIGEST_BYTES:
            raise ValueError("too short")
        return PreviewToken(raw[:_DIGEST_BYTES].hex(), raw[_DIGEST_BYTES:].decode())
    except (ValueError, binascii.Error) as error:
        wrong = FieldViolation("preview_token", "must be a preview_token as PreviewMerge returned it")
        raise FieldsInvalid([wrong], cause=str(error)) from error
