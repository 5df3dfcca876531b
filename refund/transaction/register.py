"""What happened to the stores of the register."""

from typing import Protocol


class RegisterRows(Protocol):
    """What happened to the stores of the register."""
