"""Reports as one HTML file each: of a run's results, and of a what-if's study."""

import json
from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup

from refund.places import static_folder
from refund.simulation.questions.findings import Answer
from refund.simulation.questions.sayings import caveats, never_varied
from refund.simulation.questions.what_if import answer_in
from refund.simulation.reports.answer_sections import answer_sections, asked_of
from refund.simulation.reports.results_read import Results, read_results
from refund.simulation.reports.sections import headline, sections_of
from refund.simulation.runs.figure_words import Speech
from refund.simulation.world.parameters import parameters
from refund.templating import environment

SHEETS = ("tokens", "page", "parts", "print", "charts")
"""The style sheets that a report brings along."""

TAGS = {"zh_Hans": "zh-Hans", "en": "en"}


def write_report(results: Path, out: Path, locale: str = "en") -> None:
    """Write the report of a results file.

    Raises:
        Refused: `results_unreadable`.
    """
    out.write_text(report_of(read_results(results), locale), encoding="utf-8")


def write_study_report(study: Path, out: Path, locale: str = "en") -> None:
    """Write the report of a study file, as far as it is finished.

    Raises:
        Refused: `study_unreadable`.
    """
    out.write_text(study_report_of(answer_in(study), locale), encoding="utf-8")


def report_of(results: Results, locale: str) -> str:
    """The report of a run: its figures in large, its sections, and what made it."""
    speech, run = Speech(locale), results.run
    _ = speech
    return _rendered(
        "run",
        speech,
        title=_("Run of %(scenario)s", scenario=run["scenario"]),
        about=run_sentence(results, speech),
        headline=headline(results, speech),
        facts_of_run=run_facts(results, speech),
        sections=sections_of(results, speech),
        parameters=_parameters(json.loads(run["parameters"]), speech),
    )


def study_report_of(answer: Answer, locale: str) -> str:
    """The report of a what-if."""
    speech, question = Speech(locale), answer.question
    _ = speech
    return _rendered(
        "what_if",
        speech,
        title=_("What if? %(scenario)s", scenario=scenario_title(answer, speech)),
        about=study_sentence(answer, speech),
        asked=asked_of(answer, speech),
        sections=answer_sections(answer, speech),
        caveats=caveats(answer, speech),
        never_varied=speech.listed(never_varied(answer, speech)),
        facts_of_study=[
            (_("Scenario"), question.scenario),
            (_("Seeds"), _seeds(answer)),
            (_("Question"), question.fingerprint[:16]),
        ],
        parameters=_parameters(question.parameters, speech),
    )


def scenario_title(answer: Answer, speech: Speech) -> str:
    """The scenario of a study, as its file calls it."""
    return answer.question.titles["zh" if speech.is_chinese else "en"]


def study_sentence(answer: Answer, speech: Speech) -> str:
    """How much was run for an answer."""
    _ = speech
    return _(
        "%(variants)s variants with the same %(seeds)s seeds each, %(runs)s runs.",
        variants=len(answer.question.variants),
        seeds=len(answer.seeds),
        runs=f"{len(answer.question.variants) * len(answer.seeds):,}",
    )


def run_sentence(results: Results, speech: Speech) -> str:
    """Which days a run lived through."""
    _, run = speech, results.run
    return _(
        "Seed %(seed)s: %(days)s days of shopping from %(first)s; run on to %(last)s.",
        seed=run["seed"],
        days=run["days"],
        first=run["began_on"],
        last=run["ended_on"],
    )


def run_facts(results: Results, speech: Speech) -> list[tuple[str, str]]:
    """What made a run, and what the audit said of its books."""
    _, run = speech, results.run
    sound = _("Every invariant of the books holds.")
    whole = _("Every form came to rest.")
    return [
        (_("Scenario"), run["scenario"]),
        (_("Seed"), str(run["seed"])),
        (_("Storage"), run["engine"]),
        (_("Program version"), run["program_version"]),
        (_("Ledger digest"), run["digest"]),
        (_("Audit"), run["audit"] or sound),
        (_("End"), whole if run["is_whole"] else _("The run was cut before all came to rest.")),
    ]


def _rendered(template: str, speech: Speech, **given: object) -> str:
    page = environment(speech.locale).get_template(f"lab/report/{template}.html")
    return page.render(tag=TAGS[speech.locale], style=_style(), **given)


def _style() -> Markup:
    folder = static_folder() / "css"
    sheets = "\n".join((folder / f"{name}.css").read_text(encoding="utf-8") for name in SHEETS)
    return Markup(f"<style>\n{sheets}\n</style>")  # noqa: S704 - our own style sheets


def _parameters(values: Mapping[str, str], speech: Speech) -> list[tuple[str, str, str, str]]:
    """Every parameter with its value, its meaning, and where its default comes from."""
    _, known = speech, parameters()
    assumed = _("an assumption")
    return [
        (
            key,
            value,
            known[key].sentence_zh if speech.is_chinese else known[key].sentence_en,
            assumed if known[key].is_assumed else known[key].origin,
        )
        for key, value in values.items()
        if key in known
    ]


def _seeds(answer: Answer) -> str:
    """The seeds as a span where they are one."""
    seeds = answer.seeds
    if not seeds:
        return "–"
    is_span = seeds[-1] - seeds[0] + 1 == len(seeds)
    return f"{seeds[0]}–{seeds[-1]}" if is_span else ", ".join(map(str, seeds))
