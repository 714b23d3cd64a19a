# The settings, and what the rules ask of them.
import functools
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

FOLDER = Path(workflow.basedir)
SOURCE = FOLDER / "src"
sys.path.insert(0, str(SOURCE))

from imagestudy.bundle import all_settings, bundle_of, packed_files
from imagestudy.clusters import require_quotable
from imagestudy.disks import require_writable
from imagestudy.errors import StudyError
from imagestudy.own_pictures import BUNDLE
from imagestudy.provenance import code_digests
from imagestudy.results import require_this_version
from imagestudy.settings import Study
from imagestudy.sources import ARCHIVES, IMAGENET, IMAGENET_WEIGHTS

try:
    require_writable(Path(".snakemake"))
    bundle = bundle_of(config, FOLDER / "config.schema.yaml")
    study = bundle.study if bundle else Study.load(FOLDER, config)
    if not bundle:
        study.find_sources()
except StudyError as error:
    raise WorkflowError(str(error))

# Jobs inherit these: where the library is, which backend Keras loads, and less of its chatter.
# Profiles ask for the scale. On a Slurm cluster, Snakemake asks our sacct. Of a GPU's memory they
# take what they need, since the small jobs of the demo share it.
os.environ.update(
    PATH=os.pathsep.join(
        [str(FOLDER / "profiles" / "slurm" / "bin"), *os.get_exec_path()]
    ),
    PYTHONPATH=str(SOURCE),
    IMAGESTUDY_SCALE=study.scale,
    KERAS_BACKEND=study.config["backend"],
    TF_CPP_MIN_LOG_LEVEL="2",
    TF_FORCE_GPU_ALLOW_GROWTH="true",
    XLA_PYTHON_CLIENT_PREALLOCATE="false",
)


# What a bundle makes never lies among the results of a study that ran here.
RESULTS = f"{study.folder}-{BUNDLE}" if bundle else study.folder


onstart:
    for place in ("resources/logs", *map(at_scale, ("logs", "benchmarks", "data"))):
        require_writable(Path(place))
    if not bundle:
        require_this_version(every_result())
    if workflow.non_local_exec:
        sources = [] if bundle else study.find_sources()
        asked_for = workflow.config_settings.config_args or []
        require_quotable([str(FOLDER), *sources, *asked_for])


wildcard_constraints:
    dataset="|".join(study.datasets),
    experiment="|".join(study.experiments),
    search="|".join(study.searches) or "none",
    seed="[0-9]+",
    round="[0-9]+",
    trial="[0-9]+",


# At demo the networks are so small that they train best side by side.
TRAINING_THREADS = 1 if study.scale == "demo" else 4
TRAINING_GPUS = 1 if study.scale == "full" else 0
ARRAYS = [
    f"{split}_{kind}.npy"
    for split in ("train", "selection", "test")
    for kind in ("images", "labels")
] + ["unlabelled_images.npy", "boxes.npz", "sources.npz"]


@functools.cache
def modules(script):
    """Digests of a script and of the library's modules that it imports, and one of them all."""
    return code_digests((FOLDER / "scripts" / script,), SOURCE)


def code(script):
    """One digest of a script and of all that it imports: an edit that matters reruns the job."""
    return modules(script)["digest"]


def code_of(block):
    """Digests of the code that trains an experiment or a search's trials."""
    return modules(f"experiments/{block['script']}.py")


@functools.cache
def settings_of_all():
    """The settings of every run and every trial."""
    return all_settings(study)


@functools.cache
def made_with(kind, name):
    """The settings and code that results must have been made with: the study's, or a bundle's."""
    if bundle:
        return bundle.made_with(kind, name)
    block = study.config[kind][name]
    return {"expected": settings_of_all()[kind][name], "made_by": code_of(block)}


def made_with_of_search(search, seed):
    """The settings and code that the trials of a search with this seed must have been made with."""
    made = made_with("searches", search)
    return made | {
        "expected": [each for each in made["expected"] if each["seed"] == int(seed)]
    }


def memory_of(block):
    """Megabytes of a run or a trial: more than it may take, where its settings limit that.

    What a search found may take as much as its trials. AutoKeras by itself holds all pictures at
    once, as float32 too.
    """
    blocks = [block, *([study.searches[block["search"]]] if "search" in block else [])]
    limits = [study.training_of(each)["memory_mb"] or 0 for each in blocks]
    usual = 8000 if block["script"] == "autokeras_stock" else 4000
    return max(usual, max(limits) + 1000)


def memory_of_run(wildcards, attempt):
    """Megabytes of a run, more with each attempt."""
    return attempt * memory_of(study.experiments[wildcards.experiment])


def memory_of_trial(wildcards, attempt):
    """Megabytes of a trial, and of what handles its networks; more with each attempt."""
    return attempt * memory_of(study.searches[wildcards.search])


def growing(need):
    """Megabytes or minutes, more with each attempt: the last one may have failed for want."""
    return lambda wildcards, attempt: attempt * need


