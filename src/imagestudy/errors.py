"""The one exception that the study raises for bad input."""


class StudyError(Exception):
    """Bad input: the message says where, what was found, and what would be right."""
