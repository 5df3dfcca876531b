"""Files of many rows, prepared by a job instead of while somebody waits."""

from flask import request
from werkzeug.wrappers import Response

from refund.core.errors import Refused
from refund.core.job import Job, read_facts
from refund.ports import Ports
from refund.services import dashboards, exports
from refund.services.exports import Asked, What
from refund.services.jobs import RESULT, Made, register, spool_of
from refund.services.steps import Step
from refund.web.auth import actor
from refund.web.export_files import csv_of, name_of, xlsx_into
from refund.web.operator import pages
from refund.web.operator_jobs import begin
from refund.web.parse import Reader, read_day, typed_fields

EXPORT = "export"
ENDINGS = ("csv", "xlsx")


def write_export(ports: Ports, job: Job, step: Step) -> Made:
    """Write the rows of a period to a file."""
    facts = read_facts(job.asked)
    asked = Asked(What(facts["what"]), facts["first"], facts["last"])
    ending = str(facts["ending"])

    def progress(done: int, total: int) -> None:
        step(done, total or None)

    progress(0, 0)
    rows = exports.rows_of(ports, asked, progress)
    with spool_of(ports).making(job.job_id + RESULT) as file:
        if ending == "csv":
            file.writelines(csv_of(asked, rows))
        else:
            xlsx_into(file, asked, rows)
    return Made({}, name_of(asked, ending))


register(EXPORT, write_export)


@pages.post(f"/exports/<any({', '.join(one.value for one in What)}):what>/prepare")
def prepare_export(what: str) -> Response:
    """Let a file of a period be prepared; its job's page has the download."""
    typed = typed_fields(request.form)[0]
    reader = Reader()
    first = reader.read(read_day, typed.get("first", ""), "first")
    last = reader.read(read_day, typed.get("last", ""), "last")
    ending = typed.get("ending", "")
    if first is None or last is None or ending not in ENDINGS:
        raise Refused("bad_request")
    dashboards.read_period(first, last)
    return begin(actor(), EXPORT, {"what": what, "first": first, "last": last, "ending": ending})
