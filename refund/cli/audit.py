"""`refund audit`: every promise of the books checked, with the rows that break one."""

import json

import click

from refund.cli.opened import opened, opened_copy, settings
from refund.cli.output import json_option, print_json
from refund.cli.refusals import FAILED
from refund.services.audit import Finding, audit_copy
from refund.services.audit import audit as audit_of

UNCHECKED = 3
"""The exit code when nothing is broken, and something could not be checked."""

_WORDS = {True: "holds", False: "BROKEN", None: "not checked"}


@click.command()
@click.option(
    "--without-network", is_flag=True, help="Leave the comparison with the network's book out."
)
@click.option(
    "--database",
    metavar="URL",
    help="Check a copy as it is: no instance, keys or network are needed.",
)
@json_option
def audit(*, without_network: bool, database: str | None, as_json: bool) -> None:
    """Check every promise of the books, also while the service runs.

    The exit code is 1 when one is broken, and 3 when one could not be checked.
    """
    if database is not None:
        with opened_copy(database) as copy:
            findings = audit_copy(copy)
    else:
        with opened(settings()) as wired:
            findings = audit_of(wired.ports, with_network=not without_network)
    if as_json:
        print_json([_plain(finding) for finding in findings])
    else:
        for finding in findings:
            _print(finding)
    if any(finding.holds is False for finding in findings):
        raise SystemExit(FAILED)
    if any(finding.holds is None and not finding.is_left_out for finding in findings):
        raise SystemExit(UNCHECKED)


def _plain(finding: Finding) -> dict[str, object]:
    return {
        "invariant": finding.invariant,
        "promise": finding.promise,
        "holds": finding.holds,
        "why": finding.why,
        "rows": list(finding.rows),
    }


def _print(finding: Finding) -> None:
    why = f" ({finding.why})" if finding.why else ""
    click.echo(f"{finding.invariant:4} {_WORDS[finding.holds]:12} {finding.promise}{why}")
    for row in finding.rows:
        click.echo(f"     {json.dumps(row, ensure_ascii=False, default=str)}")