def with_needs(rule_name, message):
    """A rule's message, and what its job asks for by the names of the profiles.

    A partition, an account and a model of GPU are asked for where a profile sets them.
    """
    needs = "threads {threads}, mem_mb {resources.mem_mb}, runtime {resources.runtime}"
    needs += ", gpu {resources.gpu}"
    settings = workflow.resource_settings
    set_here = settings.overwrite_resources.get(rule_name, ())
    for name in ("slurm_partition", "slurm_account", "gpu_model"):
        if name in set_here or name in (settings.default_resources or ()):
            needs += f", {name} {{resources.{name}}}"
    return f"{message} ({needs})"


def at_scale(path):
    """A path of this study's scale."""
    return f"results/{RESULTS}/{path}"


def data_of(block):
    """The prepared data of an experiment or a search."""
    return at_scale(f"data/{block['dataset']}/dataset.json")


def trials(search, seed, rounds):
    """The results of all trials of these rounds."""
    count = study.searches[search]["trials_per_round"]
    folder = f"searches/{search}/seed-{seed}"
    return [
        at_scale(f"{folder}/round-{number}/trial-{trial}/result.json")
        for number in rounds
        for trial in range(1, count + 1)
    ]


def all_trials(search, seed):
    """The results of all trials of a search with this seed."""
    return trials(search, seed, range(1, study.searches[search]["rounds"] + 1))


def every_trial(search):
    """The results of all trials of a search, with each of its seeds."""
    seeds = study.searches[search]["seeds"]
    return [path for seed in seeds for path in all_trials(search, seed)]


def best_of(search, seed):
    """What a search with this seed found best."""
    return at_scale(f"searches/{search}/seed-{seed}/best.json")


def best_for(experiment):
    """The best trial that an experiment trains again: a list of none or one."""
    searches = [study.experiments[experiment].get("search")]
    return [best_of(each, study.search_seed(experiment)) for each in searches if each]


def engine_of(block):
    """What the probe found, where a training leaves something to it; made once, however old."""
    probed = "auto" in study.training_of(block).values()
    return {"engine": ancient(at_scale("engine.json"))} if probed else {}


def inputs_of_search(wildcards):
    """What every training of a search needs."""
    block = study.searches[wildcards.search]
    return {"data": data_of(block), **engine_of(block)}


def inputs_of_run(wildcards):
    """What a training needs: a search's best trial and starting weights where it has them."""
    block = study.experiments[wildcards.experiment]
    inputs = {"data": data_of(block), **engine_of(block)}
    if "search" in block:
        inputs["best"] = best_for(wildcards.experiment)[0]
    if block.get("start") == IMAGENET:
        inputs["start"] = study.imagenet_weights()
    elif "start" in block:
        inputs["start"] = of_run(block["start"], wildcards.seed, "model.keras")
    return inputs


def of_run(experiment, seed, file):
    """One file of a run."""
    return at_scale(f"runs/{experiment}/seed-{seed}/{file}")


def runs_of(experiment, file):
    """One file of all seeds' runs of an experiment."""
    return [of_run(experiment, seed, file) for seed in study.seeds(experiment)]


def of_all_runs(file):
    """One file of all runs. Rules ask in a function: of a list, all is gone through twice."""
    return [path for name in study.experiments for path in runs_of(name, file)]


def every_result():
    """The results of all runs and all trials."""
    tried = [path for search in study.searches for path in every_trial(search)]
    return [Path(path) for path in (*of_all_runs("result.json"), *tried)]


def manifest_of_study():
    """What a bundle says of the study."""
    kinds = ("experiments", "searches")
    return {
        "config": study.without_paths(),
        "made_with": {
            kind: {name: made_with(kind, name) for name in getattr(study, kind)}
            for kind in kinds
        },
    }


def gathered(experiment):
    """What the result file of an experiment is made of."""
    block = study.experiments[experiment]
    # A bundle has no networks: what they started from was compared before it was packed.
    parents = [block["start"]] if "start" in block and not bundle else []
    return {
        "data": data_of(block),
        "results": runs_of(experiment, "result.json"),
        "histories": runs_of(experiment, "history.csv"),
        "best": best_for(experiment),
        "starts": [
            start
            for parent in parents
            for start in starts_of(parent, study.seeds(experiment))
        ],
    }


def starts_of(parent, seeds):
    """The weights that each of these seeds starts from."""
    if parent == IMAGENET:
        return [study.imagenet_weights()] * len(seeds)
    return [of_run(parent, seed, "model.keras") for seed in seeds]


def exports():
    """The networks that searches found, untrained: they come with the report."""
    if bundle:
        return []
    return [
        str(Path(best_of(name, seed)).with_suffix(".keras"))
        for name, search in study.searches.items()
        for seed in search["seeds"]
        if name not in study.development
    ]


def submissions():
    """The challenge's files of the experiments on Tiny ImageNet: they come with the report."""
    if bundle:
        return []
    return [
        at_scale(f"submissions/{name}.txt")
        for name, block in study.experiments.items()
        if study.datasets[block["dataset"]]["format"] == "tiny_imagenet"
    ]
