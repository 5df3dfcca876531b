"""Password hashing with argon2, at a cost that a counter's clerk does not notice."""

import argon2
from argon2.exceptions import InvalidHashError, VerificationError


class ArgonPasswords:
    """Argon2id, two passes over 19 MiB."""

    def __init__(self) -> None:
        self._hasher = argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._nobody = self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """A slow, salted hash."""
        return self._hasher.hash(password)

    def agrees(self, password_hash: str, password: str) -> bool:
        """Whether a password belongs to a hash; an empty hash takes as long, and never agrees."""
        try:
            self._hasher.verify(password_hash or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return bool(password_hash)
