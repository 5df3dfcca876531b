"""Goods brought back."""

from typing import Protocol

from refund.core.entitlement import GoodsReturn


class ReturnRows(Protocol):
    """Goods brought back, and what became of their money."""

    def returns_of(self, form_id: str) -> list[GoodsReturn]:
        """A form's returns, oldest first."""
        ...

    def return_by_submission(self, store_number: int, key: str) -> GoodsReturn | None:
        """A return by its submission's key."""
        ...

    def add_return(self, returned: GoodsReturn) -> None:
        """Add a return with its lines."""
        ...
