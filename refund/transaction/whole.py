"""What is read of all forms and all the books, page by page, inside one transaction."""

from typing import Protocol


class WholeRows(Protocol):
    """Everything that a ledger's digest is made of, in an order that both engines share."""

    def form_lines(self, after: str, limit: int) -> list[tuple[str, str]]:
        """Forms after a form number: each number, and where the form stands as one line."""
        ...

    def entry_lines(self, after: str, limit: int) -> list[tuple[str, str]]:
        """Entries after an entry's key: each key, and the entry's head as one line."""
        ...

    def posting_lines(self, after: str, until: str) -> list[str]:
        """The postings of the entries after a key, up to and with another, each as one line."""
        ...
