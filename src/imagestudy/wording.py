"""Numbers as words for people: the same in the PDF, the Markdown and the claims."""

from collections.abc import Sequence

MISSING = "–"
THIN = "\u202f"
WORDS = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)

# Of runs that did not complete, in a sentence; `failed` is the one that leaves no network.
STATUSES = {
    "stopped": "reached the time limit",
    "diverged": "diverged",
    "at_chance": "did no better than guessing",
    "failed": "failed",
    "skipped": "was left out",
}


def accuracy(value: float | None) -> str:
    """An accuracy as a fraction with three digits."""
    return MISSING if value is None else f"{value:.3f}"


def spread(mean: float | None, deviation: float | None) -> str:
    """Mean and sample standard deviation; the mean alone where there was one seed."""
    if mean is None or deviation is None:
        return accuracy(mean)
    return f"{mean:.3f}{THIN}±{THIN}{deviation:.3f}"


def interval(low: float | None, high: float | None) -> str:
    """An interval of accuracies, as far as accuracies go."""
    if low is None or high is None:
        return MISSING
    return f"[{max(low, 0.0):.3f}, {min(high, 1.0):.3f}]"


def signed(value: float | None) -> str:
    """A difference of accuracies with its sign."""
    if value is None:
        return MISSING
    return ("+" if value >= 0 else "−") + f"{abs(value):.3f}"


def count(value: float | None) -> str:
    """A whole number in groups of three."""
    return MISSING if value is None else f"{round(value):,}".replace(",", THIN)


def big(value: float | None) -> str:
    """A large number with three digits and a unit: 14.7 M."""
    if value is None:
        return MISSING
    for size, unit in ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{THIN}{unit}"
    return f"{value:.0f}"


def duration(seconds: float | None) -> str:
    """Seconds as s, min or h."""
    if seconds is None:
        return MISSING
    if seconds < 120:
        return f"{seconds:.0f}{THIN}s"
    if seconds < 7200:
        return f"{seconds / 60:.1f}{THIN}min"
    return f"{seconds / 3600:.1f}{THIN}h"


def begin(text: str) -> str:
    """A text with a capital at its beginning, its other letters as they are."""
    return text[:1].upper() + text[1:]


def listing(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return ", ".join(words[:-1]) + " and " + words[-1]


def word(number: int) -> str:
    """A small whole number as a word, a larger one in figures."""
    return WORDS[number] if 0 <= number < len(WORDS) else str(number)


def counted(words: Sequence[str], order: Sequence[str]) -> list[str]:
    """How often each word of `order` occurs, as words: `two are higher`, `one is lower`."""
    found = [(each, words.count(each)) for each in order if each in words]
    return [f"{word(times)} {'is' if times == 1 else 'are'} {each}" for each, times in found]


def plural(number: int, noun: str, several: str | None = None) -> str:
    """`one seed`, `two seeds`."""
    return f"{word(number)} {noun if number == 1 else several or noun + 's'}"


def p_value(value: float | None) -> str:
    """A p-value: `p = 0.03`; a very small one by its bound."""
    if value is None:
        return MISSING
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"
