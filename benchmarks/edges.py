"""Values of black and of a shift by one pixel for the edge filters, before anything is trained.

`python -m benchmarks.edges` prints both for each filter and set of scales, with the weight of
configs/loss/edge_composite.yaml, on synthetic lines and on one straight line of a pixel.
"""

import numpy as np
import torch

from losses import EdgeCompositeLoss, L2Loss, SegmentationLoss
from seg.data.synthetic import SyntheticCells
from seg.loss_gallery.predictions import as_target, masks_by_prevalence, typical_predictions

WEIGHT = 5.0
LOSSES: dict[str, SegmentationLoss] = {
    "L2 alone": L2Loss(),
    "central_difference": EdgeCompositeLoss(WEIGHT),
    "sobel": EdgeCompositeLoss(WEIGHT, "sobel"),
    "scharr": EdgeCompositeLoss(WEIGHT, "scharr"),
    "prewitt": EdgeCompositeLoss(WEIGHT, "prewitt"),
    "laplacian": EdgeCompositeLoss(WEIGHT, "laplacian"),
    "central_difference, scales 1, 2": EdgeCompositeLoss(WEIGHT, scales_px=(1, 2)),
    "central_difference, scales 1, 2, 4": EdgeCompositeLoss(WEIGHT, scales_px=(1, 2, 4)),
    "scharr, scales 1, 2": EdgeCompositeLoss(WEIGHT, "scharr", (1, 2)),
}


def main() -> None:
    cells = next(iter(SyntheticCells(count=1, size_px=128, cell_diameter_px=26.0))).mask
    straight = np.zeros((64, 64), dtype=np.bool_)
    straight[:, 32] = True
    masks = {"5 %": masks_by_prevalence(cells, [0.05])[0], "1 %": masks_by_prevalence(cells, [0.01])[0]}
    masks["straight"] = straight
    print("black, shifted and their quotient on lines of " + ", ".join(masks))
    for name, loss in LOSSES.items():
        cells_of_row = []
        for mask in masks.values():
            with torch.no_grad():
                values = {
                    key: loss(logits, as_target(mask)).item() for key, logits in typical_predictions(mask).items()
                }
            quotient = values["black"] / values["shifted"]
            cells_of_row.append(f"{values['black']:.3f} {values['shifted']:.3f} {quotient:5.2f}")
        print(f"{name:36}" + " | ".join(cells_of_row))


if __name__ == "__main__":
    main()
