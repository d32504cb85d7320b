"""An RFC 3161 time server on this machine, by OpenSSL."""

from __future__ import annotations

import http.server
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from tests.trust.credentials.authorities import Authority

CONFIGURATION = """
[tsa]
default_tsa = only
[only]
serial = {folder}/serial
signer_cert = {folder}/signer.pem
certs = {folder}/root.pem
signer_key = {folder}/signer.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
"""


@contextmanager
def time_server(folder: Path, root: Authority) -> Iterator[str]:
    """Serve time stamps that an authority vouches for; gives the address."""
    key = ec.generate_private_key(ec.SECP256R1())
    signer, secret = root.signer(key, [ExtendedKeyUsageOID.TIME_STAMPING], critical=True)
    for name, data in (
        ("signer.pem", signer), ("signer.key", secret), ("root.pem", root.pem),
        ("serial", b"01\n"), ("tsa.cnf", CONFIGURATION.format(folder=folder).encode()),
    ):  # fmt: skip
        (folder / name).write_bytes(data)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query, reply = folder / "query", folder / "reply"
            query.write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            subprocess.run(
                ["openssl", "ts", "-reply", "-config", folder / "tsa.cnf", "-section", "only",
                 "-queryfile", query, "-out", reply],
                check=True, capture_output=True,
            )  # fmt: skip
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(reply.read_bytes())

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
