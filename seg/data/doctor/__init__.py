"""Examine a data set before any training: `seg data doctor`."""
