"""CURVE keys: files in pyzmq's certificate format, and clients that connect with them.

``NAME.key`` holds the public key and may be shown to anybody, ``NAME.key_secret`` holds both.
CURVE (rfc.zeromq.org/spec/26) encrypts a connection, proves the server to the client by the
server's public key, and the client to the server by its own.
"""

import os
import re
import stat
from pathlib import Path
from typing import NamedTuple

import zmq
from zmq.auth import load_certificate

from streamrec.errors import KeysError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_KEY = re.compile(rb"[0-9A-Za-z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}")  # Z85, rfc.zeromq.org/spec/32
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_FILE = 'metadata\ncurve\n    public-key = "{}"\n'


class KeyPair(NamedTuple):
    """Both keys, 40 characters of Z85 each. Its text never shows the secret one."""

    public: bytes
    secret: bytes

    def __repr__(self) -> str:
        return f"KeyPair({self.public.decode()})"


def new_keys(name: str, folder: Path) -> tuple[Path, Path]:
    """Make a pair; return the files ``NAME.key`` and ``NAME.key_secret``, which is the owner's own.

    The folder is made if it is not there.

    Raises:
        KeysError: a name that is not allowed, files that exist, or a folder that cannot be written.
    """
    if not _NAME.fullmatch(name):
        raise KeysError(f"not a name for keys: {name!r}; allowed: letters, digits, _ . - up to 64")
    public_file, secret_file = folder / f"{name}.key", folder / f"{name}.key_secret"
    public, secret = (key.decode() for key in zmq.curve_keypair())
    text = _FILE.format(public)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if public_file.exists():
            raise FileExistsError(None, None, public_file)
        _write_new(secret_file, f'{text}    secret-key = "{secret}"\n', 0o600)
        _write_new(public_file, text, 0o644)
    except FileExistsError as error:
        raise KeysError(f"{error.filename} exists; take another name or folder") from None
    except OSError as error:
        raise KeysError(f"cannot write keys to {folder}: {error.strerror}") from None
    return public_file, secret_file


def _write_new(path: Path, text: str, mode: int) -> None:
    """Write a file that does not exist, with its final mode from the first moment."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(text)


def read_public_key(file: Path) -> bytes:
    """Return the public key of either file of a pair.

    Raises:
        KeysError: not there, or no key in it.
    """
    return _read(file)[0]


def read_secret_key(file: Path) -> KeyPair:
    """Return the keys of a secret file.

    Raises:
        KeysError: not there, no secret key in it, or others may read it.
    """
    public, secret = _read(file)
    if secret is None or not _KEY.fullmatch(secret):
        raise KeysError(f"{file} has no secret key; give the file that ends in .key_secret")
    if os.name == "posix" and file.stat().st_mode & _OTHERS:
        raise KeysError(f"others may read the secret key; run: chmod 600 {file}")
    if zmq.curve_public(secret) != public:
        raise KeysError(f"{file}: its public key does not belong to its secret key")
    return KeyPair(public, secret)


def connect_securely(
    socket: zmq.Socket[bytes], server_key: str | Path, own_secret: Path | None = None
) -> None:
    """Make a client's socket encrypt, prove itself, and trust one server only; call before connect.

    Args:
        socket: it.
        server_key: file with the server's public key, or the key itself, 40 characters.
        own_secret: file with the client's secret key; None: keys that nobody knows, for servers
            that let in all that know the server's public key.

    Raises:
        KeysError: keys that are not there, malformed, or readable by others.
    """
    own = KeyPair(*zmq.curve_keypair()) if own_secret is None else read_secret_key(own_secret)
    text = str(server_key).encode()
    server = text if _KEY.fullmatch(text) else read_public_key(Path(server_key))
    socket.curve_publickey, socket.curve_secretkey = own
    socket.curve_serverkey = server


def _read(file: Path) -> tuple[bytes, bytes | None]:
    try:
        public, secret = load_certificate(file)
    except (OSError, ValueError, IndexError):
        what = "no key in" if file.exists() else "there is no file"
        raise KeysError(
            f"{what} {str(file)!r}; make keys with `streamrec keys new`, and give their file"
        ) from None
    if not _KEY.fullmatch(public):
        raise KeysError(f"{file}: its public key is malformed; make keys with `streamrec keys new`")
    return public, secret
