"""The answer of a study as sections: for each variant its sentences, a picture and the table."""

from dataclasses import dataclass

from markupsafe import Markup

from refund.simulation.questions.findings import Answer, Finding, Verdict
from refund.simulation.questions.sayings import (
    Said,
    said_of,
    share_of_base,
    unit_word,
    variant_title,
)
from refund.simulation.reports.charts import Whisker, Write, whiskers
from refund.simulation.reports.sections import Section
from refund.simulation.runs.figure_words import MAIN, MINUS, Speech, ordered
from refund.simulation.world.parameters import parameters

SHARE_MAX = 2.0
"""A figure that moves by more than twice the base's mean is in the table alone."""

LEVELS_SHOWN = 8
VARIANTS_MIN = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """A parameter of the question: its values as people read them, and what it means."""

    key: str
    base: str
    others: str
    meaning: str


def asked_of(answer: Answer, speech: Speech) -> list[Asked]:
    """What varies, and then what was set alike in all variants, in words."""
    _, known, question = speech, parameters(), answer.question

    def asked(key: str, base: str, others: str) -> Asked:
        parameter = known[key]
        sentence = parameter.sentence_zh if speech.is_chinese else parameter.sentence_en
        return Asked(key, f"{base} {unit_word(parameter.unit, speech)}".strip(), others, sentence)

    varied = [
        asked(one.key, one.values[0], speech.listed(one.values[1:])) for one in question.varied
    ]
    return varied + [
        asked(key, value, _("in every variant")) for key, value in question.given.items()
    ]


def answer_sections(answer: Answer, speech: Speech) -> list[Section]:
    """A section for each variant; with more than two variants, the levels side by side too."""
    if len(answer.seeds) == 0:
        return []
    found = [_of_variant(answer, said, speech) for said in said_of(answer, speech)]
    if len(answer.question.variants) >= VARIANTS_MIN:
        found += _levels(answer, speech)
    return found


def _of_variant(answer: Answer, said: Said, speech: Speech) -> Section:
    _, base = speech, answer.question.variants[0]
    findings = answer.of(said.variant)
    by_name = {one.figure: one for one in findings}
    rows = [
        _row(answer, by_name[name], speech)
        for name in ordered(by_name)
        if by_name[name].verdict is not Verdict.SAME
    ]
    moved = [one for one in findings if _is_shown(answer, one)]
    places = {name: n for n, name in enumerate(ordered(one.figure for one in moved))}
    marks = [_whisker(answer, one, speech) for one in sorted(moved, key=lambda m: places[m.figure])]
    title = _(
        "%(variant)s instead of %(base)s",
        variant=said.title,
        base=variant_title(base, speech, answer.question.variants[said.variant]),
    )
    return Section(
        key=f"variant-{said.variant}",
        title=title,
        text=_text(said, speech),
        columns=[
            _("Figure"),
            _("Before"),
            _("Difference"),
            _("lower end"),
            _("upper end"),
            _("p, corrected"),
            _("Verdict"),
        ],
        rows=rows,
        picture=whiskers(marks, _percent, title, zero=True, limit=SHARE_MAX) if marks else Markup(),
        said=sentences(said, speech),
        empty=_("There is nothing to draw: every figure is what it was."),
    )


def _text(said: Said, speech: Speech) -> str:
    _ = speech
    if not (said.changes or said.unsure or said.noise):
        return _("No figure is different in any seed: this does not matter to the model.")
    return _(
        "Figures that change: %(changes)s; perhaps: %(unsure)s; no more than noise: %(noise)s; "
        "the same: %(same)s. The picture shows differences as shares of the mean before, with "
        "their 95 %% intervals: a dot is a change, a ring is not.",
        changes=len(said.changes),
        unsure=len(said.unsure),
        noise=len(said.noise),
        same=len(said.same),
    )


