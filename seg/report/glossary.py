"""What the words of a report mean, shown where a reader asks for them."""

#: Term -> explanation.
TERMS = {
    "interval": "A range that the procedure makes so that it holds the true mean in 95 of 100 repetitions.",
    "deviation": "How much the seeds differ from each other; not an interval.",
    "p": "How often a difference at least this large would arise by chance if both losses were equally good.",
    "holm": "p made larger for the number of pairs that are compared, so that chance alone gives a false difference in "
    "at most 5 of 100 comparisons.",
    "effect": "The mean difference divided by its standard deviation over seeds and images; 0.2 is small, 0.8 large.",
    "wins": "Share of all seeds and images in which the first loss of the pair scores better.",
    "images_alone": "Wilcoxon's test over the images, for these trained networks alone: it does not tell whether new "
    "seeds would give the same.",
    "thresholds": "The probability above which a pixel counts as boundary, chosen on validation for each seed.",
    "failures": "Runs that stopped with an error or whose network answers almost without regard to the image.",
}

#: Key of a metric -> what it measures.
METRIC_TERMS = {
    "boundary_f1": "Precision and recall of the thinned boundary; lines may lie a few pixels apart.",
    "iou": "Pixels that both call boundary, divided by those that at least one does.",
    "dice": "Twice the common boundary pixels, divided by the sum of both counts.",
    "ap": "Area under the curve of precision over recall: no threshold is needed.",
    "brier": "Mean squared difference of probability and truth; 0 is perfect.",
    "v_rand": "Whether two pixels are in the same cell, split and merge errors together; larger cells count more.",
    "v_info": "Information that the predicted cells and the true ones share; less swayed by large cells than V_Rand.",
    "cl_dice": "Dice of the center lines, so that gaps in a boundary count and its thickness does not.",
    "boundary_f1_matched": "Boundary F1 in which each predicted pixel fits at most one true pixel.",
    "boundary_iou_1px": "IoU within 1 pixel of the contours.",
    "boundary_iou_2px": "IoU within 2 pixels of the contours.",
    "boundary_iou_3px": "IoU within 3 pixels of the contours.",
    "surface_dice": "Share of both contours that lie within the tolerance of each other.",
    "hd95_px": "95 % of the contours' points lie nearer to the other contour than this.",
    "betti0_error": "Difference in the number of connected pieces of the boundary.",
    "betti1_error": "Difference in the number of holes, that is, of closed cells.",
    "instance_ap50": "Cells found with an IoU of at least 0.5: hits divided by hits, misses and false cells.",
    "instance_ap": "The same, averaged over IoU from 0.5 to 0.95.",
    "instance_f1": "Precision and recall of whole cells, at an IoU of at least 0.5.",
    "cells_v_rand": "V_Rand of the cells that the decoder makes.",
    "cells_v_info": "V_Info of the cells that the decoder makes.",
    "instance_pq": "Quality of the cells that were found, times their F1.",
    "ece": "Mean gap between the probability and how often it is right.",
    "sharpness": "Steepness of the predicted boundary relative to the true one; below 1 is blurred.",
    "undecided_share": "Share of the pixels with a probability between 0.1 and 0.9.",
}
