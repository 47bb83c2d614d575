"""A certificate of X's names that nobody but the test trusts: X.509 v3 with ECDSA on P-256, made for each run.

Python can read certificates but not make them, and a key that lies in a repository alarms those who look for keys. So
the few values that are needed are computed here (SEC 1, RFC 5280); slow, and good for nothing but loopback.
"""

import base64
import hashlib
import secrets
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

NAMES: Final = ("api.x.com", "api.twitter.com", "localhost")

_P: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
_N: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_G: Final = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
_Point = tuple[int, int] | None

_SIGNATURE: Final = "06082a8648ce3d040302"  # ecdsa-with-SHA256
_KEY: Final = "06072a8648ce3d0201"  # id-ecPublicKey
_CURVE: Final = "06082a8648ce3d030107"  # prime256v1
_VALIDITY: Final = ("200101000000Z", "491231235959Z")


@dataclass(frozen=True, slots=True)
class Certificate:
    """Both as PEM."""

    certificate: str
    key: str

    def server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:  # the context reads them from files only
            file = Path(folder) / "fake.pem"
            file.write_text(self.certificate + self.key)
            context.load_cert_chain(file)
        return context

    def client(self) -> ssl.SSLContext:
        """Trusts this certificate alone."""
        return ssl.create_default_context(cadata=self.certificate)

    @classmethod
    def make(cls) -> "Certificate":
        secret = 1 + secrets.randbelow(_N - 1)
        public = b"\x04" + b"".join(value.to_bytes(32) for value in _times(secret, _G) or ())
        body = _body(public)
        whole = _sequence(body, _sequence(bytes.fromhex(_SIGNATURE)), _bits(_sign(body, secret)))
        key = _sequence(
            _integer(1),
            _tagged(0x04, secret.to_bytes(32)),
            _tagged(0xA0, bytes.fromhex(_CURVE)),
            _tagged(0xA1, _bits(public)),
        )
        wrapped = _sequence(_integer(0), _sequence(_kind()), _tagged(0x04, key))  # PKCS #8, which Java reads, too
        return cls(_pem("CERTIFICATE", whole), _pem("PRIVATE KEY", wrapped))


def _kind() -> bytes:
    """Of the key: which algorithm, which curve."""
    return bytes.fromhex(_KEY) + bytes.fromhex(_CURVE)


def _body(public: bytes) -> bytes:
    """What is signed: its own issuer, for X's names and this machine."""
    name = _sequence(_tagged(0x31, _sequence(bytes.fromhex("0603550403"), _tagged(0x0C, b"fake X"))))
    names = [_tagged(0x82, dns.encode()) for dns in NAMES] + [_tagged(0x87, bytes([127, 0, 0, 1]))]
    identity = hashlib.sha1(public, usedforsecurity=False).digest()
    extensions = (
        _extension("551d13", _sequence(_tagged(0x01, b"\xff")), critical=True),  # an authority, for itself
        _extension("551d0f", _tagged(0x03, b"\x02\x84"), critical=True),  # may sign messages and certificates
        _extension("551d0e", _tagged(0x04, identity)),
        _extension("551d23", _sequence(_tagged(0x80, identity))),
        _extension("551d11", _sequence(*names)),
    )
    return _sequence(
        _tagged(0xA0, _integer(2)),
        _integer(secrets.randbits(63) + 1),
        _sequence(bytes.fromhex(_SIGNATURE)),
        name,
        _sequence(*(_tagged(0x17, moment.encode()) for moment in _VALIDITY)),
        name,
        _sequence(_sequence(_kind()), _bits(public)),
        _tagged(0xA3, _sequence(*extensions)),
    )


def _sign(message: bytes, secret: int) -> bytes:
    digest = int.from_bytes(hashlib.sha256(message).digest())
    while True:
        nonce = 1 + secrets.randbelow(_N - 1)
        point = _times(nonce, _G)
        assert point  # nonce is below the order
        r = point[0] % _N
        s = pow(nonce, -1, _N) * (digest + r * secret) % _N
        if r and s:
            return _sequence(_integer(r), _integer(s))


# ── the curve ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _plus(a: _Point, b: _Point) -> _Point:
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % _P == 0:
        return None
    slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, _P) if a == b else (b[1] - a[1]) * pow(b[0] - a[0], -1, _P)
    x = (slope * slope - a[0] - b[0]) % _P
    return x, (slope * (a[0] - x) - a[1]) % _P


def _times(factor: int, point: _Point) -> _Point:
    total: _Point = None
    while factor:
        if factor & 1:
            total = _plus(total, point)
        point = _plus(point, point)
        factor >>= 1
    return total


# ── DER ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _tagged(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + content


def _sequence(*parts: bytes) -> bytes:
    return _tagged(0x30, b"".join(parts))


def _integer(value: int) -> bytes:
    return _tagged(0x02, value.to_bytes(value.bit_length() // 8 + 1))


def _bits(content: bytes) -> bytes:
    return _tagged(0x03, b"\x00" + content)


def _extension(identifier: str, value: bytes, *, critical: bool = False) -> bytes:
    flag = _tagged(0x01, b"\xff") if critical else b""
    return _sequence(_tagged(0x06, bytes.fromhex(identifier)), flag, _tagged(0x04, value))


def _pem(name: str, content: bytes) -> str:
    return f"-----BEGIN {name}-----\n{base64.encodebytes(content).decode()}-----END {name}-----\n"
