"""What a study found, in sentences: what changes, what is noise, and what did not move."""

from dataclasses import dataclass

from refund.simulation.questions.findings import SEEDS_FEW, Answer, Finding, Verdict
from refund.simulation.questions.statistics import Difference
from refund.simulation.questions.vary import Variant
from refund.simulation.runs.figure_words import Speech
from refund.simulation.world.parameters import parameters


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of one variant.

    Args:
        title: what is different in it.
        changes: a sentence for each figure that changes.
        unsure: the names of those that perhaps change, each with its interval.
        noise: of those that differ by no more than noise.
        same: the names of the figures that are the same in every seed.
        unmeasured: those that too few seeds have.
    """

    variant: int
    title: str
    changes: tuple[str, ...]
    unsure: tuple[str, ...]
    noise: tuple[str, ...]
    same: tuple[str, ...]
    unmeasured: tuple[str, ...]


def said_of(answer: Answer, speech: Speech) -> list[Said]:
    """What is said of each variant but the base."""
    return [_said(answer, variant, speech) for variant in answer.question.variants[1:]]


def variant_title(variant: Variant, speech: Speech, base: Variant | None = None) -> str:
    """A variant by its values; against a base, by those alone that are not the base's."""
    named = [
        f"{key.partition('.')[2]} = {value} {unit_word(parameters()[key].unit, speech)}".rstrip()
        for key, value in variant.changes.items()
        if base is None or base.changes[key] != value
    ]
    return speech.listed(named)


def caveats(answer: Answer, speech: Speech) -> list[str]:
    """How far the answer can be trusted."""
    _ = speech
    said = [
        _(
            "Every variant ran with the same %(n)s seeds, and differences are taken seed by seed "
            "(common random numbers), so that chance which both share cancels out.",
            n=len(answer.seeds),
        ),
        _(
            "An interval holds the true mean difference of this model in 95 of 100 such studies. "
            "%(n)s comparisons were made; to be called a change, a difference must be rarer than "
            "5 in 100 after Holm's correction for their number.",
            n=answer.compared,
        ),
        _(
            "What is measured is this model with its parameters, of which some are assumptions: "
            "no interval covers what the model leaves out."
        ),
    ]
    if len(answer.seeds) < SEEDS_FEW:
        few = _("These are few seeds: intervals are wide, and rare events may not have come up.")
        said.insert(0, few)
    if answer.unfinished:
        open_runs = _(
            "%(n)s finished runs do not count yet: their seeds are not done in every variant.",
            n=answer.unfinished,
        )
        said.insert(0, open_runs)
    return said


def never_varied(answer: Answer, speech: Speech) -> list[str]:
    """The names of figures with one and the same value in every run."""
    return [speech.name(figure) for figure in answer.figures if figure in answer.fixed]


def _said(answer: Answer, variant: Variant, speech: Speech) -> Said:
    def sentences(verdict: Verdict) -> tuple[str, ...]:
        found = answer.of(variant.number, verdict)
        return tuple(_sentence(answer, one, speech) for one in found)

    def spans(verdict: Verdict) -> tuple[str, ...]:
        return tuple(_span(one, speech) for one in answer.of(variant.number, verdict))

    def names(verdict: Verdict) -> tuple[str, ...]:
        return tuple(speech.name(one.figure) for one in answer.of(variant.number, verdict))

    return Said(
        variant=variant.number,
        title=variant_title(variant, speech, answer.question.variants[0]),
        changes=sentences(Verdict.CHANGES),
        unsure=spans(Verdict.UNSURE),
        noise=spans(Verdict.NOISE),
        same=names(Verdict.SAME),
        unmeasured=names(Verdict.UNMEASURED),
    )


def _sentence(answer: Answer, finding: Finding, speech: Speech) -> str:
    difference = finding.difference
    if difference is None:
        raise ValueError(finding)
    _, figure = speech, finding.figure
    low, high = (speech.apart(figure, one) for one in (difference.low, difference.high))
    name = speech.name(figure)
    by = speech.about(figure, abs(difference.mean)) + _share(answer, finding, speech)
    if difference.low == difference.high:
        text = _("%(figure)s: up by %(by)s, the same in every seed.", figure=name, by=by)
        fell = _("%(figure)s: down by %(by)s, the same in every seed.", figure=name, by=by)
        return text if difference.mean > 0 else fell
    if difference.mean > 0:
        return _(
            "%(figure)s: up by %(by)s, between %(low)s and %(high)s.",
            figure=name,
            by=by,
            low=low,
            high=high,
        )
    return _(
        "%(figure)s: down by %(by)s, between %(low)s and %(high)s.",
        figure=name,
        by=by,
        low=low,
        high=high,
    )


def _span(finding: Finding, speech: Speech) -> str:
    """A figure's name with the interval of its difference."""
    name, difference = speech.name(finding.figure), finding.difference
    if difference is None:
        return name
    low, high = (speech.apart(finding.figure, one) for one in (difference.low, difference.high))
    return f"{name} ({low} … {high})"


def _share(answer: Answer, finding: Finding, speech: Speech) -> str:
    share = share_of_base(answer, finding.figure, finding.difference)
    if share is None:
        return ""
    _, base = speech, answer.levels[answer.question.variants[0].number, finding.figure]
    return ("" if speech.is_chinese else " ") + _(
        "(%(percent)s %% of %(base)s)",
        percent=f"{abs(100 * share[0]):.1f}",
        base=speech.about(finding.figure, base.mean),
    )


def share_of_base(
    answer: Answer, figure: str, difference: Difference | None
) -> tuple[float, float, float] | None:
    """A difference and its interval as shares of the base's mean; None where that is nothing."""
    base = answer.levels.get((answer.question.variants[0].number, figure))
    if base is None or base.mean == 0 or difference is None:
        return None
    size = abs(base.mean)
    return difference.mean / size, difference.low / size, difference.high / size


def unit_word(unit: str, speech: Speech) -> str:
    """What a parameter is counted in, after its value; nothing for words and plain numbers."""
    _ = speech
    known = {
        "yuan": _("yuan"),
        "percent": "%",
        "days": _("days"),
        "working days": _("working days"),
        "people": _("people"),
        "minutes": _("minutes"),
        "seconds": _("seconds"),
    }
    return known.get(unit, "")
