"""What stands where keys would be when a copy of the books is read without them."""


class Keyless:
    """A sealer that opens and seals nothing: whatever needs a key is a defect there."""

    def seal(self, table: str, column: str, row: str, plaintext: bytes) -> bytes:
        """Refuse: there is no key."""
        raise LookupError(table, column, row, len(plaintext))

    def open(self, table: str, column: str, row: str, blob: bytes) -> bytes:
        """Refuse: there is no key."""
        raise LookupError(table, column, row, len(blob))

    def index(self, kind: str, text: str) -> str:
        """Refuse: there is no key."""
        raise LookupError(kind, len(text))
