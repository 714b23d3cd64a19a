import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

from imagestudy.errors import LONGEST, StudyError
from imagestudy.merging import merged, without_left_out
from imagestudy.origins import COMMAND
from imagestudy.settings import Study, read_yaml

ROOT = Path(__file__).parent.parent


STOCHASTIC = ("autokeras", "random")


def load(**overrides):
    return Study.load(ROOT, {"scale": "demo"} | overrides)


SHIFTED = {
    "network": {"maps": [8], "convolutions_per_stage": 1},
    "training": {"augmentation": {"translate": 40}},
}


@pytest.mark.parametrize("scale", ["demo", "cpu", "full"])
def test_every_scale_is_valid(scale, tmp_path):
    study = Study.load(ROOT, {"scale": scale})
    assert [block.get("number") for block in study.experiments.values()][:6] == [1, 2, 3, 4, 5, 6]
    for name in study.experiments:
        assert study.run_settings(name, 1)["training"]["epochs"] >= 1


@pytest.mark.parametrize("scale", ["demo", "cpu", "full"])
def test_what_searches_found_is_trained_alike(scale):
    study = Study.load(ROOT, {"scale": scale})
    found = [name for name, block in study.experiments.items() if "search" in block]
    lengths = [study.run_settings(name, 1)["training"] for name in found]
    assert len(found) >= 2 and all(each == lengths[0] for each in lengths)
    trials = [study.training_of(block) for block in study.searches.values()]
    assert all(each == trials[0] for each in trials)


def test_the_example_of_four_searches_compares_like_with_like():
    example = yaml.safe_load((ROOT / "examples" / "four_searches.yaml").read_text())
    study = Study.load(ROOT, merged({"scale": "cpu"}, example))
    assert study.searches.keys() == {"hand", "autokeras", "autokeras_greedy", "random", "default"}
    oracles = {name: study.searches[name]["oracle"] for name in ("autokeras", "autokeras_greedy")}
    assert oracles == {"autokeras": "bayesian", "autokeras_greedy": "greedy"}
    every = study.searches.values()
    assert len({json.dumps(study.training_of(each)) for each in every}) == 1
    assert len({each["device_seconds"] for each in every}) == 1
    assert len({json.dumps(each["space"]) for each in every if each.get("space")}) == 1
    lengths = [study.run_settings(name, 1)["training"] for name in study.experiments]
    assert len(lengths) >= 4 and all(each == lengths[0] for each in lengths)


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "a"),
        ("a:\n  b: {c: 1}\n  b: {d: 2}\n", 3, "b"),
        ("a: [{b: 1, c: 2, b: 3}]\n", 1, "b"),
    ],
)
def test_a_key_that_a_block_has_twice_is_refused(tmp_path, text, line, key):
    path = tmp_path / "some.yaml"
    path.write_text(text)
    with pytest.raises(
        StudyError, match=f"some.yaml, line {line}: the key '{key}' is in its block"
    ):
        read_yaml(path)


def test_keys_of_different_blocks_may_be_the_same(tmp_path):
    path = tmp_path / "some.yaml"
    path.write_text("a: &one {b: 1}\nc: {<<: *one, b: 2}\nd: *one\n1: x\n'1': y\n")
    with pytest.raises(StudyError, match="1"):  # keys must be text: another refusal
        read_yaml(path)
    path.write_text("a: &one {b: 1}\nc: {<<: *one, b: 2}\nd: *one\n")
    assert read_yaml(path)["c"] == {"b": 2}


def test_tries_are_told_of_the_pictures_that_they_were_made_on():
    assert load().tried_before == []
    study = Study.load(ROOT, {"scale": "cpu"})
    assert study.tried_before == list(study.experiments)
    with_files = load(scale="cpu", data_root="/data")
    assert with_files.tried_before == list(with_files.experiments)


def test_full_has_three_seeds_and_demo_two():
    full = Study.load(ROOT, {"scale": "full"})
    assert len(full.config["seeds"]) >= 3
    by_chance = [each for each in full.searches.values() if each["proposer"] in STOCHASTIC]
    assert by_chance and all(len(each["seeds"]) >= 3 for each in by_chance)
    assert len(load().config["seeds"]) == 2


