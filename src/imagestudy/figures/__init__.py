"""The report's figures: each a function of a table, none reads or saves; the look is a style's."""
