"""Refusals: the field says no, each time with a code that never changes its meaning."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is known of one code: the HTTP status of its page and where the no comes from."""

    status: int
    source: str


PROJECT = "project decision"

REFUSALS: dict[str, Refusal] = {
    # The seven reasons for which no form is issued.
    "no_valid_document": Refusal(422, "SAT 41/2015 art. 10 (1)"),
    "entry_date_unknown": Refusal(422, "SAT 41/2015 art. 10 (2)"),
    "stay_too_long": Refusal(422, "SAT 41/2015 art. 10 (3)"),
    "invoice_before_entry": Refusal(422, "SAT 41/2015 art. 10 (4)"),
    "goods_out_of_scope": Refusal(422, "SAT 41/2015 art. 10 (5)"),
    "invoice_not_ordinary": Refusal(422, "SAT 41/2015 art. 10 (6), SAT 11/2025"),
    "below_threshold": Refusal(422, "SAT 41/2015 art. 10 (7), 84/2025 item 3, SAT 11/2025"),
    # What is typed.
    "field_missing": Refusal(422, PROJECT),
    "field_too_long": Refusal(422, PROJECT),
    "field_unreadable": Refusal(422, PROJECT),
    "amount_unreadable": Refusal(422, PROJECT),
    "amount_out_of_range": Refusal(422, PROJECT),
    "quantity_unreadable": Refusal(422, PROJECT),
    "vat_unknown": Refusal(422, "39/2019"),
    "date_unreadable": Refusal(422, PROJECT),
    "date_impossible": Refusal(422, PROJECT),
    "date_before_rules": Refusal(422, "39/2019"),
    "date_in_future": Refusal(422, PROJECT),
    "mrz_wrong_length": Refusal(422, "ICAO 9303"),
    "mrz_unknown_kind": Refusal(422, "ICAO 9303"),
    "mrz_bad_character": Refusal(422, "ICAO 9303"),
    "mrz_check_digit": Refusal(422, "ICAO 9303"),
    "document_number_unreadable": Refusal(422, PROJECT),
    "document_not_accepted": Refusal(422, "MOF 3/2015"),
    "document_expired": Refusal(422, "SAT 41/2015 art. 10 (1)"),
    "traveller_not_eligible": Refusal(422, "MOF 3/2015"),
    "goods_unknown": Refusal(422, PROJECT),
    "no_lines": Refusal(422, PROJECT),
    "too_many_lines": Refusal(422, PROJECT),
    "invoice_number_unreadable": Refusal(422, PROJECT),
    "invoice_already_used": Refusal(409, PROJECT),
    "invoice_other_day": Refusal(422, "SAT 41/2015 art. 10 (7)"),
    "above_ceiling": Refusal(422, "SAT 9/2025, practice"),
    "submission_differs": Refusal(409, PROJECT),
    "too_late_to_issue": Refusal(422, "MOF 3/2015"),
    # Filled in once.
    "counter_code_old": Refusal(410, PROJECT),
    "fill_in_throttled": Refusal(429, PROJECT),
    "fill_in_unknown": Refusal(404, PROJECT),
    "pick_up_unreadable": Refusal(422, PROJECT),
    "pick_up_unknown": Refusal(404, PROJECT),
    "pick_up_throttled": Refusal(429, PROJECT),
    # The till's file.
    "sale_unknown": Refusal(404, PROJECT),
    "till_file_known": Refusal(409, PROJECT),
    # The store.
    "store_not_active": Refusal(403, "SAT 41/2015"),
    "store_not_instant": Refusal(409, "SAT 9/2025"),
    "store_unknown": Refusal(404, PROJECT),
    # The register of stores.
    "register_full": Refusal(409, PROJECT),
    "register_changed": Refusal(409, PROJECT),
    "store_act_closed": Refusal(409, "SAT 41/2015"),
    "filing_conditions": Refusal(409, "SAT 41/2015, SAT 11/2025"),
    "nothing_changed": Refusal(422, PROJECT),
    "moment_passed": Refusal(422, PROJECT),
    "day_passed": Refusal(422, PROJECT),
    # The staff and the keys.
    "login_unreadable": Refusal(422, PROJECT),
    "login_taken": Refusal(409, PROJECT),
    "role_not_here": Refusal(403, PROJECT),
    "person_unknown": Refusal(404, PROJECT),
    "person_is_oneself": Refusal(409, PROJECT),
    "key_changed": Refusal(409, PROJECT),
    # The monthly settlement.
    "month_unreadable": Refusal(422, PROJECT),
    "month_not_over": Refusal(409, "SAT 41/2015"),
    "month_out_of_order": Refusal(409, PROJECT),
    "month_closed": Refusal(409, PROJECT),
    "month_not_closed": Refusal(409, PROJECT),
    "settlement_differs": Refusal(409, PROJECT),
    "payment_differs": Refusal(422, PROJECT),
    "payment_recorded": Refusal(409, PROJECT),
    "paid_before_closing": Refusal(422, PROJECT),
    "entry_not_claimed": Refusal(409, PROJECT),
    # The code.
    "code_torn": Refusal(422, PROJECT),
    "code_foreign": Refusal(422, PROJECT),
    "code_version_unknown": Refusal(422, PROJECT),
    "key_unknown": Refusal(422, PROJECT),
    "rehearsal_form": Refusal(422, PROJECT),
    "not_a_rehearsal": Refusal(422, PROJECT),
    "signature_invalid": Refusal(422, PROJECT),
    "form_unknown": Refusal(404, PROJECT),
    "form_void": Refusal(410, PROJECT),
    "form_number_unreadable": Refusal(422, PROJECT),
    "no_signing_key": Refusal(503, PROJECT),
    # The claim.
    "claim_code_wrong": Refusal(403, PROJECT),
    "claim_code_missing": Refusal(422, PROJECT),
    "claim_code_unreadable": Refusal(422, PROJECT),
    "claim_locked": Refusal(423, PROJECT),
    "details_differ": Refusal(422, PROJECT),
    "share_over": Refusal(410, PROJECT),
    "too_many_tries": Refusal(429, PROJECT),
    "already_claimed": Refusal(409, "SAT 9/2025"),
    "past_deadline": Refusal(409, "SAT 9/2025"),
    "agreement_not_signed": Refusal(422, "SAT 9/2025"),
    "signature_missing": Refusal(422, "SAT 9/2025"),
    "card_declined": Refusal(402, "SAT 9/2025"),
    "card_session_unfinished": Refusal(409, PROJECT),
    "advance_refused": Refusal(402, PROJECT),
    "network_unreachable": Refusal(503, PROJECT),
    "not_in_this_state": Refusal(409, PROJECT),
    # Customs, exit and reconciliation.
    "already_verified": Refusal(409, "GAC 25/2015"),
    "other_traveller": Refusal(409, "GAC 25/2015"),
    "nothing_shown": Refusal(422, "GAC 25/2015 item 2"),
    "line_undecided": Refusal(422, "GAC 25/2015"),
    "seal_without_goods": Refusal(422, "GAC 25/2015"),
    "shift_unknown": Refusal(404, PROJECT),
    "review_unknown": Refusal(404, PROJECT),
    "review_resolved": Refusal(409, PROJECT),
    "review_own": Refusal(403, PROJECT),
    "inspection_required": Refusal(409, "GAC 25/2015, 2026 package"),
    "day_not_over": Refusal(409, PROJECT),
    "exit_unreadable": Refusal(422, PROJECT),
    "proposal_changed": Refusal(409, PROJECT),
    "reason_missing": Refusal(422, PROJECT),
    "port_unknown": Refusal(422, PROJECT),
    "quantity_above_listed": Refusal(422, "GAC 25/2015"),
    # The agency's counter.
    "document_not_shown": Refusal(422, "SAT 41/2015"),
    "document_differs": Refusal(409, "SAT 41/2015"),
    "verification_missing": Refusal(409, "SAT 41/2015"),
    "verified_elsewhere": Refusal(409, "SAT 9/2025"),
    "refused_by_customs": Refusal(409, "GAC 25/2015"),
    "left_after_stay": Refusal(409, "MOF 3/2015, SAT 41/2015"),
    "left_after_export": Refusal(409, "MOF 3/2015, SAT 41/2015"),
    "record_differs": Refusal(409, "SAT 41/2015"),
    "nothing_due": Refusal(409, "SAT 41/2015"),
    "already_refunded": Refusal(409, "SAT 41/2015"),
    "cash_above_limit": Refusal(409, "84/2025"),
    "till_not_open": Refusal(409, PROJECT),
    "till_already_open": Refusal(409, PROJECT),
    "till_too_low": Refusal(409, PROJECT),
    "till_difference": Refusal(422, PROJECT),
    "till_unknown": Refusal(404, PROJECT),
    "letter_not_signed": Refusal(422, PROJECT),
    "receipt_unknown": Refusal(404, PROJECT),
    "receipt_unpaid": Refusal(409, PROJECT),
    # Goods brought back, and forms corrected.
    "nothing_brought_back": Refusal(422, PROJECT),
    "quantity_above_remaining": Refusal(422, PROJECT),
    "other_forms_rely": Refusal(409, "84/2025 item 3"),
    "hold_ended": Refusal(409, "SAT 9/2025"),
    "advance_outstanding": Refusal(409, PROJECT),
    # The table of rules.
    "parameter_unknown": Refusal(422, PROJECT),
    "value_unreadable": Refusal(422, PROJECT),
    "value_out_of_range": Refusal(422, PROJECT),
    "rule_not_ahead": Refusal(422, PROJECT),
    # The lab's scenarios.
    "scenario_unknown": Refusal(404, PROJECT),
    "scenario_unreadable": Refusal(422, PROJECT),
    "scenario_key_unknown": Refusal(422, PROJECT),
    "scenario_value": Refusal(422, PROJECT),
    "database_not_fresh": Refusal(409, PROJECT),
    # What-ifs.
    "set_unreadable": Refusal(422, PROJECT),
    "vary_unreadable": Refusal(422, PROJECT),
    "vary_too_many": Refusal(422, PROJECT),
    "what_if_seeds": Refusal(422, PROJECT),
    "what_if_too_large": Refusal(422, PROJECT),
    "study_differs": Refusal(409, PROJECT),
    "study_unreadable": Refusal(422, PROJECT),
    "results_unreadable": Refusal(422, PROJECT),
    # The refund point.
    "no_forms_chosen": Refusal(422, PROJECT),
    "too_many_forms": Refusal(422, PROJECT),
    "joint_changed": Refusal(409, PROJECT),
    # Cases, and what needs two persons.
    "case_unknown": Refusal(404, PROJECT),
    "case_closed": Refusal(409, PROJECT),
    "case_changed": Refusal(409, PROJECT),
    "case_under_way": Refusal(409, PROJECT),
    "approval_waits": Refusal(409, PROJECT),
    "approval_decided": Refusal(409, PROJECT),
    "second_person_needed": Refusal(403, PROJECT),
    "fix_not_possible": Refusal(409, PROJECT),
    # Files.
    "file_empty": Refusal(422, PROJECT),
    "file_too_large": Refusal(413, PROJECT),
    "file_not_utf8": Refusal(422, PROJECT),
    "file_bad_columns": Refusal(422, PROJECT),
    "file_bad_rows": Refusal(422, PROJECT),
    "file_formula": Refusal(422, PROJECT),
    "row_unreadable": Refusal(422, PROJECT),
    "row_width": Refusal(422, PROJECT),
    "row_doubled": Refusal(422, PROJECT),
    "choice_unknown": Refusal(422, PROJECT),
    "cash_not_counted": Refusal(422, PROJECT),
    "dates_reversed": Refusal(422, PROJECT),
    "taxpayer_number_unreadable": Refusal(422, "GB 32100-2015"),
    "job_over": Refusal(409, PROJECT),
    "job_file_gone": Refusal(410, PROJECT),
    "file_already_imported": Refusal(409, PROJECT),
    "file_changed": Refusal(409, PROJECT),
    "file_truncated": Refusal(422, PROJECT),
    "file_days_unreadable": Refusal(422, PROJECT),
    "row_after_total": Refusal(422, PROJECT),
    "day_not_covered": Refusal(422, PROJECT),
    "exits_under_way": Refusal(409, PROJECT),
    "exits_superseded": Refusal(409, PROJECT),
    # The network's daily statement.
    "statement_header_unknown": Refusal(422, PROJECT),
    "statement_currency": Refusal(422, PROJECT),
    "statement_day_not_over": Refusal(422, PROJECT),
    "statement_row_unreadable": Refusal(422, PROJECT),
    "statement_line_gap": Refusal(422, PROJECT),
    "statement_other_day": Refusal(422, PROJECT),
    "statement_truncated": Refusal(422, PROJECT),
    "statement_goes_on": Refusal(422, PROJECT),
    "statement_count_differs": Refusal(422, PROJECT),
    "statement_totals_differ": Refusal(422, PROJECT),
    "statement_closing_differs": Refusal(422, PROJECT),
    "statement_checksum_differs": Refusal(422, PROJECT),
    "statement_opening_differs": Refusal(422, PROJECT),
    "statement_gap": Refusal(409, PROJECT),
    "statement_already_imported": Refusal(409, PROJECT),
    "statement_edited": Refusal(409, PROJECT),
    "statement_superseded": Refusal(409, PROJECT),
    "statement_not_there": Refusal(404, PROJECT),
    "statement_day_free": Refusal(409, PROJECT),
    "statement_already_offered": Refusal(409, PROJECT),
    "statement_not_reissued": Refusal(409, PROJECT),
    "period_too_long": Refusal(422, PROJECT),
    # Papers.
    "glyph_missing": Refusal(422, PROJECT),
    "printer_unreachable": Refusal(503, PROJECT),
    # The door.
    "sign_in_failed": Refusal(403, PROJECT),
    "sign_in_throttled": Refusal(429, PROJECT),
    "sign_in_required": Refusal(401, PROJECT),
    "trainers_only": Refusal(403, PROJECT),
    "desk_taken": Refusal(409, PROJECT),
    "card_does_not_fit": Refusal(409, PROJECT),
    "desk_cut_off": Refusal(503, PROJECT),
    "clock_is_moving": Refusal(409, PROJECT),
    "clock_is_shared": Refusal(409, PROJECT),
    "drill_other_days": Refusal(409, PROJECT),
    "rehearsal_known": Refusal(409, PROJECT),
    "csrf_failed": Refusal(400, PROJECT),
    "too_large": Refusal(413, PROJECT),
    "not_found": Refusal(404, PROJECT),
    "method_not_allowed": Refusal(405, PROJECT),
    "bad_request": Refusal(400, PROJECT),
    "busy": Refusal(503, PROJECT),
}


class Refused(Exception):
    """The field says no; raised by the core, turned into words at one edge.

    Args:
        code: a key of REFUSALS.
        field: path of the form field that it belongs to, such as `lines-0-amount`, or "".
        facts: plain values for the message, such as `least_fen=20000`.

    Raises:
        ValueError: the code is not registered, which is a defect.
    """

    def __init__(self, code: str, field: str = "", **facts: object) -> None:
        """Register the code with its facts; an unregistered code is a defect."""
        if code not in REFUSALS:
            raise ValueError(code)
        super().__init__(code)
        self.code = code
        self.field = field
        self.facts = facts

    def __repr__(self) -> str:
        """Show the code and the field only: facts may name a person."""
        return f"Refused({self.code!r}, field={self.field!r})"

    def at(self, field: str) -> "Refused":
        """The same refusal, said of another field."""
        return Refused(self.code, field, **self.facts)
