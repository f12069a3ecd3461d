"""Synthetic tissue: images like stained sections, with exactly known membranes and cells."""

from collections.abc import Sequence
from typing import overload

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.ndimage import find_objects, gaussian_filter, label, map_coordinates
from scipy.spatial import cKDTree

from seg.data.organelles import draw_organelles
from seg.data.sample import Sample, Source

Field = NDArray[np.float64]


class SyntheticCells(Source):
    """Cells that tile the plane, drawn as in electron microscopy: dark membranes on textured cytoplasm.

    Membranes bend, vary in thickness and contrast, and fade where they would be cut obliquely (the mask keeps
    them). Mitochondria and vesicles look like membranes and are not in the mask. Illumination is uneven; blur, shot
    noise and read noise follow. Labels number the cells, 0 is boundary. Image `index` depends only on `index` and on
    the arguments other than `count`.

    Args:
        count: number of images.
        size_px: side of an image.
        cell_diameter_px: median diameter of the cells, >= 8; most are between half of it and 1.7 times as large.
        boundary_share: share of boundary pixels in every mask, in [0.02, 0.4]. Below about 2.5 / cell_diameter_px it
            is too small for membranes one pixel wide: the thinnest are missing from the mask.
        psf_sigma_px: standard deviation of the blur, >= 0.
        photons: counted by the brightest pixels, in (0, 1e9]; fewer mean more shot noise.
        seed: of the images, >= 0.

    Raises:
        ValueError: an argument is out of range.
    """

    independent = True

    def __init__(
        self,
        count: int = 30,
        size_px: int = 256,
        cell_diameter_px: float = 40.0,
        boundary_share: float = 0.12,
        psf_sigma_px: float = 1.0,
        photons: float = 150.0,
        seed: int = 0,
    ) -> None:
        rules = {
            f"count must be >= 1, got {count}": count >= 1,
            f"cell_diameter_px must be >= 8, got {cell_diameter_px}": cell_diameter_px >= 8,
            f"size_px must be >= cell_diameter_px, got {size_px}": size_px >= cell_diameter_px,
            f"boundary_share must be in [0.02, 0.4], got {boundary_share}": 0.02 <= boundary_share <= 0.4,
            f"psf_sigma_px must be >= 0, got {psf_sigma_px}": psf_sigma_px >= 0,
            f"photons must be > 0 and at most 1e9, got {photons}": 0 < photons <= 1e9,
            f"seed must be >= 0, got {seed}": seed >= 0,
        }
        broken = [rule for rule, holds in rules.items() if not holds]
        if broken:
            raise ValueError("; ".join(broken))
        self.length, self.size_px, self.cell_diameter_px = count, size_px, cell_diameter_px
        self.boundary_share, self.psf_sigma_px, self.photons, self.seed = boundary_share, psf_sigma_px, photons, seed

    def __len__(self) -> int:
        return self.length

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Sample]: ...
    def __getitem__(self, index: int | slice) -> Sample | Sequence[Sample]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(self.length))]
        if not -self.length <= index < self.length:
            raise IndexError(f"index {index} of {self.length} images")
        return self._draw(index % self.length)

    def _draw(self, index: int) -> Sample:
        rng = np.random.default_rng((self.seed, index))
        distance, cell = self._tessellate(rng)
        thickness = smooth_noise(rng, self.size_px, self.cell_diameter_px / 2, 0.6, 1.5).clip(0.4)
        depth = distance / thickness
        mask = self._mark(depth, thickness, cell)
        half_width = float(np.quantile(depth, self.boundary_share))
        light = self._paint(rng, depth, half_width, cell)
        return Sample(f"synthetic-{index:04d}", self._expose(rng, light), mask, _profiles(cell, mask))

    def _mark(self, depth: Field, thickness: Field, cell: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Return the pixels of the boundary: the innermost of every membrane, then the nearest, up to the share."""
        rank = np.where(_innermost(cell), -thickness, depth)
        order = np.argsort(rank, axis=None, kind="stable")
        mask = np.zeros(rank.size, dtype=np.bool_)
        mask[order[: round(self.boundary_share * rank.size)]] = True
        return mask.reshape(rank.shape)

    def _tessellate(self, rng: Generator) -> tuple[Field, NDArray[np.intp]]:
        """Return each pixel's distance to the nearest boundary, in pixels, and the number of its cell."""
        margin = 2 * self.cell_diameter_px
        extent = self.size_px + 2 * margin
        proposals = round(4 * (extent / self.cell_diameter_px) ** 2)
        seeds = _thin(rng, rng.uniform(-margin, self.size_px + margin, (proposals, 2)), self.cell_diameter_px)
        grid = np.indices((self.size_px, self.size_px)).astype(np.float64)
        bent = grid + np.array([self._bend(rng), self._bend(rng)])
        distances, nearest = cKDTree(seeds).query(bent.reshape(2, -1).T, k=2)
        ridge = (distances[:, 1] - distances[:, 0]) / 2
        shape = (self.size_px, self.size_px)
        return _straighten(ridge.reshape(shape)), nearest[:, 0].reshape(shape)

    def _bend(self, rng: Generator) -> Field:
        """Return a displacement, in pixels: broad bends make sizes vary, narrow ones curve the membranes."""
        broad, narrow = 1.2 * self.cell_diameter_px, 0.22 * self.cell_diameter_px
        displacement = smooth_noise(rng, self.size_px, broad, -0.9 * self.cell_diameter_px, 0.9 * self.cell_diameter_px)
        displacement += smooth_noise(rng, self.size_px, narrow, -0.8 * narrow, 0.8 * narrow)
        return displacement

    def _paint(self, rng: Generator, depth: Field, half_width: float, cell: NDArray[np.intp]) -> Field:
        """Return the light that reaches each pixel, 0 to 1, before any blur."""
        shades = rng.normal(0.72, 0.05, cell.max() + 1)
        texture = smooth_noise(rng, self.size_px, 1.2, -0.12, 0.12) + smooth_noise(rng, self.size_px, 5, -0.05, 0.05)
        light: Field = gaussian_filter(shades[cell], 1) + texture
        light = draw_organelles(rng, light, depth, half_width, self.cell_diameter_px).clip(0.22)
        contrast = smooth_noise(rng, self.size_px, self.cell_diameter_px / 3, -0.1, 1.7).clip(0.1, 1)
        profile = 1 / (1 + np.exp(((depth - half_width) / max(0.35, half_width / 5)).clip(-30, 30)))
        membrane: Field = profile * contrast
        return light * (1 - membrane) + (0.12 + texture) * membrane

    def _expose(self, rng: Generator, light: Field) -> NDArray[np.uint8]:
        uneven = smooth_noise(rng, self.size_px, self.size_px / 3, 0.8, 1.05)
        focused: Field = gaussian_filter(light * uneven, self.psf_sigma_px).clip(0, 1)
        counted = rng.poisson(focused * self.photons) / self.photons + rng.normal(0, 0.015, light.shape)
        image: NDArray[np.uint8] = (counted * 235).round().clip(0, 255).astype(np.uint8)
        return image


def smooth_noise(rng: Generator, size_px: int, sigma_px: float, low: float, high: float) -> Field:
    """Return a smooth random field (size_px, size_px).

    It is drawn on a coarse grid, so that broad fields cost no more than fine ones, and interpolated by cubic splines:
    linear pieces would show as corners wherever the field bends a membrane.

    Args:
        rng: draws the field.
        size_px: side of the field.
        sigma_px: standard deviation of the Gaussian that smooths it.
        low: mean of the values minus two standard deviations.
        high: mean plus two standard deviations.
    """
    step = max(1.0, sigma_px / 2)
    cells = int(np.ceil(size_px / step)) + 8
    coarse = gaussian_filter(rng.standard_normal((cells, cells)), sigma_px / step, mode="wrap")
    coarse = (coarse - coarse.mean()) / coarse.std()
    where = np.indices((size_px, size_px)) / step + 3
    field: Field = map_coordinates(coarse, where, order=3)
    return (low + high) / 2 + field * (high - low) / 4


def _innermost(cell: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return the pixels whose right or lower neighbor lies in another cell."""
    innermost = np.zeros(cell.shape, dtype=np.bool_)
    innermost[:, :-1] = cell[:, :-1] != cell[:, 1:]
    innermost[:-1] |= cell[:-1] != cell[1:]
    return innermost


def _profiles(cell: NDArray[np.intp], mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Number the 4-connected pieces of the cells from 1: a section may cut a cell more than once. 0 is boundary."""
    labels = np.zeros(cell.shape, dtype=np.int32)
    for number, window in enumerate(find_objects(cell + 1)):
        if window is not None:
            pieces, _ = label((cell[window] == number) & ~mask[window])
            labels[window] += np.where(pieces > 0, pieces + labels.max(), 0).astype(np.int32)
    return labels


def _straighten(ridge: Field) -> Field:
    """Divide by the slope, so that membranes are equally thick where the bends stretch or squeeze them."""
    down, right = np.gradient(ridge)
    slope = gaussian_filter(np.hypot(down, right), 1.5)
    straight: Field = ridge / slope.clip(0.3, None)
    return straight


def _thin(rng: Generator, seeds: Field, diameter_px: float) -> Field:
    """Draw a reach for each seed and drop seeds within the reach of a stronger one: few slivers, many sizes."""
    reach = diameter_px * rng.lognormal(-1.27, 0.7, len(seeds)).clip(0.17, 1.2)
    order = np.argsort(-reach, kind="stable")
    seeds, reach = seeds[order], reach[order]
    kept = np.ones(len(seeds), dtype=np.bool_)
    tree = cKDTree(seeds)
    for number in range(len(seeds)):
        if kept[number]:
            inside = np.array(tree.query_ball_point(seeds[number], reach[number]))
            kept[inside[inside > number]] = False
    return seeds[kept]
