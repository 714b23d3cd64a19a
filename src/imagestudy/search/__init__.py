"""Searches: what is tried, in which order, at what cost, and which is best."""
