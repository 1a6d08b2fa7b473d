"""The server's certificate: the user's own, or one that is made once and known by its fingerprint.

Nobody signs a certificate for a computer at home, so that clients know the generated one by its
SHA-256, which pairing tells them (decision 71). It therefore must stay the same.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scumble_protocol.errors import ErrorCode, RequestError, ServerError
from scumble_server.jobs.blobstore import disk_error

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "server.pem"
_YEARS = dt.timedelta(days=3650)
_SKEW = dt.timedelta(days=1)
"""Clients' clocks may be a day behind."""


@dataclass(frozen=True)
class Identity:
    """What the server shows to whoever connects.

    Args:
        context: For the listening socket.
        fingerprint: SHA-256 of the certificate, 64 hexadecimal digits.
    """

    context: ssl.SSLContext
    fingerprint: str


def own_identity(certificate: Path, key: Path) -> Identity:
    """The user's own certificate, with those that vouch for it after it.

    Args:
        certificate: A PEM file.
        key: A PEM file with its private key, without a password; may be the same file.

    Raises:
        RequestError: They can't be read, or don't belong together.
    """
    try:
        return _load(certificate, key)
    except OSError as error:  # which ssl.SSLError is, too
        reason = _reason(error, certificate, key)
    except ValueError:
        reason = f"{certificate} has no certificate in it"
    raise RequestError(
        ErrorCode.INVALID_VALUE,
        f"The certificate can't be used: {reason}.",
        "Give --tls-cert and --tls-key as PEM files that belong together, the key without a "
        "password; or leave both out, and the server makes its own.",
    )


def kept_identity(folder: Path) -> Identity:
    """The certificate in this folder, made if there is none.

    Raises:
        ServerError: It can't be read, or made.
    """
    path = folder / FILE_NAME
    try:
        if not path.exists():
            _make(path)
        return _load(path, path)
    except (ssl.SSLError, ValueError) as error:
        raise ServerError(
            ErrorCode.INTERNAL,
            f"The server's certificate {path} is damaged.",
            "Delete that file; a new one is made then, and editors on other computers have to be "
            "paired again.",
        ) from error
    except OSError as error:
        raise disk_error(error, folder) from error


def _load(certificate: Path, key: Path) -> Identity:
    # Here, for only a server that others reach needs it.
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    first = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
    key.open("rb").close()  # so that the error names it; OpenSSL's does not
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    # An empty password: without one, OpenSSL would ask on the terminal.
    context.load_cert_chain(certificate, key, password=lambda: "")
    return Identity(context, hashlib.sha256(first.public_bytes(Encoding.DER)).hexdigest())


def _make(path: Path) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Scumble")])
    now = dt.datetime.now(dt.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + _YEARS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write(path, private + certificate.public_bytes(pem))


def _write(path: Path, pem: bytes) -> None:
    """Key and certificate in one file, so that there never is one without the other."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    part.replace(path)


def _reason(error: OSError, certificate: Path, key: Path) -> str:
    if not isinstance(error, ssl.SSLError):
        return f"{error.filename or certificate}: {error.strerror or error}"
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"{key} is not the key of {certificate}"
    return f"{key} has no key in it that can be read without a password"
