"""A certificate authority of our own, and certificates for the carrier's host names.

The authority is made once and kept, so that an application needs to trust it once. Its key never
leaves its folder and is readable by its owner only.
"""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_REGIONS = ("us1", "ie1", "au1")
_EDGES = (
    "ashburn", "dublin", "frankfurt", "roaming", "sao-paulo", "singapore", "sydney", "tokyo",
    "umatilla",
)  # fmt: skip
NAMES = (
    "api.twilio.com",
    "*.twilio.com",
    *(f"*.{region}.twilio.com" for region in _REGIONS),
    *(f"*.{edge}.{region}.twilio.com" for region in _REGIONS for edge in _EDGES),
)
"""Hosts with an edge or a region stand below it (Twilio, "Global infrastructure")."""
_CA_DAYS, _LEAF_DAYS = 3650, 90
_RENEW_DAYS = 7


@dataclass(frozen=True)
class Authority:
    """The files of the authority: `ca` is what an application trusts."""

    ca: Path
    chain: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """What the proxy answers TLS with."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.chain, self.key)
        return context


def authority_in(folder: Path) -> Authority:
    """The authority kept in a folder, made there if it is new or about to expire."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ca_path, ca_key_path = folder / "ca.pem", folder / "ca.key"
    if not _is_good(ca_path) or not ca_key_path.exists():
        _make_ca(ca_path, ca_key_path)
    found = Authority(ca_path, folder / "twilio.pem", folder / "twilio.key")
    if not _is_good(found.chain) or not found.key.exists() or not _is_ours(found):
        _make_leaf(found, ca_key_path)
    return found


def _is_good(path: Path) -> bool:
    """Whether a certificate is there and lasts for some days."""
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return False
    return certificate.not_valid_after_utc > datetime.now(UTC) + timedelta(days=_RENEW_DAYS)


def _is_ours(found: Authority) -> bool:
    """Whether the certificate is the authority's, for all of the names."""
    leaf = x509.load_pem_x509_certificate(found.chain.read_bytes())
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    if set(names.get_values_for_type(x509.DNSName)) != set(NAMES):
        return False
    ca = x509.load_pem_x509_certificate(found.ca.read_bytes())
    try:
        leaf.verify_directly_issued_by(ca)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _make_ca(path: Path, key_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Phone simulator on this machine")])
    certificate = (
        _certificate(name, name, key.public_key(), _CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write(key_path, _pem(key))
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _make_leaf(found: Authority, ca_key_path: Path) -> None:
    ca = x509.load_pem_x509_certificate(found.ca.read_bytes())
    ca_key = serialization.load_pem_private_key(ca_key_path.read_bytes(), None)
    if not isinstance(ca_key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{ca_key_path}: expected the authority's EC key; remove the folder")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAMES[0])])
    names = x509.SubjectAlternativeName([x509.DNSName(one) for one in NAMES])
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    certificate = (
        _certificate(name, ca.subject, key.public_key(), _LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(names, critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(issuer, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    _write(found.key, _pem(key))
    pem = serialization.Encoding.PEM
    found.chain.write_bytes(certificate.public_bytes(pem) + ca.public_bytes(pem))


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(path: Path, secret: bytes) -> None:
    """Write a file that only its owner may read, from its first byte on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secret)