def test_nested_values_of_a_command_line_are_read_as_what_they_are():
    study = load(
        seeds=["3", "4"],
        experiments={"alexnet": {"title": "a: b", "training": {"learning_rate": "0.02"}}},
        datasets={"cifar10": {"test_pictures_per_class": "null"}},
    )
    assert study.run_settings("alexnet", 3)["training"]["learning_rate"] == 0.02
    assert study.config["seeds"] == [3, 4]
    assert study.experiments["alexnet"]["title"] == "a: b"
    assert study.dataset_settings("cifar10")["test_pictures_per_class"] is None


@pytest.mark.parametrize("number", ["1e-3", "1E-3", "+.1e-2", "1.e-3"])
def test_a_number_may_have_an_exponent_alone(number, settings_copy):
    asked = {"experiments": {"alexnet": {"training": {"learning_rate": number}}}}
    assert load(**asked).run_settings("alexnet", 1)["training"]["learning_rate"] == 0.001
    demo = settings_copy / "scales" / "demo.yaml"
    demo.write_text(f"experiments: {{alexnet: {{training: {{learning_rate: {number}}}}}}}")
    found = Study.load(settings_copy, {"scale": "demo"}).run_settings("alexnet", 1)
    assert found["training"]["learning_rate"] == 0.001


@pytest.mark.parametrize(
    ("kind", "name", "block", "message"),
    [
        (
            "experiments",
            "keras_cnn",
            {"network": {"units": 3}},
            "network is given, but it is the network that search hand found",
        ),
        (
            "experiments",
            "keras_cnn",
            {"training": {"optimizer": "adam"}},
            "training.optimizer is given, but search hand decides it: its candidates say so",
        ),
        (
            "experiments",
            "autokeras",
            {"training": {"learning_rate": 0.1}},
            "training.learning_rate is given, but search autokeras decides it: its space says so",
        ),
        (
            "searches",
            "random",
            {"training": {"optimizer": "adam"}},
            "training.optimizer is given, but search random decides it: its space says so",
        ),
    ],
)
def test_what_a_search_decides_is_not_set_elsewhere(kind, name, block, message):
    with pytest.raises(StudyError) as raised:
        load(**{kind: {name: block}})
    assert f"{kind}.{name}.{message}" in str(raised.value)


@pytest.mark.parametrize(
    ("kind", "name", "known"),
    [("searches", "autokers", "autokeras, "), ("experiments", "alexnett", "alexnet, ")],
)
def test_a_name_that_is_new_is_told_beside_those_that_there_are(kind, name, known):
    with pytest.raises(StudyError) as raised:
        load(**{kind: {name: {"title": "New"}}})
    assert f"{kind}.{name} lacks " in str(raised.value)
    assert "; it is new, those that there are: " in str(raised.value)
    assert known in str(raised.value)


def test_the_readmes_space_is_sound():
    text = (ROOT / "README.md").read_text()
    space = yaml.safe_load(re.search(r"```\n(space:.*?)```", text, re.DOTALL)[1])
    assert load(searches={"autokeras": space}).searches["autokeras"]["space"]["conv"]


def test_a_list_that_is_too_long_is_told_how_long_it_may_be():
    with pytest.raises(StudyError, match=r"candidates\[0\].network.maps is .* at most 5 values"):
        load(searches={"hand": {"candidates": [{"network": {"maps": [4] * 9}}]}})


def test_what_a_search_found_is_trained_by_the_recipe_of_its_trials():
    recipe = {"batch_size": 512, "label_smoothing": 0.2, "seconds": 7}
    study = load(searches={"hand": {"training": recipe}})
    trained = study.run_settings("keras_cnn", 1)["training"]
    assert (trained["batch_size"], trained["label_smoothing"]) == (512, 0.2)
    assert trained["seconds"] != 7  # a limit is the trials' own
    own = load(
        searches={"hand": {"training": recipe}},
        experiments={"keras_cnn": {"training": {"batch_size": 64}}},
    )
    assert own.run_settings("keras_cnn", 1)["training"]["batch_size"] == 64


