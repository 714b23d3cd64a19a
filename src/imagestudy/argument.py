"""All claims of the report: the original's, and this study's own."""

from imagestudy.claims import Claim
from imagestudy.conclusions import conclusions
from imagestudy.evidence import Evidence
from imagestudy.findings import findings, told_pairs
from imagestudy.methods import compare


def claims(evidence: Evidence) -> list[Claim]:
    """Every claim with its outcome: the original's first, in its order."""
    compared = compare(evidence)
    stated = conclusions(evidence, compared)
    return stated + findings(evidence, compared, told_pairs(stated))