def sentences(said: Said, speech: Speech) -> tuple[str, ...]:
    """All that is said of a variant, what changes first."""
    _ = speech
    found = list(said.changes)
    if said.unsure:
        found.append(
            _(
                "Perhaps, but among so many comparisons it can still be noise: %(names)s.",
                names=speech.listed(said.unsure),
            )
        )
    if said.noise:
        names = speech.listed(said.noise)
        found.append(
            _("No more than noise, with what the true one lies between: %(names)s.", names=names)
        )
    if said.same:
        names = speech.listed(said.same)
        found.append(_("The same in every seed, before and after: %(names)s.", names=names))
    if said.unmeasured:
        names = speech.listed(said.unmeasured)
        found.append(_("Measured in too few seeds to compare: %(names)s.", names=names))
    return tuple(found)


def _row(answer: Answer, finding: Finding, speech: Speech) -> list[str]:
    name, difference = finding.figure, finding.difference
    level = answer.levels.get((answer.question.variants[0].number, name))
    before = speech.about(name, None if level is None else level.mean)
    if difference is None:
        return [speech.name(name), before, "–", "–", "–", "–", verdict_word(finding, speech)]
    spread = [speech.apart(name, one) for one in (difference.mean, difference.low, difference.high)]
    p_value = _p_written(finding.p_value)
    return [speech.name(name), before, *spread, p_value, verdict_word(finding, speech)]


def verdict_word(finding: Finding, speech: Speech) -> str:
    """What is said of a figure in one word."""
    _ = speech
    match finding.verdict:
        case Verdict.CHANGES:
            return _("changes")
        case Verdict.UNSURE:
            return _("perhaps")
        case Verdict.NOISE:
            return _("noise")
        case Verdict.SAME:
            return _("same")
        case Verdict.UNMEASURED:
            return _("not measured")


def _is_shown(answer: Answer, finding: Finding) -> bool:
    share = share_of_base(answer, finding.figure, finding.difference)
    if share is None or finding.verdict in (Verdict.SAME, Verdict.UNMEASURED):
        return False
    return abs(share[0]) <= SHARE_MAX


def _whisker(answer: Answer, finding: Finding, speech: Speech) -> Whisker:
    share = share_of_base(answer, finding.figure, finding.difference)
    if share is None:
        raise ValueError(finding)
    mean, low, high = share
    name = speech.name(finding.figure)
    said = f"{name}: {_percent(mean)} ({_percent(low)} … {_percent(high)})"
    return Whisker(name, mean, low, high, finding.verdict.value, said)


def _levels(answer: Answer, speech: Speech) -> list[Section]:
    """The figures that any variant changes, each under all variants."""
    changed = {one.figure for one in answer.findings if one.verdict is Verdict.CHANGES}
    names = [one for one in MAIN if one in changed][:LEVELS_SHOWN]
    return [_level(answer, name, speech) for name in names]


def _level(answer: Answer, name: str, speech: Speech) -> Section:
    _ = speech
    rows, marks = [], []
    for variant in answer.question.variants:
        level = answer.levels.get((variant.number, name))
        if level is None:
            continue
        label = variant_title(variant, speech)
        rows.append([label, *(speech.about(name, v) for v in (level.mean, level.low, level.high))])
        tone = "1" if variant.number == 0 else "2"
        marks.append(Whisker(label, level.mean, level.low, level.high, tone))
    title = _("%(figure)s under every variant", figure=speech.name(name))
    return Section(
        key=f"level-{name}",
        title=title,
        text=_(
            "Mean over the seeds with its 95 %% interval; the first is what others are compared "
            "with. Overlapping intervals do not mean noise: seeds are compared in pairs."
        ),
        columns=[_("Variant"), _("Mean"), _("lower end"), _("upper end")],
        rows=rows,
        picture=whiskers(marks, _tick(name, speech), title, zero=False),
    )


def _tick(name: str, speech: Speech) -> Write:
    """How the ticks of a figure's scale are written: short."""
    if name.endswith("_fen"):
        return lambda fen: f"{fen / 100:,.0f}"
    return lambda value: speech.value(name, value)


def _percent(share: float) -> str:
    sign = "" if share == 0 else MINUS if share < 0 else "+"
    size = abs(100 * share)
    return f"{sign}{size:.0f} %" if size >= 10 or size == int(size) else f"{sign}{size:.1f} %"


def _p_written(p_value: float) -> str:
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"