def test_titles_and_places_do_not_change_a_run():
    one = load(experiments={"alexnet": {"title": "Another"}})
    assert one.run_settings("alexnet", 1) == load().run_settings("alexnet", 1)


def test_a_start_other_than_imagenet_is_in_the_name():
    assert "(from our experiment 4)" in load().label("vgg16_transfer")
    assert "from our" not in Study.load(ROOT, {"scale": "full"}).label("vgg16_transfer")


def test_a_block_that_is_null_is_left_out():
    assert "autokeras_stock" not in load().experiments
    assert "autokeras_stock" in Study.load(ROOT, {"scale": "full"}).experiments
    # the scale has a block of its own for it
    assert "alexnet" not in load(experiments={"alexnet": "null"}).experiments
    assert "alexnet" in load().experiments


def test_what_a_scale_leaves_out_can_be_asked_for():
    study = load(experiments={"autokeras_stock": {"device_seconds": 60}})
    settings = study.run_settings("autokeras_stock", 1)
    assert (settings["device_seconds"], settings["script"]) == (60, "autokeras_stock")


def test_pairs_of_what_a_scale_leaves_out_are_left_out():
    declared = load().report_settings()["families"]
    assert ["autokeras", "keras_cnn"] in declared["searches"]
    assert not any("vgg16_transfer_tenth" in pair for pair in declared["transfer"])
    none = load(experiments={"autokeras": None})
    assert "searches" not in none.report_settings()["families"]


def test_what_improves_an_original_is_compared_with_it():
    settings = load(experiments={"alexnet": {"role": "modern", "improves": "vgg16"}})
    assert settings.report_settings()["families"]["recipes"] == [["alexnet", "vgg16"]]
    assert settings.report_settings()["experiments"]["alexnet"]["improves"] == "vgg16"


def test_only_blocks_that_are_known_are_left_out():
    known = {"experiments": {"a": {"b": 1}}, "data_root": None}
    config = {"experiments": {"a": None, "c": None}, "data_root": None}
    assert without_left_out(config, known) == {"experiments": {"c": None}, "data_root": None}
    of_scale = {"experiments": {"c": {"start": "b"}}}
    assert without_left_out(config, known, of_scale) == {"experiments": {}, "data_root": None}


def test_a_search_by_hand_can_be_made_another_with_null_for_what_that_does_not_read():
    unread = {"network": None, "candidates": None}
    space = load().searches["random"]["space"]
    another = {"proposer": "random", "script": "autokeras", "space": space, **unread}
    without = {"keras_cnn": None}
    found = load(searches={"hand": another}, experiments=without).searches["hand"]
    assert found["proposer"] == "random"
    for key in unread:
        less = {name: value for name, value in another.items() if name != key}
        with pytest.raises(StudyError, match=f"searches.hand.{key} is given, but the proposer"):
            load(searches={"hand": less}, experiments=without)


def test_a_setting_may_be_null():
    assert load(training={"seconds": "null"}).config["training"]["seconds"] is None


def test_autokeras_as_it_comes_has_the_budget_of_the_searches():
    study = Study.load(ROOT, {"scale": "full"})
    budget = study.experiments["autokeras_stock"]["device_seconds"]
    assert {search["device_seconds"] for search in study.searches.values()} == {budget}


