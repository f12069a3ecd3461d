"""The analysis of a comparison as a page, tables and figures."""
