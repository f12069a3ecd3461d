"""A lecture on losses for rare boundaries makes claims about them; here they are tested on the data at hand.

The claims: L2 blurs and collapses where boundaries are rare, IoU does not, an edge term sharpens, the perceptual loss
improves the topology, a frozen encoder suffices where data are few, and falling learning rates help.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from seg.analysis.arms import TrainedArms
from seg.analysis.claim import Claim, Status, not_tried
from seg.analysis.collapse import CollapseEvaluator
from seg.analysis.formatting import p_value
from seg.analysis.pair import Pair
from seg.analysis.pairwise import Judgement
from seg.analysis.verdict import power_words, with_interval
from seg.metrics.table import METRICS
from seg.record import RunRecord

#: A frozen encoder suffices if it costs less than this in the metric that ranks.
SUFFICES = 0.02


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
        pairs = {metric: _pair(self.judgements.get(metric), winner, loser) for metric in metrics}
        family = sum(pair is not None for pair in pairs.values())
        known = {metric: replace(pair, family=family) for metric, pair in pairs.items() if pair}
        if not known:
            return not_tried(statement, f"{winner} and {loser} have no test scores in common")
        established = [pair.better for pair in known.values() if _is_established(pair)]
        status: Status = "undecided"
        if established:
            status = "confirmed" if loser not in established else "undecided" if winner in established else "refuted"
        evidence = "; ".join(_words(metric, pair) for metric, pair in known.items())
        return Claim(statement, status, evidence + ".", section)

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

    def frozen(self, statement: str) -> Claim:
        """Judge whether a frozen encoder is worse than a trained one by less than the margin."""
        names = next(iter(self.arms.with_and_without("model.network.freeze_encoder")), None)
        pair = _pair(self.judgements.get(self.rank_by), *names) if names else None
        if names is None or pair is None:
            return not_tried(statement, "it takes two arms that differ in freeze_encoder alone")
        low, high = pair.difference.low, pair.difference.high
        loss_low, loss_high = (low, high) if pair.worse == names[0] else (-high, -low)
        status: Status = "confirmed" if loss_high < SUFFICES else "refuted" if loss_low > SUFFICES else "undecided"
        images = len(self.arms.runs[names[0]][0].data.train)
        margin = f"It suffices if it costs less than {SUFFICES}; there are {images} training images."
        return Claim(statement, status, f"{_words(self.rank_by, replace(pair, family=1))}. {margin}", "ranking")


def judge_claims(
    runs: dict[Path, RunRecord],
    judgements: dict[str, Judgement],
    rank_by: str,
    prevalence: float | None,
    tuned: Iterable[str] = (),
) -> list[Claim]:
    """Judge every claim; none without L2 and another loss, which most of them are about.

    Args:
        runs: folder -> record.
        judgements: metric -> judgement.
        rank_by: the metric that ranks.
        prevalence: share of boundary among the test pixels.
        tuned: options that each arm chose on validation.
    """
    arms = TrainedArms.of(runs, tuned)
    evaluator, collapses = ClaimEvaluator(arms, judgements, rank_by), CollapseEvaluator(arms, judgements, prevalence)
    if arms.trained_with("L2Loss") is None or len(arms.runs) == 1:
        return []
    blur, topology = ["sharpness", "undecided_share"], ["v_rand", "cl_dice", "betti0_error", "betti1_error"]
    compare = evaluator.compare_losses
    return [
        collapses.judge("L2 collapses where boundaries are rare", "L2Loss", expected=True),
        compare("L2 blurs (IoU is sharper)", "JaccardLoss", "L2Loss", blur, "sharpness"),
        collapses.judge("IoU does not collapse", "JaccardLoss", expected=False),
        compare("The composite with an edge term sharpens", "EdgeCompositeLoss", "L2Loss", ["sharpness"], "sharpness"),
        compare("The perceptual loss improves the topology", "PerceptualLoss", "L2Loss", topology, "metrics"),
        evaluator.frozen("A frozen encoder suffices where there are few data"),
        *evaluator.schedules("Falling learning rates help"),
    ]


def _pair(judgement: Judgement | None, first: str, second: str) -> Pair | None:
    known = judgement and first in judgement.estimates and second in judgement.estimates
    return judgement.pair(first, second) if judgement and known else None


def _words(metric: str, pair: Pair) -> str:
    margin = f"{METRICS[metric].title}: {pair.better} is ahead of {pair.worse} by {with_interval(pair.difference)}"
    margin += f", p {p_value(pair.p)}" if pair.uncertainty else ""
    return margin if _is_established(pair) else f"{margin}, not established ({power_words(pair)})"


def _is_established(pair: Pair) -> bool:
    """Return whether the difference stands, corrected for the metrics of the claim, not for pairs not asked about."""
    return pair.p * pair.family <= pair.level
