"""The tries behind the recipes: entered once each, and told in the report of their experiments."""

import pandas as pd
import pytest
import sample_results

from imagestudy import latex
from imagestudy.development import tries_for, with_tries
from imagestudy.errors import StudyError
from imagestudy.evidence import Evidence
from imagestudy.search.ledger import COLUMNS
from imagestudy.tables import by_hand
from imagestudy.tables.development import developed, together, tries


@pytest.fixture
def root(tmp_path):
    return sample_results.write(tmp_path)


def test_a_try_is_entered_once(root):
    ledger, published = root / "searches" / "hand" / "ledger.csv", root / "new.csv"
    assert not published.exists()
    with_tries(published, [ledger]).to_csv(published, index=False)
    again = with_tries(published, [ledger])
    rows = pd.read_csv(ledger)
    assert list(again.columns) == COLUMNS
    assert len(again) == len(rows.drop_duplicates(["hyperparameters", "seed"]))
    rows["code_digest"] = "other"
    rows.to_csv(ledger, index=False)
    assert len(with_tries(published, [ledger])) == 2 * len(again)


def test_what_is_no_ledger_is_refused(root):
    (root / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(StudyError, match="other.csv has no column search"):
        with_tries(root / "published.csv", [root / "other.csv"])


def test_only_tries_for_experiments_of_the_study(root):
    found = tries_for(root / "published.csv", ["alexnet", "vgg16"])
    assert list(found["experiment"]) == ["alexnet"] * 2
    assert tries_for(root / "published.csv", ["vgg16"]).empty


def test_tables_of_the_tries(root):
    evidence = Evidence.read(**sample_results.inputs(root))
    row, of_space = developed(evidence).rows
    assert "AlexNet" in row[0]
    assert (row[1], row[3], row[4]) == ("2", latex.MISSING, "0.250")
    assert (of_space[1], of_space[2]) == ("1", latex.MISSING)
    first, second, third = tries(evidence).rows
    assert "optimizer sgd" in first[1]
    assert (first[3], second[3]) == ("completed", "diverged")
    assert first[4] == "0.250" != second[4]
    assert "optimizer" in third[1]
    assert [each[6] for each in (first, third)] == ["CPU", "GPU"]
    all_of_them = together(evidence)
    assert all_of_them["number"] == 3
    spent = evidence.development["device_seconds"]
    assert all_of_them["spent"] == [
        f"{latex.duration(spent[:2].sum())} of processor threads",
        f"{latex.duration(spent[2])} of a GPU",
    ]


def test_tries_stand_beside_what_the_search_took(root):
    evidence = Evidence.read(**sample_results.inputs(root))
    rows = {row[0]: row for row in by_hand.measured(evidence).rows}
    (label,) = (each for each in rows if "tries before" in each)
    column = list(by_hand.COMPARED).index("autokeras") + 1
    assert latex.duration(evidence.development["device_seconds"].iloc[2]) in rows[label][column]


def test_the_published_tries_are_a_ledger():
    tries_for(sample_results.Path("published/development.csv"), [])
