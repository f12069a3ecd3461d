"""A lecture on losses for rare boundaries makes claims about them; here they are tested on the data at hand.

The claims: L2 blurs and collapses where boundaries are rare, IoU does not, an edge term sharpens, the perceptual loss
improves the topology, a frozen encoder suffices where data are few, and falling learning rates help.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from seg.analysis.arms import TrainedArms
from seg.analysis.claim import Claim, not_tried
from seg.analysis.claim_pairs import compare_arms
from seg.analysis.collapse import CollapseEvaluator
from seg.analysis.fine_tuning import FineTuningEvaluator
from seg.analysis.pairwise import Judgement
from seg.record import RunRecord


@dataclass(frozen=True)
class ClaimEvaluator:
    """Judges the claims that compare arms.

    Attributes:
        arms: the runs.
        judgements: metric -> judgement on the test images.
        rank_by: the metric that ranks.
    """

    arms: TrainedArms
    judgements: dict[str, Judgement]
    rank_by: str

    def compare_losses(self, statement: str, winner: str, loser: str, metrics: list[str], section: str) -> Claim:
        """Judge whether a loss is better than another in some of the metrics, and worse in none.

        Args:
            statement: the claim.
            winner: class of the loss that is said to be better.
            loser: class of the other one.
            metrics: keys in `METRICS`.
            section: of the report that shows it.
        """
        names = self.arms.trained_with(winner), self.arms.trained_with(loser)
        if names[0] is None or names[1] is None:
            return not_tried(statement, f"it takes an arm with {winner} and one with {loser}")
        return self._compare(statement, names[0], names[1], metrics, section)

    def _compare(self, statement: str, winner: str, loser: str, metrics: list[str], section: str) -> Claim:
        return compare_arms(
            statement, winner, loser, {metric: self.judgements.get(metric) for metric in metrics}, section
        )

    def schedules(self, statement: str) -> list[Claim]:
        """Judge of each falling learning rate whether it is better than a constant one."""
        pairs = self.arms.with_and_without("model.schedule")
        if not pairs:
            why = "it takes two arms that differ in the schedule alone, one of them without any"
            return [not_tried(statement, why)]
        return [
            self._compare(f"{statement}: {self.arms.schedule(names[0])}", *names, [self.rank_by], "training")
            for names in pairs
        ]


def judge_claims(
    runs: dict[Path, RunRecord],
    judgements: dict[str, Judgement],
    rank_by: str,
    prevalence: float | None,
    tuned: Iterable[str] = (),
) -> list[Claim]:
    """Judge every claim; without L2 and another arm only those about fine-tuning that were tried.

    Args:
        runs: folder -> record.
        judgements: metric -> judgement.
        rank_by: the metric that ranks.
        prevalence: share of boundary among the test pixels.
        tuned: options that each arm chose on validation.
    """
    arms = TrainedArms.of(runs, tuned)
    evaluator, collapses = ClaimEvaluator(arms, judgements, rank_by), CollapseEvaluator(arms, judgements, prevalence)
    fine_tuning = FineTuningEvaluator(arms, judgements.get(rank_by), rank_by).claims()
    if arms.trained_with("L2Loss") is None or len(arms.runs) == 1:
        return [claim for claim in fine_tuning if claim.status != "not tried"]
    blur, topology = ["sharpness", "undecided_share"], ["v_rand", "cl_dice", "betti0_error", "betti1_error"]
    compare = evaluator.compare_losses
    return [
        collapses.judge("L2 collapses where boundaries are rare", "L2Loss", expected=True),
        compare("L2 blurs (IoU is sharper)", "JaccardLoss", "L2Loss", blur, "sharpness"),
        collapses.judge("IoU does not collapse", "JaccardLoss", expected=False),
        compare("The composite with an edge term sharpens", "EdgeCompositeLoss", "L2Loss", ["sharpness"], "sharpness"),
        compare("The perceptual loss improves the topology", "PerceptualLoss", "L2Loss", topology, "metrics"),
        *fine_tuning,
        *evaluator.schedules("Falling learning rates help"),
    ]
