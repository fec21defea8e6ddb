"""Signatures by the key of an X.509 certificate."""

from collections.abc import Callable, Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509 import load_pem_x509_certificate

from bot.sources.authentication import Unauthorized

HASHES: Mapping[str, Callable[[], SHA1 | SHA256]] = {"1": SHA1, "2": SHA256}


def check_signature(certificate: bytes, version: str, signature: bytes, text: bytes) -> None:
    """
    Check that `signature` is of `text` and by the key of the certificate.

    Raises Unauthorized for a certificate or version that cannot be used, ValueError for another signature.
    """
    try:
        key = load_pem_x509_certificate(certificate).public_key()
    except ValueError:
        raise Unauthorized("SigningCertURL: the certificate cannot be read.") from None
    if version not in HASHES or not isinstance(key, RSAPublicKey):
        raise Unauthorized("SignatureVersion: this version is not known. Use 1 or 2.")
    try:
        key.verify(signature, text, PKCS1v15(), HASHES[version]())
    except InvalidSignature:
        raise ValueError("the signature is by another key") from None
