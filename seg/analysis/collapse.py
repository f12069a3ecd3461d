"""Which losses collapse, as claims."""

from dataclasses import dataclass

from seg.analysis.arms import TrainedArms
from seg.analysis.claim import Claim, not_tried
from seg.analysis.failures import LEARNED, FailureRate
from seg.analysis.pairwise import Judgement
from seg.metrics.collapse import COLLAPSED, PARTLY
from seg.record import RunRecord

#: A loss does not collapse where its rate of collapse is at most this, with 95 % confidence: in none of 11 runs.
RATE = 0.25

#: Boundaries are rare where they are fewer of the pixels than this.
RARE = 0.05


@dataclass(frozen=True)
class CollapseEvaluator:
    """Judges the claims that a loss collapses, or that it does not.

    Attributes:
        arms: the runs.
        judgements: metric -> judgement on the test images.
        prevalence: share of boundary among the test pixels; None: not known.
    """

    arms: TrainedArms
    judgements: dict[str, Judgement]
    prevalence: float | None

    def judge(self, statement: str, class_name: str, expected: bool) -> Claim:
        """Judge whether every run of a loss, or none, has collapsed.

        Where boundary is not rare, a loss that is said to collapse cannot be tested; nor can one that is said not to,
        unless some loss collapsed.

        Args:
            statement: the claim.
            class_name: of the loss.
            expected: whether the claim says that it collapses.
        """
        name = self.arms.trained_with(class_name)
        if name is None:
            return not_tried(statement, f"no arm trains with {class_name}")
        verdicts = [_outcome(run) for run in self.arms.runs[name]]
        collapsed, judged = sum(map(_has_collapsed, verdicts)), sum(map(_can_be_judged, verdicts))
        evidence = f"{name}: {collapsed} of {judged} runs collapsed ({', '.join(verdicts)}). "
        if judged < len(verdicts):
            evidence += "A run that diverged or failed has not collapsed: it is left out. "
        artefacts = "threshold artefact" in verdicts
        if artefacts:
            evidence += "A threshold artefact (pixels ranked well, but an empty mask at 0.5) is not a collapse. "
        evidence += self._ranking_of_pixels(name)
        why = self._untested(name, expected, collapsed, judged)
        if why:
            return Claim(statement, "not tested here", f"{evidence} {why}", "training")
        partly = any(verdict in PARTLY for verdict in verdicts)
        if collapsed not in (0, judged) or partly or (artefacts and expected and not collapsed):
            return Claim(statement, "undecided", evidence, "training")
        highest = FailureRate(collapsed, judged).interval()[1]
        if not expected and not collapsed and highest > RATE:
            evidence += f" None of {judged} runs leaves rates up to {highest:.0%} possible (95 %)."
            return Claim(statement, "undecided", evidence, "training")
        return Claim(statement, "confirmed" if bool(collapsed) == expected else "refuted", evidence, "training")

    def _untested(self, name: str, expected: bool, collapsed: int, judged: int) -> str:
        """Return why these runs could not have decided the claim either way; "" where they could."""
        if not judged:
            return "No run can be judged."
        common = self.prevalence is not None and self.prevalence > RARE
        if expected:
            return "Boundary is not rare here." if common else ""
        others = [run for other, runs in self.arms.runs.items() if other != name for run in runs]
        if collapsed or any(_has_collapsed(_outcome(run)) for run in others):
            return ""
        return "Boundary is not rare here, and no other loss collapsed either." if common else ""

    def _ranking_of_pixels(self, name: str) -> str:
        if self.prevalence is None:
            return ""
        rare = f"Boundary is {self.prevalence:.1%} of the test pixels"
        judgement = self.judgements.get("ap")
        if judgement is None or name not in judgement.estimates:
            return f"{rare}."
        precision, best = judgement.estimates[name].mean, next(iter(judgement.estimates))
        at_best = f"{best}, the best, has {judgement.estimates[best].mean:.3f}" if best != name else "no loss has more"
        return f"{rare}, the average precision of a random ranking; {name} has {precision:.3f}, {at_best}."


def _outcome(run: RunRecord) -> str:
    return run.collapse if run.status == "finished" else run.status


def _has_collapsed(outcome: str) -> bool:
    return outcome in COLLAPSED


def _can_be_judged(outcome: str) -> bool:
    return outcome in (*COLLAPSED, *PARTLY, *LEARNED)
