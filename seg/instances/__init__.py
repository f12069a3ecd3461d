"""From probabilities to cells."""
