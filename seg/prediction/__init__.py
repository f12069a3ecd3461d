"""`seg predict`: files of predictions, large images in parts."""
