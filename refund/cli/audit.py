"""`refund audit`: every promise of the books checked, with the rows that break one."""

import json

import click

from refund.cli.opened import opened, settings
from refund.cli.output import json_option, print_json
from refund.cli.refusals import FAILED
from refund.services.audit import Finding
from refund.services.audit import audit as audit_of

UNCHECKED = 3
"""The exit code when nothing is broken, and something could not be checked."""

_WORDS = {True: "holds", False: "BROKEN", None: "not checked"}


@click.command()
@click.option(
    "--without-network", is_flag=True, help="Leave the comparison with the network's book out."
)
@json_option
def audit(*, without_network: bool, as_json: bool) -> None:
    """Check every promise of the books.

    The exit code is 1 when one is broken, and 3 when one could not be checked.
    """
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
