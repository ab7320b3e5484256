"""Makes a certificate authority, and certificates that it issues, for tests of TLS."""

import datetime as dt
import ssl
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


class Authority:
    """A certificate authority with a new key."""

    def __init__(self, name: str = "Test authority") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        self.certificate = _pem(
            _builder(self._name, self._name, self._key, constraints).sign(self._key, hashes.SHA256())
        )

    def issue(
        self, common_name: str, *, host: str | None = None, address: str | None = None, days: float = 1
    ) -> tuple[str, str]:
        """Issue a certificate for ``days``; return it and its key as PEM texts.

        It is for the host name ``host`` or the IP address ``address``; without both, for a client.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        builder = _builder(name, self._name, key, x509.BasicConstraints(ca=False, path_length=None), days)
        names: list[x509.GeneralName] = [x509.DNSName(host)] if host else []
        names += [x509.IPAddress(ip_address(address))] if address else []
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return _pem(builder.sign(self._key, hashes.SHA256())), private


class ServerCertificate:
    """Files with a certificate for the server at the IP address ``address``, and with the authority's certificate."""

    def __init__(self, folder: Path, address: str = "127.0.0.1", *, days: float = 1) -> None:
        authority = Authority()
        certificate, key = authority.issue("server", address=address, days=days)
        self.authority_file, self._server_file = folder / "authority.pem", folder / "server.pem"
        self.authority_file.write_text(authority.certificate)
        self._server_file.write_text(certificate + key)

    def server_context(self) -> ssl.SSLContext:
        """The TLS context of the server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._server_file)
        return context

    def client_context(self) -> ssl.SSLContext:
        """The TLS context of a client that trusts this authority alone."""
        context = ssl.create_default_context(cafile=str(self.authority_file))
        # The certificates lack extensions that are not needed here.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return context


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    constraints: x509.BasicConstraints,
    days: float = 1,
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=2))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(constraints, critical=True)
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()
