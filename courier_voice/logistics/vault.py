"""Encryption of what is kept on disk: Fernet (AES-128-CBC, HMAC-SHA256), the key in the OS keyring or a 0600 file."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path
from typing import Final, Literal, Protocol

from cryptography.fernet import Fernet, InvalidToken

from courier_voice.core.errors import LedgerError

log = logging.getLogger(__name__)

SERVICE: Final = "courier-voice"
KEY_FILE: Final = "key"
NO_KEY: Final = "加密钥匙用不了，这一步没有办。"
GONE: Final = (
    "what is kept on disk cannot be read with this key; put the old key back (OS keyring, service courier-voice, or "
    "the file key in COURIER_HOME), or move outbox.sqlite3 and ledger.sqlite3 away to start anew"
)


class Seal(Protocol):
    """What makes text unreadable on disk."""

    def seal(self, text: str) -> bytes: ...

    def unseal(self, sealed: bytes) -> str:
        """Raises LedgerError when it was sealed with another key."""
        ...


class Clear:
    """No encryption: for scratch files that are gone a moment later."""

    def seal(self, text: str) -> bytes:
        return text.encode()

    def unseal(self, sealed: bytes) -> str:
        return sealed.decode()


class Vault:
    """Encryption under one key."""

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(key)

    def seal(self, text: str) -> bytes:
        return self._fernet.encrypt(text.encode())

    def unseal(self, sealed: bytes) -> str:
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise LedgerError(GONE, said=NO_KEY) from None


def open_vault(home: Path, store: Literal["auto", "keyring", "file"] = "auto") -> Vault:
    """The vault of a home directory; its key is made the first time. ``auto``: a key that is there, else the OS keyring
    where there is one, else a file. Raises LedgerError."""
    file = home / KEY_FILE
    try:
        if store == "file" or (store == "auto" and file.exists()):
            return Vault(_file_key(file))
        key = _keyring_key(home)
        if key is not None:
            return Vault(key)
        if store == "keyring":
            raise LedgerError("no OS keyring is usable here; set COURIER_LEDGER__KEY=file", said=NO_KEY)
        return Vault(_file_key(file))
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        raise LedgerError(
            f"the key in COURIER_HOME cannot be used ({reason}); check the file and its permissions", said=NO_KEY
        ) from None


def _file_key(file: Path) -> bytes:
    """Read the key file, made whole or not at all: two programs that start at once end up with the same key."""
    try:
        if file.stat().st_mode & 0o077:
            log.warning("the key file was open to others; it is its owner's only now")
            file.chmod(0o600)
        return file.read_bytes().strip()
    except FileNotFoundError:
        pass
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, suffix=".part")  # 0600
    try:
        with os.fdopen(handle, "wb") as part:
            part.write(Fernet.generate_key())
            part.flush()
            os.fsync(part.fileno())
        try:
            os.link(name, file)
        except FileExistsError:
            log.info("another program has just made the key")
    finally:
        Path(name).unlink(missing_ok=True)
    return file.read_bytes().strip()


def _keyring_key(home: Path) -> bytes | None:
    """The key out of the OS keyring, None when there is no keyring."""
    import keyring
    from keyring.errors import KeyringError

    account = str(home.resolve())
    try:
        if keyring.get_keyring().priority < 1:
            return None
        held = keyring.get_password(SERVICE, account)
        if held is None:
            keyring.set_password(SERVICE, account, Fernet.generate_key().decode())
            held = keyring.get_password(SERVICE, account)
    except (KeyringError, RuntimeError) as error:
        log.warning("the OS keyring is not usable (%s)", type(error).__name__)
        return None
    return held.encode() if held else None
