"""Catalogue, checks and figures of the losses."""
