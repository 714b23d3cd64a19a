"""The tries behind the recipes: entered once each, and told in the report of their experiments."""

import pandas as pd
import pytest
import sample_results

from imagestudy.development import tries_for, with_tries
from imagestudy.errors import StudyError
from imagestudy.evidence import Evidence
from imagestudy.search.ledger import COLUMNS
from imagestudy.tables.development import developed, tries


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
    (row,) = developed(evidence).rows
    assert "AlexNet" in row[0]
    assert (row[1], row[3]) == ("2", "0.250")
    first, second = tries(evidence).rows
    assert "optimizer sgd" in first[1]
    assert (first[3], second[3]) == ("completed", "diverged")
    assert first[4] == "0.250" != second[4]


def test_the_published_tries_are_a_ledger():
    tries_for(sample_results.Path("published/development.csv"), [])
