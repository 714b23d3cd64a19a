"""What becomes of the original's numbers, as claims: its cells, its orders, what it concludes."""

from imagestudy import plausibility, wording
from imagestudy.claims import NOT_COMPARABLE, Claim
from imagestudy.evidence import Evidence
from imagestudy.methods import HOLDS, OPPOSITE
from imagestudy.replication import REPLICATED, Verdict, verdicts

# The claims of the cells, which the table of replication shows.
CELLS = "replicated_"


def cells(evidence: Evidence) -> list[Claim]:
    """That each published accuracy is replicated, by the rule declared for it."""
    return [_cell(evidence, verdict) for verdict in verdicts(evidence)]


def _cell(evidence: Evidence, found: Verdict) -> Claim:
    title = evidence.experiments[found.experiment]["title"]
    if found.verdict == NOT_COMPARABLE:
        outcome, said = NOT_COMPARABLE, f"cannot be compared: {found.reason}"
    elif found.verdict == REPLICATED:
        outcome, said = HOLDS, "is within the declared tolerance of ours"
    else:
        other = "below" if found.verdict == "higher" else "above"
        outcome, said = OPPOSITE, f"is {other} ours by {wording.accuracy(abs(found.difference))}"
    return Claim(
        f"{CELLS}{found.experiment}_{found.cell}",
        None,
        outcome,
        f"The original's {found.cell} accuracy of {title} {said}",
        found._asdict(),
        f"{found.theirs} against ours of {wording.accuracy(found.ours)}",
    )


def order(evidence: Evidence) -> Claim | None:
    """That the experiments with anchors stand in the order that is expected of them."""
    compared = plausibility.ordered(evidence)
    if not compared:
        return None
    found = plausibility.surprises(evidence)
    return Claim(
        "order_expected",
        None,
        OPPOSITE if found else HOLDS,
        f"An order that was not expected: {wording.listing(found)}"
        if found
        else "No two experiments stand in an order that was not expected",
        {"pairs": compared},
        f"{wording.plural(len(compared), 'order')} expected",
    )


def overfits(evidence: Evidence) -> Claim | None:
    """That the original's fine-tuned network overfits, as it would for want of data.

    By its own numbers: training is above validation by more than a replicated cell may differ.
    """
    if not evidence.of_role("original"):
        return None
    row = evidence.original["rows"]["vgg16_fine_tune"]
    tolerance = evidence.original["replication"]["tolerance"]
    gap = round(float(row["train"]) - float(row["validation"]), 4)
    words = {
        True: "The original's fine-tuned network overfits, as it would for want of data",
        False: "The original's fine-tuned network does not overfit, as it would for want of data",
    }
    return Claim(
        "original_overfits",
        None,
        HOLDS if gap > tolerance else OPPOSITE,
        words[gap > tolerance],
        {"train": row["train"], "validation": row["validation"], "tolerance": tolerance},
        f"training {row['train']}, validation {row['validation']}, tolerance {tolerance}",
    )
