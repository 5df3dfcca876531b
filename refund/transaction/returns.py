"""Goods brought back."""

from typing import Protocol

from refund.core.entitlement import GoodsReturn


class ReturnRows(Protocol):
    """Goods brought back, and what became of their money."""

    def returns_of(self, form_id: str) -> list[GoodsReturn]:
        """A form's returns, oldest first."""
        ...

    def add_return(self, returned: GoodsReturn) -> None:
        """Add a return with its lines."""
        ...
