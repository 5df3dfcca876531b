"""Goods brought back, as rows."""

from refund.core.entitlement import GoodsReturn, Recovery
from refund.storage.protocol import Row
from refund.storage.records import moment, text, whole, written
from refund.storage.rows import Rows


class ReturnQueries(Rows):
    """Goods brought back, and what became of their money."""

    __slots__ = ()

    def returns_of(self, form_id: str) -> list[GoodsReturn]:
        """A form's returns, oldest first."""
        heads = self._session.rows(
            "SELECT * FROM goods_return WHERE form_id = :form_id ORDER BY returned_at, return_id",
            form_id=form_id,
        )
        return [self._return(head) for head in heads]

    def return_by_submission(self, store_number: int, key: str) -> GoodsReturn | None:
        """A return by its submission's key."""
        head = self._session.row(
            "SELECT * FROM goods_return"
            " WHERE store_number = :store_number AND submission_key = :key",
            store_number=store_number,
            key=key,
        )
        return None if head is None else self._return(head)

    def _return(self, head: Row) -> GoodsReturn:
        rows = self._session.rows(
            "SELECT * FROM returned_line WHERE return_id = :return_id"
            " ORDER BY invoice_position, position",
            return_id=head["return_id"],
        )
        return GoodsReturn(
            return_id=text(head["return_id"]),
            form_id=text(head["form_id"]),
            store_number=whole(head["store_number"]),
            returned_at=moment(head["returned_at"]),
            staff_id=text(head["staff_id"]),
            lines=tuple(
                ((whole(row["invoice_position"]), whole(row["position"])), whole(row["quantity"]))
                for row in rows
            ),
            recovery=Recovery(text(head["recovery"])),
            recovered_fen=whole(head["recovered_fen"]),
            is_whole=bool(head["is_whole"]),
            reason=text(head["reason"]),
            submission_key=text(head["submission_key"]),
        )

    def add_return(self, returned: GoodsReturn) -> None:
        """Add a return with its lines."""
        self._insert(
            "goods_return",
            {
                "return_id": returned.return_id,
                "form_id": returned.form_id,
                "store_number": returned.store_number,
                "returned_at": written(returned.returned_at),
                "staff_id": returned.staff_id,
                "recovery": returned.recovery.value,
                "recovered_fen": returned.recovered_fen,
                "is_whole": int(returned.is_whole),
                "reason": returned.reason,
                "submission_key": returned.submission_key,
            },
        )
        if returned.lines:
            self._insert_all(
                "returned_line",
                [
                    {
                        "return_id": returned.return_id,
                        "invoice_position": invoice_position,
                        "position": position,
                        "quantity": quantity,
                    }
                    for (invoice_position, position), quantity in returned.lines
                ],
            )