STOCK = f"{COMMAND}: experiments.autokeras_stock"
REFUSED = [
    (
        {"experiments": {"alexnet": {"training": {"views": 2, "augmentation": {"cutmix": 1.0}}}}},
        "experiments.alexnet.training has views and augmentation.cutmix",
    ),
    (
        {"experiments": {"alexnet": {"training": {"augmentation": {"translate": 32}}}}},
        "experiments.alexnet.training.augmentation.translate is 32, but the pictures have 32 pix",
    ),
    (
        {"experiments": {"vgg16": {"training": {"views": 2}}}},
        "experiments.vgg16.training.views is 2, but nothing is augmented",
    ),
    (
        {"experiments": {"vgg16": {"training": {"ema": 0.9, "start_learning_rate_factor": 0.1}}}},
        "experiments.vgg16.training has ema and start_learning_rate_factor",
    ),
    (
        {"searches": {"autokeras": {"rounds": 1e300}}},
        "searches.autokeras.rounds: 1e+300 is not of type 'integer'",
    ),
    (
        {"searches": {"autokeras": {"rounds": 2.0}}},
        "searches.autokeras.rounds: 2.0 is not of type 'integer'",
    ),
    (
        {"searches": {"autokeras": {"rounds": 10**9}}},
        "searches.autokeras.rounds: 1000000000 is greater than the maximum of 1000",
    ),
    (
        {"training": {"threads": "all"}},
        f"{COMMAND}: training.threads: 'all' is not valid under any of the given schemas "
        "(A number, auto or null: how many threads",
    ),
    (
        {"experiments": {"alexnt": None}},
        f"{COMMAND}: experiments.alexnt: None is not of type 'object'",
    ),
    (
        {"experiments": {"alexnet": {"device_seconds": 60}}},
        "experiments.alexnet.device_seconds is given, but only autokeras_stock searches by itself",
    ),
    (
        {"scale": "full", "experiments": {"autokeras_stock": {"start": "imagenet"}}},
        f"{STOCK}.start is given, but autokeras_stock decides that by itself",
    ),
    (
        {"scale": "full", "experiments": {"autokeras_stock": {"training": {"epochs": 3}}}},
        f"{STOCK}.training.epochs is given, but autokeras_stock decides that by itself; of "
        "training it may have precision, pictures, train_evaluation_pictures",
    ),
    (
        {
            "scale": "full",
            "experiments": {"autokeras_stock": {"training": {"precision": "mixed_bfloat16"}}},
        },
        f"{STOCK}.training.precision is 'mixed_bfloat16'; it must be 'float32'",
    ),
    (
        {
            "experiments": {
                "second": {
                    "title": "Again",
                    "role": "control",
                    "script": "autokeras_stock",
                    "dataset": "cifar10",
                }
            }
        },
        f"{COMMAND}: experiments.second lacks device_seconds; autokeras_stock would never end",
    ),
    ({"scale": "large"}, "scale is 'large'; it must be one of cpu, demo, full"),
    (
        {"experiments": {"alexnet": {"lr": 1}}},
        f"{COMMAND}: experiments.alexnet has the unknown key 'lr'; it may have: dataset, device_",
    ),
    (
        {"experiments": {"alexnet": {"network": {"wdth": 1}}}},
        f"{COMMAND}: experiments.alexnet.network has the unknown key 'wdth'; it may have: ave",
    ),
    (
        {"experiments": {"keras_cnn": {"training": {"shift_test": 40}}}},
        f"{COMMAND}: experiments.keras_cnn.training.shift_test is 40, but the pictures have 32",
    ),
    (
        {"searches": {"hand": {"candidates": [SHIFTED]}}},
        f"{COMMAND}: searches.hand.candidates[0].training.augmentation.translate is 40, but the",
    ),
    (
        {"searches": {"autokeras": {"space": {"conv": {"filters": [16, 4096]}}}}},
        f"{COMMAND}: searches.autokeras.space.conv.filters has 4096; each must be at most 2048",
    ),
    (
        {"searches": {"autokeras": {"space": {"conv": {"num_blocks": [2], "filters": [[16]]}}}}},
        f"{COMMAND}: searches.autokeras.space.conv.filters is [[16]], of 1 blocks, but a network",
    ),
    (
        {"searches": {"autokeras": {"space": {"conv": {"num_blocks": [2], "filters": [[16], 8]}}}}},
        f"{COMMAND}: searches.autokeras.space.conv.filters[1] is 8; it must be a list of one",
    ),
    (
        {"searches": {"autokeras": {"space": {"optimizers": "adam"}}}},
        "one or more different values, such as ['adam', 'sgd', 'adamw']",
    ),
    (
        {"searches": {"autokeras": {"space": {"learning_rates": [1, 1.0]}}}},
        "it must be a list of one or more different values",
    ),
    (
        {"experiments": {"alexnet": {"training": {"optimizer": "adagrad"}}}},
        "experiments.alexnet.training.optimizer is 'adagrad'; it must be one of sgd, adam",
    ),
    (
        {"training": {"learning_rate": 0}},
        f"{COMMAND}: training.learning_rate: 0 is less than or equal to the minimum of 0 "
        "(Its peak.)",
    ),
    (
        {"experiments": {"alexnet": {"dataset": "mnist"}}},
        "experiments.alexnet.dataset is 'mnist'; it must be one of: tiny_imagenet, cifar10",
    ),
    (
        {"experiments": {"alexnet": {"script": "lenet"}}},
        "experiments.alexnet.script is 'lenet'; it must be one of: alexnet, autokeras",
    ),
    (
        {"experiments": {"vgg16_fine_tune": {"start": "alexnet"}}},
        f"{COMMAND}: experiments.vgg16_fine_tune.start is 'alexnet'; it must be 'imagenet' or an "
        "experiment with the network of vgg16 (there is: vgg16, vgg16_from_scratch)",
    ),
    (
        {"experiments": {"alexnet": {"start": "imagenet"}}},
        "experiments.alexnet.start is given, but alexnet trains from scratch",
    ),
    (
        {"experiments": {"vgg16_transfer": {"network": {"width": 0.5}}}},
        "experiments.vgg16_transfer.network.width is 0.5, but its start vgg16 has 0.25",
    ),
    (
        {"experiments": {"vgg16_transfer": {"start": "imagenet"}}},
        "experiments.vgg16_transfer.network must have width 1.0 and no batch_normalization",
    ),
    (
        {
            "experiments": {
                "vgg16_transfer": {
                    "start": "imagenet",
                    "dataset": "tiny_imagenet",
                    "network": {"width": 1.0},
                }
            }
        },
        "start is 'imagenet', but the pictures of tiny_imagenet are ImageNet's",
    ),
    (
        {"experiments": {"keras_cnn": {"search": "grid"}}},
        "experiments.keras_cnn.search is 'grid'; it must be one of: hand, autokeras",
    ),
    (
        {"experiments": {"keras_cnn": {"search": "autokeras"}}},
        "experiments.keras_cnn.search is 'autokeras', whose script is 'autokeras'; the "
        "experiment's script is 'keras_cnn'",
    ),
    (
        {"own": {"name": "bundle", "path": "."}},
        f"{COMMAND}: own.name is 'bundle', but results/<scale>-bundle is where the results of a",
    ),
    (
        {"searches": {"hand": {"rounds": 1000, "trials_per_round": 11}}},
        f"{COMMAND}: searches.hand has 11,000 trials (1 seeds, 1000 rounds of 11); it may have",
    ),
    (
        {"datasets": {"cifar10": {"path": "somewhere"}}},
        "datasets.cifar10.path is given, but the official cifar10 data are looked for under",
    ),
    (
        {
            "datasets": {
                "own": {
                    **yaml.safe_load(
                        "{title: a, format: folder, image_size: 32, "
                        "resize_filter: box, selection_fraction: 0.1, seed: 1}"
                    )
                }
            }
        },
        "datasets.own lacks path; format folder needs to know where it is",
    ),
    (
        {
            "scale": "cpu",
            "datasets": {
                "cifar10": {
                    "generate": {"classes": 10, "train": 5, "test": 5, "unlabelled": 0, "seed": 1}
                }
            },
        },
        "datasets.cifar10.generate is given at scale cpu; data are made up at scale demo only",
    ),
    (
        {
            "experiments": {
                "found": {
                    "title": "a",
                    "role": "control",
                    "script": "autokeras",
                    "dataset": "tiny_imagenet",
                }
            }
        },
        "experiments.found lacks search; autokeras trains what a search found",
    ),
    (
        {"experiments": {"keras_cnn": {"search_seed": 7}}},
        "experiments.keras_cnn.search_seed is 7; the seeds of search hand are 1",
    ),
    (
        {"experiments": {"alexnet": {"search_seed": 1}}},
        "experiments.alexnet.search_seed is given, but no search; name one",
    ),
    (
        {"experiments": {"vgg16_transfer": {"seeds": [1, 9]}}},
        "experiments.vgg16_transfer.seeds has 9, but its start vgg16 is not run with that seed",
    ),
    (
        {"statistics": {"families": {"transfer": [["vgg16_transfer", "vgg17"]]}}},
        f"{COMMAND}: statistics.families.transfer has 'vgg17'; it must be one of: keras_cnn, auto",
    ),
    (
        {"statistics": {"families": {"transfer": [["vgg16_transfer", "vgg16"]]}}},
        "transfer compares vgg16_transfer on cifar10 and vgg16 on tiny_imagenet; both must be on",
    ),
    (
        {"statistics": {"families": {"recipes": [["alexnet", "vgg16"]]}}},
        "statistics.families.recipes is made of the experiments that say `improves`; use another",
    ),
    (
        {"statistics": {"families": {"again": [["vgg16_fine_tune", "vgg16_transfer"]]}}},
        "families.again has vgg16_fine_tune and vgg16_transfer once more; a pair is in one family",
    ),
    ({"statistics": {"margin": 0}}, f"{COMMAND}: statistics.margin: 0 is less than"),
    (
        {"experiments": {"alexnet": {"improves": "vgg16"}}},
        "experiments.alexnet.improves is given, but its role is 'original'; it must be 'modern'",
    ),
    (
        {"experiments": {"alexnet": {"role": "modern", "improves": "vgg"}}},
        "experiments.alexnet.improves is 'vgg'; it must be one of: keras_cnn, autokeras, alexnet",
    ),
    (
        {"experiments": {"alexnet": {"role": "modern", "improves": "vgg16_from_scratch"}}},
        "alexnet.improves is 'vgg16_from_scratch', whose role is 'control'; it must be 'original'",
    ),
    (
        {"experiments": {"alexnet": {"role": "modern", "improves": "vgg16_transfer"}}},
        "experiments.alexnet.improves compares alexnet on tiny_imagenet and vgg16_transfer on cifa",
    ),
    ({"paper": "a5"}, f"{COMMAND}: paper is 'a5'; it must be one of a4, letter"),
    (
        {
            "experiments": {
                "mine": {
                    "title": "a",
                    "role": "control",
                    "script": "alexnet",
                    "dataset": "cifar10",
                    "network": {"width": 0.5},
                }
            }
        },
        f"{COMMAND}: experiments.mine.network lacks dropout, batch_normalization, which alexnet",
    ),
    (
        {"experiments": {"alexnet": {"network": {"units": 5}}}},
        "experiments.alexnet.network.units is given, but alexnet has no such size; it has width, "
        "dropout, batch_normalization",
    ),
    (
        {"searches": {"hand": {"network": {"frozen_blocks": 3}}}},
        "searches.hand.candidates[0].network.frozen_blocks is given, but keras_cnn has no such",
    ),
    (
        {"searches": {"hand": {"candidates": [{"network": {"convolutions_per_stage": 1}}]}}},
        "searches.hand.candidates[0].network lacks maps, which keras_cnn needs",
    ),
    (
        {"searches": {"hand": {"script": "vgg16_transfer"}}},
        "searches.hand.script is 'vgg16_transfer'; a search by hand tries networks from scratch, "
        "so it must be one of: alexnet, keras_cnn, residual_cnn, vgg16",
    ),
    (
        {"title": "", "authors": ["x" * 2001]},
        "Text is not empty, and has at most 2000 characters",
    ),
    ({"scale": "cpu", "data_root": "/a/{b}"}, f"{COMMAND}: data_root"),
    (
        {"data_root": "/data"},
        f"{COMMAND}: data_root is '/data', but at scale demo the pictures of tiny_imagenet are",
    ),
    (
        {"experiments": {"a\n": {}}},
        "A name has small letters, digits and _, at most 60",
    ),
    ({"searches": {"hand": {"rounds": 0}}}, f"{COMMAND}: searches.hand.rounds: 0 is less than"),
    ({"seeds": []}, f"{COMMAND}: seeds"),
    ({"searches": {"hand": {"candidates": []}}}, f"{COMMAND}: searches.hand.candidates is empty"),
]


