"""Any config gives settings that can be used, or one error that names the place."""

import json
import shutil

import pytest
import yaml
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from odd_values import changed
from properties import ends, holds, tried

from imagestudy.errors import StudyError
from imagestudy.origins import COMMAND
from imagestudy.provenance import digest
from imagestudy.settings import Study, read_yaml

CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
SCALES = [path.stem for path in sorted((ROOT / "scales").glob("*.yaml"))]
PLACES = ("config.yaml", "scales/", COMMAND, "scale is", "what was asked", "data_root", *SCALES)


def use(study: Study) -> None:
    """Ask for all that the rules and the report ask for."""
    study.find_sources()
    for name in study.experiments:
        for seed in study.seeds(name):
            digest(study.run_settings(name, seed))
        if "search" in study.experiments[name]:
            study.search_seed(name)
    for name, block in study.searches.items():
        for seed in block["seeds"]:
            digest(study.search_settings(name, seed))
        digest(study.all_trial_settings(name)[:3])
    for name in study.datasets:
        digest(study.dataset_settings(name))
        study.own_files(name)
    json.dumps(study.report_settings(), allow_nan=False)


def used_or_refused(load) -> None:
    with ends():
        try:
            use(load())
        except StudyError as error:
            message = str(error)
            assert "\n" not in message.strip()
            assert len(message) < 6000
            assert message.startswith(PLACES), message


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("config")
    shutil.copy(ROOT / "config.schema.yaml", made)
    shutil.copytree(ROOT / "scales", made / "scales")
    shutil.copytree(ROOT / "scripts", made / "scripts")
    return made


@tried(30, 1000)
def test_a_changed_config(cases, folder):
    @given(changed(CONFIG), st.sampled_from(SCALES))
    def check(config, scale):
        (folder / "config.yaml").write_text(yaml.dump(config), encoding="utf-8")
        used_or_refused(lambda: Study.load(folder, {"scale": scale}))

    holds(cases, check)


@tried(1, 40)
def test_the_rules_take_a_changed_config_or_refuse_it(cases, fresh_study):
    @given(changed(CONFIG))
    def check(config):
        path = fresh_study.folder / "config.yaml"
        path.write_text(yaml.dump(config), encoding="utf-8")
        with ends():
            ended = fresh_study.snakemake("-n", "report.pdf")
        shown = ended.stdout + ended.stderr
        assert "Traceback" not in shown
        refused = [line for line in shown.splitlines() if line.strip().startswith(PLACES)]
        assert ended.returncode == 0 or refused, shown

    holds(cases, check)


@tried(30, 1000)
def test_a_changed_command_line(cases):
    @given(changed({**CONFIG, "scale": "demo"}))
    def check(overrides):
        used_or_refused(lambda: Study.load(ROOT, overrides))

    holds(cases, check)


@tried(30, 1000)
def test_any_file_as_config(cases, folder):
    @given(
        st.binary(max_size=200)
        | st.text(max_size=200).map(lambda it: it.encode("utf-8", "replace"))
    )
    def check(data):
        (folder / "config.yaml").write_bytes(data)
        used_or_refused(lambda: Study.load(folder, {"scale": "demo"}))

    holds(cases, check)


LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{row}: &a{row} [{', '.join([f'*a{row - 1}'] * 9)}]\n" for row in range(1, 20)
)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("a: !!python/object/apply:os.system [touch touched]", "is not YAML: could not determine"),
        ("a: !!python/name:os.system", "is not YAML: could not determine"),
        (LAUGHS, "has more than 100,000 values; an alias may lead to itself"),
        ("a: &a [*a]", "deeper than 40 or has more"),
        ("a: &a {b: *a}", "deeper than 40 or has more"),
        ("a: " + "[" * 100_000, "is not YAML: maximum recursion depth exceeded"),
        ("- " * 100_000, "is not YAML: maximum recursion depth exceeded"),
        ("a: 2020-13-45", "is not YAML: month must be in 1..12"),
        ("a: 2020-12-01", r"a is 2020-12-01 \(date\); if it is meant as text, quote it"),
        ("1: 2", "the top level has the key 1; a key must be text: quote it"),
        ("a: {b: .nan}", "a.b is nan; it must be a finite number"),
        ('a: {"b\\n\\0": .nan}', r"a\.'b\\n\\x00' is nan; it must be a finite number"),
        ("a: !!bool x", "is not YAML"),
    ],
)
def test_yaml_that_is_a_trap(tmp_path, text, match, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(text)
    with ends(), pytest.raises(StudyError, match=f"^config.yaml.*{match}"):
        read_yaml(tmp_path / "config.yaml")
    assert [path.name for path in tmp_path.iterdir()] == ["config.yaml"]
