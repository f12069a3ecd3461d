"""Public data sets: `seg data fetch`."""
