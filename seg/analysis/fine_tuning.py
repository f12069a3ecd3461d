"""Claims about fine-tuning: what may be frozen where data are few, and whether trained weights are a better start."""

from dataclasses import dataclass, replace

from seg.analysis.arms import TrainedArms
from seg.analysis.claim import Claim, Status, not_tried
from seg.analysis.claim_pairs import compare_arms, find_pair, pair_words
from seg.analysis.pairwise import Judgement

#: Freezing suffices if it costs less than this in the metric that ranks.
SUFFICES = 0.02

_PARTS = {"encoder": "encoder", "half": "first half of the encoder"}


@dataclass(frozen=True)
class FineTuningEvaluator:
    """Judges each pair of arms that differ in what is frozen, or in the weights that they start from, alone.

    Arms with different numbers of training images are judged number by number.

    Attributes:
        arms: the runs.
        judgement: on the test images; None: there is none.
        rank_by: the metric that ranks.
    """

    arms: TrainedArms
    judgement: Judgement | None
    rank_by: str

    def claims(self) -> list[Claim]:
        """Return all claims; one that no pair of arms asks about is not tried."""
        return [*self._frozen(), *self._started()]

    def _frozen(self) -> list[Claim]:
        found = self.arms.with_and_without("model.freeze")
        claims = [claim for names in found if (claim := self._suffices(*names))]
        statement = "A frozen encoder suffices where there are few data"
        return claims or [not_tried(statement, "it takes two arms that differ in model.freeze alone")]

    def _suffices(self, frozen: str, trained: str) -> Claim | None:
        pair = find_pair(self.judgement, frozen, trained)
        if pair is None:
            return None
        low, high = pair.difference.low, pair.difference.high
        loss_low, loss_high = (low, high) if pair.worse == frozen else (-high, -low)
        status: Status = "confirmed" if loss_high < SUFFICES else "refuted" if loss_low > SUFFICES else "undecided"
        stages = self.arms.setting(frozen, "model.freeze.stages", "encoder")
        part = _PARTS.get(str(stages), f"start of the encoder ({stages} stages)")
        evidence = f"{pair_words(self.rank_by, replace(pair, family=1))}. It suffices if it costs less than {SUFFICES}"
        return Claim(
            f"A frozen {part} suffices where there are few data",
            status,
            f"{evidence}; training images: {self._images(frozen)}.",
            "ranking",
        )

    def _started(self) -> list[Claim]:
        statement, keys = "Trained weights are a better start", ("model.start_from", "model.network.encoder_weights")
        found = [names for key in keys for names in self.arms.with_and_without(key)]
        claims = [compare_arms(statement, *names, {self.rank_by: self.judgement}, "ranking") for names in found]
        few = [
            replace(claim, evidence=f"{claim.evidence} Training images: {self._images(names[0])}.")
            for claim, names in zip(claims, found, strict=True)
        ]
        return few or [not_tried(statement, f"it takes two arms that differ in {' or '.join(keys)} alone")]

    def _images(self, arm: str) -> int:
        return len(self.arms.runs[arm][0].data.train)
