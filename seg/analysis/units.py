"""What is independent among the test images: each image, groups of them, or nothing but the sections of one volume."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from seg.analysis.sections import FEWEST_SECTIONS, SectionCorrelation
from seg.analysis.variance import Scores, TwoWayVariance
from seg.record import RunRecord

#: Groups of unlike size count as so many of equal size; with fewer there is no interval.
FEWEST_GROUPS = 1.5


@dataclass(frozen=True)
class Units:
    """The groups of the test images.

    Attributes:
        groups: of each image, in the order of the images.
        serial: whether images next to each other are neighbouring sections.
    """

    groups: tuple[str, ...]
    serial: bool = False

    @classmethod
    def of(cls, record: RunRecord, images: Sequence[str]) -> "Units":
        """Return the groups that a run's split made; images of records without groups are their own group.

        Args:
            record: of one of the runs.
            images: names of test images.
        """
        return cls(tuple(record.data.groups.get(image, image) for image in images), record.data.serial)

    @property
    def names(self) -> list[str]:
        """The groups, each once."""
        return list(dict.fromkeys(self.groups))

    @property
    def one_volume(self) -> bool:
        """Whether all images are sections of one volume."""
        return self.serial and len(self.names) == 1

    @property
    def grouped(self) -> bool:
        """Whether some, but not all of the images share a group."""
        return 1 < len(self.names) < len(self.groups)

    @property
    def shares(self) -> Scores:
        """Share of the images that each group has, (G,)."""
        return np.array([self.groups.count(name) for name in self.names]) / len(self.groups)

    @property
    def kind(self) -> str:
        """What is independent, in the plural."""
        return "groups" if self.grouped else "images"

    @property
    def assumption(self) -> str:
        """What the intervals take as independent."""
        if self.one_volume:
            return "The images are sections of one volume, whose correlation is estimated and corrected for."
        if self.grouped:
            return f"The images are of {len(self.names)} groups, which are independent; images of one group are not."
        return "The images are treated as independent of each other."

    @property
    def unfit(self) -> str:
        """Why there can be no interval, as "an interval needs ..."; "" where there can."""
        if len(self.groups) < 2:
            return "an interval needs at least 2 seeds and 2 test images"
        if self.one_volume and len(self.groups) < FEWEST_SECTIONS:
            return f"an interval needs at least {FEWEST_SECTIONS} sections of one volume, or several volumes"
        if self.grouped and 1 / (self.shares**2).sum() < FEWEST_GROUPS:
            return "an interval needs more groups of test images, none of them with most of the images"
        return ""

    def scope(self, independent: float | None = None) -> str:
        """Say for which images the verdict holds, where these are fewer than a reader expects; "" elsewhere.

        Args:
            independent: how many independent images the sections are worth; None: not estimated.
        """
        count = len(self.groups)
        if self.one_volume:
            worth = f", worth about {independent:.1f} independent images" if independent else ""
            return (
                f"The verdict holds for this volume only: its {count} test images are neighboring sections{worth}. "
                "For other volumes it takes test images of at least 4 of them, and their names as groups of the split."
            )
        if len(self.names) == 1 < count:
            return (
                f"The verdict holds for the group {self.names[0]} only, which all {count} test images are of. For "
                "other groups it takes test images of at least 4 of them."
            )
        if self.grouped and len(self.names) < 4:  # see docs/comparing.md
            return (
                f"The {count} test images are of {len(self.names)} groups: that is too few to show any but very large "
                "differences. It takes at least 4 groups."
            )
        return ""

    def variance(self, scores: Scores, correlation: SectionCorrelation | None = None) -> TwoWayVariance | None:
        """Return the mean of the scores and its variance; None where there can be no interval.

        Args:
            scores: (S, I), of S seeds on the I images; or the differences of two losses.
            correlation: of the sections of one volume; None: estimated from the scores alone.
        """
        if len(scores) < 2 or self.unfit:
            return None
        if self.grouped:
            return TwoWayVariance.of(self._means(scores), self.shares)
        independent = TwoWayVariance.of(scores)
        if not self.one_volume:
            return independent
        series = scores.mean(axis=0)
        column, freedom = (correlation or SectionCorrelation.of(series[None], 1)).variance_of_mean(series)
        return replace(independent, column_variance=column, image_freedom=freedom)

    def correlation(self, merits: Sequence[Scores]) -> SectionCorrelation | None:
        """Return the correlation of the sections in what they mean to some losses; None: there is none to estimate.

        Args:
            merits: (S, I) of each loss.
        """
        if not self.one_volume or self.unfit or len(merits) < 2:
            return None
        series = np.array([of_loss.mean(axis=0) for of_loss in merits])
        return SectionCorrelation.of(series - series.mean(axis=0), len(series) - 1)

    def _means(self, scores: Scores) -> Scores:
        member = np.array([[group == name for group in self.groups] for name in self.names], dtype=np.float64)
        means: Scores = scores @ (member / member.sum(axis=1, keepdims=True)).T
        return means
