"""Does a trained network look at what it should? Occlusion, context, cues, invariance, groups."""
