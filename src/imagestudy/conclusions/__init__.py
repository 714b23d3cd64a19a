"""The original's conclusions as claims, each judged by this study's results."""

from imagestudy.claims import Claim
from imagestudy.conclusions.pairs import Compared
from imagestudy.conclusions.searches import OF_SEARCHES
from imagestudy.conclusions.transfer import OF_TRANSFER, transfer_repeated
from imagestudy.evidence import Evidence


def conclusions(evidence: Evidence, compared: Compared) -> list[Claim]:
    """The original's claims that this study's experiments can speak to, in its order."""
    made = [claim(evidence, compared) for claim in OF_TRANSFER]
    if not transfer_repeated(evidence):
        made = [claim and claim._replace(statement=None) for claim in made]
    for pair in evidence.pairs_of_searches("autokeras", "hand"):
        made += [claim(evidence, pair, compared) for claim in OF_SEARCHES]
    return [claim for claim in made if claim is not None]
