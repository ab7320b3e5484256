"""Identity of a kit's Chrome extension: its key, its id that browsers derive from the key, and its origin. Pure."""

import base64
import hashlib
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_ID_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


def extension_key(token_id: UUID) -> str:
    """Return the manifest's ``key`` in a token's kit: always the same, so that the extension keeps its id.

    The key protects nothing, and nothing is signed with it: browsers do not verify an extension loaded from a folder.
    """
    secret = int.from_bytes(hashlib.sha256(b"extension:" + token_id.bytes).digest()[:31], "big") + 1
    public = ec.derive_private_key(secret, ec.SECP256R1()).public_key()
    return base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def extension_id(token_id: UUID) -> str:
    """Return the extension's id: 32 letters."""
    return hashlib.sha256(base64.b64decode(extension_key(token_id))).hexdigest()[:32].translate(_ID_LETTERS)


def extension_origin(token_id: UUID) -> str:
    """Return the origin of the extension's pages, which the token's allowed domains must contain."""
    return f"chrome-extension://{extension_id(token_id)}"
