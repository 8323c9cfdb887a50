"""A resolver that answers as it is told to, servers on loopback addresses of their own, and
certificates for names that nobody has registered."""

import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tollgate_common.outbound.resolution import AddressInfo

INSIDE, OUTSIDE = "127.0.0.1", "127.0.0.2"
"""Two addresses of this machine; where only the second one is allowed, it is the public one."""

ONLY_OUTSIDE = f"{OUTSIDE}/32"


class Names:
    """`getaddrinfo` by a table: each look-up of a name takes its next answer, the last one stays.
    What is not in it is asked of the system, which knows numbers and this machine."""

    def __init__(self, **answers: Sequence[Sequence[str]]) -> None:
        self._answers = {name.replace("_", "."): list(rows) for name, rows in answers.items()}
        self.asked: list[str] = []

    def __call__(
        self, host: str, port: int, family: int = 0, kind: int = 0
    ) -> Sequence[AddressInfo]:
        self.asked.append(host)
        rows = self._answers.get(host)
        if rows is None:
            return socket.getaddrinfo(host, port, family, kind)
        row = rows.pop(0) if len(rows) > 1 else rows[0]
        return [info for each in row for info in socket.getaddrinfo(each, port, family, kind)]


class Server:
    """Answers each connection with the same bytes; `received` is what came, one entry for each."""

    def __init__(self, address: str, port: int, answer: bytes, tls: ssl.SSLContext | None) -> None:
        self._listener = socket.create_server((address, port))
        self._answer, self._tls = answer, tls
        self.port = int(self._listener.getsockname()[1])
        self.received: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            try:
                with self._wrapped(accepted) as connection:
                    self.received.append(connection.recv(65536))
                    connection.sendall(self._answer)
            except OSError:
                self.received.append(b"")

    def _wrapped(self, accepted: socket.socket) -> socket.socket:
        accepted.settimeout(5)
        return self._tls.wrap_socket(accepted, server_side=True) if self._tls else accepted


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"


@contextmanager
def server(
    address: str, port: int = 0, answer: bytes = OK, tls: ssl.SSLContext | None = None
) -> Iterator[Server]:
    made = Server(address, port, answer, tls)
    try:
        yield made
    finally:
        made.close()


def certified(folder: Path, name: str) -> tuple[ssl.SSLContext, str]:
    """A server's context for the name, and the path of the only certificate that vouches for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / f"{name}.pem", folder / f"{name}.key"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, str(public)
