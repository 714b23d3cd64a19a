"""The one exception that the study raises for bad input."""

LONGEST = 2000  # of a message that may hold all that stands at a place


class StudyError(Exception):
    """Bad input: the message says where, what was found, and what would be right.

    Of a message longer than `LONGEST` the middle is left out: what was found.
    """

    def __init__(self, message: str) -> None:
        if len(message) > LONGEST:
            message = f"{message[: LONGEST // 2]} … {message[-LONGEST // 2 :]}"
        super().__init__(message)