@pytest.mark.parametrize(("overrides", "message"), REFUSED, ids=[m[:60] for _, m in REFUSED])
def test_a_wrong_setting_is_named(overrides, message):
    with pytest.raises(StudyError) as error:
        load(**overrides)
    assert message in str(error.value)


def test_data_root_without_the_archive(tmp_path):
    study = load(scale="cpu", data_root=str(tmp_path))
    with pytest.raises(StudyError, match=r"which has no tiny-imagenet-200.zip and no tiny-im"):
        study.source("tiny_imagenet")


def test_data_root_prefers_the_archive(tmp_path):
    (tmp_path / "tiny-imagenet-200").mkdir()
    study = load(scale="cpu", data_root=str(tmp_path))
    assert study.source("tiny_imagenet") == str(tmp_path / "tiny-imagenet-200")
    (tmp_path / "tiny-imagenet-200.zip").touch()
    assert study.source("tiny_imagenet") == str(tmp_path / "tiny-imagenet-200.zip")
    assert study.dataset_settings("tiny_imagenet")["source"] == "official"


def test_a_config_that_is_not_yaml(tmp_path):
    shutil.copytree(ROOT / "scales", tmp_path / "scales")
    (tmp_path / "config.yaml").write_text("a: [")
    with pytest.raises(StudyError, match=r"config.yaml is not YAML"):
        Study.load(tmp_path, {"scale": "demo"})


