"""A real mail server for the tests: aiosmtpd with STARTTLS or implicit TLS and a login.

    smtp_server.py DIRECTORY

It makes a CA of its own and another one that signed nothing, listens on two free ports of
127.0.0.1 and says so in one line of JSON: {"starttls": PORT, "implicit": PORT}. Every accepted mail
becomes DIRECTORY/N.eml with its envelope in DIRECTORY/N.json. It ends when its standard input does.
"""

import datetime
import ipaddress
import json
import logging
import pathlib
import ssl
import sys
import warnings

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

USER, PASSWORD = b"pcemon", b"password-S3CRET-2"


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(subject, key, issuer, issuer_key, extensions):
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256())


def make_ca(subject):
    key = ec.generate_private_key(ec.SECP256R1())
    return key, certificate(subject, key, subject, key, [(x509.BasicConstraints(ca=True, path_length=None), True)])


def pem(cert):
    return cert.public_bytes(serialization.Encoding.PEM)


def make_certificates(directory):
    ca_key, ca = make_ca("pcemon test CA")
    (directory / "ca.pem").write_bytes(pem(ca))
    (directory / "other-ca.pem").write_bytes(pem(make_ca("another CA")[1]))
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    leaf = certificate(
        "localhost",
        key,
        "pcemon test CA",
        ca_key,
        [
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (x509.SubjectAlternativeName(names), False),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        ],
    )
    (directory / "server.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + pem(leaf)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "server.pem")
    return context


class Mailbox:
    def __init__(self, directory):
        self.directory = directory
        self.count = 0

    async def handle_DATA(self, server, session, envelope):
        self.count += 1
        (self.directory / f"{self.count}.eml").write_bytes(envelope.original_content)
        facts = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": server.transport.get_extra_info("ssl_object") is not None,
            "login": session.authenticated,
        }
        (self.directory / f"{self.count}.json").write_text(json.dumps(facts))
        return "250 kept"


def authenticate(server, session, envelope, mechanism, data):
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER, PASSWORD)
    return AuthResult(success=right, handled=False)


class AnyPort(Controller):
    """A controller that takes whatever port the system gives."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def main():
    # Refused handshakes and logins are what the tests are about, not trouble to be told of.
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    directory = pathlib.Path(sys.argv[1])
    context = make_certificates(directory)
    mailbox = Mailbox(directory)
    common = {"hostname": "127.0.0.1", "port": 0, "authenticator": authenticate, "auth_required": True}
    starttls = AnyPort(mailbox, tls_context=context, require_starttls=True, **common)
    implicit = AnyPort(mailbox, ssl_context=context, auth_require_tls=False, **common)
    starttls.start()
    implicit.start()
    print(json.dumps({"starttls": starttls.port, "implicit": implicit.port}), flush=True)
    sys.stdin.read()
    starttls.stop()
    implicit.stop()


if __name__ == "__main__":
    main()
