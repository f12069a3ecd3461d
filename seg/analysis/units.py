"""What is independent among the test images: each image, groups of them, or nothing but the sections of one volume."""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np

from seg.analysis.sections import FEWEST_SECTIONS, SectionCorrelation
from seg.analysis.variance import Scores, TwoWayVariance
from seg.record import RunRecord

#: Groups of unlike size count as so many of equal size; with fewer there is no interval.
FEWEST_GROUPS = 1.5

#: With fewer, their variance is not known.
FEWEST_FOLDS = 3


@dataclass(frozen=True)
class Units:
    """The groups of the test images.

    Attributes:
        groups: of each image, in the order of the images.
        serial: whether images next to each other are neighbouring sections.
        folds: of a cross-validation, in which each image was tested; empty without one.
        ratio: test images by training images of a fold.
        sections: of which each image is a window, or the image itself; empty where none is a window.
    """

    groups: tuple[str, ...]
    serial: bool = False
    folds: tuple[int, ...] = ()
    ratio: float = 0.0
    sections: tuple[str, ...] = ()

    @classmethod
    def of(cls, records: Sequence[RunRecord], images: Sequence[str]) -> "Units":
        """Return the groups that the runs' split made; images of records without groups are their own group.

        Args:
            records: of the runs, at least one.
            images: names of test images.
        """
        group_of = {image: group for record in records for image, group in record.data.groups.items()}
        groups, serial = tuple(group_of.get(image, image) for image in images), records[0].data.serial
        fold_of = {
            image: record.config.fold
            for record in records
            if record.config.fold is not None
            for image in record.data.test
        }
        if not fold_of:
            window_of = {window: image for record in records for window, image in record.data.windows_of.items()}
            sections = tuple(window_of.get(image, image) for image in images) if window_of else ()
            return cls(groups, serial, sections=sections)
        ratio = fmean(len(record.data.test) / len(record.data.train) for record in records)
        return cls(groups, serial, tuple(fold_of[image] for image in images), ratio)

    @property
    def names(self) -> list[str]:
        """The groups, each once."""
        return list(dict.fromkeys(self.groups))

    @property
    def one_volume(self) -> bool:
        """Whether all images are sections of one volume."""
        return self.serial and len(self.names) == 1 and not self.folds

    @property
    def count(self) -> int:
        """Number of the images; windows of one section are one."""
        return len(set(self.sections)) or len(self.groups)

    @property
    def grouped(self) -> bool:
        """Whether some, but not all of the images share a group."""
        return 1 < len(self.names) < len(self.groups) and not self.folds

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
        if self.folds:
            return (
                f"The images are tested in {len(set(self.folds))} folds. Their training images overlap: the variance "
                "between folds is enlarged by Nadeau and Bengio's correction."
            )
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
        if 0 < len(set(self.folds)) < FEWEST_FOLDS:
            return f"an interval needs test scores of at least {FEWEST_FOLDS} folds"
        if self.one_volume and self.count < FEWEST_SECTIONS:
            return f"an interval needs at least {FEWEST_SECTIONS} sections of one volume, or several volumes"
        if self.grouped and 1 / (self.shares**2).sum() < FEWEST_GROUPS:
            return "an interval needs more groups of test images, none of them with most of the images"
        return ""

    def scope(self, independent: float | None = None) -> str:
        """Say for which images the verdict holds, where these are fewer than a reader expects; "" elsewhere.

        Args:
            independent: how many independent images the sections are worth; None: not estimated.
        """
        count = self.count
        if self.folds and len(self.names) == 1 < count:
            return "The verdict holds for this volume or group only, which all images are of."
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
        if self.folds:
            return self._over_folds(scores)
        if self.grouped:
            return TwoWayVariance.of(_means(scores, self.groups), self.shares)
        if not self.one_volume:
            return TwoWayVariance.of(scores)
        of_sections = self._over_sections(scores)
        independent, series = TwoWayVariance.of(of_sections), of_sections.mean(axis=0)
        column, freedom = (correlation or SectionCorrelation.of(series[None], 1)).variance_of_mean(series)
        return replace(independent, column_variance=column, image_freedom=freedom)

    def correlation(self, merits: Sequence[Scores]) -> SectionCorrelation | None:
        """Return the correlation of the sections in what they mean to some losses; None: there is none to estimate.

        Args:
            merits: (S, I) of each loss.
        """
        if not self.one_volume or self.unfit or len(merits) < 2:
            return None
        series = np.array([self._over_sections(of_loss).mean(axis=0) for of_loss in merits])
        return SectionCorrelation.of(series - series.mean(axis=0), len(series) - 1)

    def _over_sections(self, scores: Scores) -> Scores:
        """Return the means over the windows of each section."""
        return _means(scores, self.sections) if self.sections else scores

    def _over_folds(self, scores: Scores) -> TwoWayVariance:
        """Return mean and variance over folds, whose networks share most of their training images.

        The variance of the mean over K folds is s^2 (1 / K + test / training images), not s^2 / K.

        Source:
            Nadeau and Bengio, Machine Learning 2003.
        """
        counts = np.array(list(Counter(self.folds).values()))
        folds = TwoWayVariance.of(_means(scores, self.folds), counts / counts.sum())
        larger = 1 + len(counts) * self.ratio
        return replace(folds, column_variance=larger * folds.column_variance, image_freedom=len(counts) - 1)


def _means(scores: Scores, of_image: Sequence[Hashable]) -> Scores:
    """Return the means over the images of each group or fold, (S, G)."""
    member = np.array([[own == name for own in of_image] for name in dict.fromkeys(of_image)], dtype=np.float64)
    means: Scores = scores @ (member / member.sum(axis=1, keepdims=True)).T
    return means
