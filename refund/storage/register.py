"""What happened to the stores of the register, as rows."""

from refund.storage.rows import Rows


class RegisterQueries(Rows):
    """What happened to the stores of the register."""

    __slots__ = ()
