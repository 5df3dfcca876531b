"""What a study found: which figures a variant changes, which it leaves, and what is noise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from refund.simulation.questions.statistics import Difference, Interval, holm, interval_of, paired
from refund.simulation.questions.study import Question, Run, Study

SURE = 0.05
"""A difference counts where noise alone would show it less often, all comparisons together."""

STATES = "forms_"
"""How the names of figures begin that count forms by the state in which they ended."""

SEEDS_MIN = 2
SEEDS_FEW = 10
"""Fewer seeds than this are called few. Source: project decision."""


class Verdict(Enum):
    """What is said of a figure under a variant.

    UNSURE: its own interval leaves out 0, but among so many comparisons that can be chance.
    """

    CHANGES = "changes"
    UNSURE = "unsure"
    NOISE = "noise"
    SAME = "same"
    UNMEASURED = "unmeasured"


@dataclass(frozen=True, slots=True)
class Finding:
    """A figure under a variant, compared with the base over the seeds that both have.

    Args:
        difference: None where fewer than two seeds have the figure in both.
        p_value: corrected for the number of comparisons (Holm); 1 where nothing differs.
    """

    figure: str
    variant: int
    difference: Difference | None
    p_value: float
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Answer:
    """What a study says.

    Args:
        question: that was asked.
        seeds: that every variant has.
        unfinished: runs that only some of the variants have; they do not count.
        figures: every figure's name, in the order of the runs.
        levels: the mean of a figure under a variant with its interval, by (variant, figure).
        findings: by figure, then by variant.
        fixed: figures with one and the same value in every run, whatever the variant and seed.
        compared: how many comparisons were corrected for.
    """

    question: Question
    seeds: tuple[int, ...]
    unfinished: int
    figures: tuple[str, ...]
    levels: Mapping[tuple[int, str], Interval]
    findings: tuple[Finding, ...]
    fixed: frozenset[str]
    compared: int

    def of(self, variant: int, verdict: Verdict | None = None) -> list[Finding]:
        """What was found of one variant."""
        return [
            one
            for one in self.findings
            if one.variant == variant and (verdict is None or one.verdict is verdict)
        ]


def answer_of(study: Study) -> Answer:
    """What a study says by now."""
    return compare(study.question, study.runs())


def compare(question: Question, runs: Sequence[Run]) -> Answer:
    """Compare every variant with the base, on the seeds that all of them have."""
    variants = [one.number for one in question.variants]
    by_seed: dict[int, dict[int, Run]] = {}
    for run in runs:
        by_seed.setdefault(run.seed, {})[run.variant] = run
    seeds = tuple(seed for seed in sorted(by_seed) if len(by_seed[seed]) == len(variants))
    kept = {number: [by_seed[seed][number].figures for seed in seeds] for number in variants}
    names = tuple(dict.fromkeys(name for all_of in kept.values() for of in all_of for name in of))
    kept = {number: [_counted(of, names) for of in all_of] for number, all_of in kept.items()}
    found = _findings(names, variants, kept)
    return Answer(
        question=question,
        seeds=seeds,
        unfinished=len(runs) - len(seeds) * len(variants),
        figures=names,
        levels=_levels(names, kept),
        findings=found,
        fixed=frozenset(name for name in names if _is_fixed(name, kept)),
        compared=sum(1 for one in found if _is_tested(one.difference)),
    )


def _counted(of: Mapping[str, float], names: Sequence[str]) -> Mapping[str, float]:
    """The figures of a run; a state in which no form ended is not told by a run, and counts 0."""
    return {name: 0.0 for name in names if name.startswith(STATES)} | dict(of)


def _findings(
    names: Sequence[str],
    variants: Sequence[int],
    kept: Mapping[int, Sequence[Mapping[str, float]]],
) -> tuple[Finding, ...]:
    places = [(name, variant) for name in names for variant in variants[1:]]
    apart = [_difference(name, kept[variants[0]], kept[variant]) for name, variant in places]
    corrected = iter(holm([one.p_value for one in apart if one is not None and _is_tested(one)]))
    findings = []
    for (name, variant), difference in zip(places, apart, strict=True):
        p_value = next(corrected) if _is_tested(difference) else 1.0
        findings.append(Finding(name, variant, difference, p_value, _verdict(difference, p_value)))
    return tuple(findings)


def _difference(
    name: str, base: Sequence[Mapping[str, float]], other: Sequence[Mapping[str, float]]
) -> Difference | None:
    pairs = [
        (before[name], after[name])
        for before, after in zip(base, other, strict=True)
        if name in before and name in after
    ]
    if len(pairs) < SEEDS_MIN:
        return None
    return paired([before for before, _ in pairs], [after for _, after in pairs])


def _is_tested(difference: Difference | None) -> bool:
    """Whether there is anything to tell from noise."""
    return difference is not None and difference.differing > 0


def _verdict(difference: Difference | None, p_value: float) -> Verdict:
    if difference is None:
        return Verdict.UNMEASURED
    if difference.differing == 0:
        return Verdict.SAME
    if p_value < SURE:
        return Verdict.CHANGES
    return Verdict.NOISE if difference.low <= 0 <= difference.high else Verdict.UNSURE


def _levels(
    names: Sequence[str], kept: Mapping[int, Sequence[Mapping[str, float]]]
) -> dict[tuple[int, str], Interval]:
    levels = {}
    for number, all_of in kept.items():
        for name in names:
            values = [of[name] for of in all_of if name in of]
            if len(values) >= SEEDS_MIN:
                levels[number, name] = interval_of(values)
    return levels


def _is_fixed(name: str, kept: Mapping[int, Sequence[Mapping[str, float]]]) -> bool:
    return len({of[name] for all_of in kept.values() for of in all_of if name in of}) == 1