def test_the_readmes_own_data_and_experiment_are_accepted():
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    own, start, *beside = map(yaml.safe_load, blocks)
    assert load(**own).datasets.keys() == {"digits"}
    reused = Study.load(ROOT, {"scale": "cpu", **own, **start}).experiments["vgg16_transfer"]
    assert (reused["start"], reused["dataset"]) == ("imagenet", "digits")
    study = load(**merged(*beside))
    assert study.experiments["alexnet_flowers"]["dataset"] == "flowers"


def test_of_a_very_long_message_both_ends_are_said():
    message = f"config.yaml: scale is {'x' * 100_000}; it must be one of: cpu, demo, full"
    said = str(StudyError(message))
    assert len(said) <= LONGEST + 3
    assert said.startswith("config.yaml: scale is x") and said.endswith(
        "it must be one of: cpu, demo, full"
    )


def test_a_home_that_is_nobodys_is_named():
    study = Study.load(ROOT, {"scale": "cpu", "data_root": "~nobody_has_this_name/data"})
    with pytest.raises(StudyError, match="data_root is '~nobody_has_this_name/data'; there is no"):
        study.find_sources()


@pytest.fixture
def settings_copy(tmp_path):
    """What `Study.load` reads, to be changed."""
    for name in ("config.yaml", "config.schema.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("scales", "scripts/experiments"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize(
    ("scale", "asked", "said"),
    [
        ({}, {"sclae": "cpu"}, f"{COMMAND}: the top level has the unknown key 'sc"),
        ({"seed": 1}, {}, "scales/demo.yaml: the top level has the unknown key 'seed'"),
        (
            {"experiments": {"alexnet": {"lr": 1}}},
            {"experiments": {"alexnet": {"network": {"width": 0.1}}}},
            "scales/demo.yaml: experiments.alexnet has the unknown key 'lr'",
        ),
        (
            {"training": {"epochs": 1}},
            {"training": {"epochs": 0}},
            f"{COMMAND}: training.epochs: 0 is less",
        ),
        ({"training": {"epochs": 0}}, {"training": {"batch_size": 8}}, "scales/demo.yaml: train"),
        (
            {"searches": {"hand": {"candidates": [{"network": {"maps": [4]}}]}}},
            {},
            "scales/demo.yaml: searches.hand.candidates[0].network lacks convolutions_per_stage",
        ),
    ],
)
def test_a_wrong_setting_is_looked_for_where_it_was_given(settings_copy, scale, asked, said):
    demo = yaml.safe_load((ROOT / "scales" / "demo.yaml").read_text())
    (settings_copy / "scales" / "demo.yaml").write_text(yaml.safe_dump(merged(demo, scale)))
    with pytest.raises(StudyError) as error:
        Study.load(settings_copy, asked)
    assert str(error.value).startswith(said)


def test_what_was_given_nowhere_is_config_yamls(settings_copy):
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    config.pop("statistics")
    (settings_copy / "config.yaml").write_text(yaml.safe_dump(config))
    with pytest.raises(StudyError, match=r"^config\.yaml: the top level lacks statistics"):
        Study.load(settings_copy, {"paper": "letter"})
