"""From a list of clips to a model that runs."""

import csv
from dataclasses import replace

import pytest
import torch

from streamrec.build import load
from streamrec.dataset.listing import read_dataset
from streamrec.errors import DatasetError, OptionError, OutputError, TrainingError, WeightsError
from streamrec.models.registry import ARCHITECTURES
from streamrec.sources.open import open_source
from streamrec.training import loop
from streamrec.training.run import train
from streamrec.training.summary import score
from streamrec.training.teller import Nobody
from streamrec.weights.model_file import load_model, save_model
from streamrec.weights.untrained import untrained
from tests.dataset.films import film, street
from tests.evaluation.color_model import color_video
from tests.training.made_data import color_list, model_file, options


class Killed(BaseException):
    """A process that is killed runs no handlers."""


class Killer(Nobody):
    """Kills the training at a step."""

    def __init__(self, step):
        self._left = step

    def phase(self, title, total, done=0):
        context = super().phase(title, total, done)
        if title.startswith("training"):
            context.func = None
            return _Killing(self._left)
        return context


class _Killing:
    def __init__(self, left):
        self._left = left

    def __enter__(self):
        return self._count

    def __exit__(self, *error):
        return None

    def _count(self, count, text):
        self._left -= count
        if self._left <= 0:
            raise Killed


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("STREAMREC_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    return color_list(folder), model_file(folder)


@pytest.mark.parametrize(
    "parts",
    [
        {"trained": "classifier"},
        {"trained": "head"},
        {"trained": "blocks", "blocks": 1},
        {"trained": "all"},
        {"trained": "all", "scratch": True},
        {"trained": "all", "chunk": 2},
        {"trained": "head", "lead": 4, "horizon": 4},
    ],
    ids=str,
)
def test_what_was_learnt_is_what_runs(tmp_path, made, parts):
    result = train(options(tmp_path, *made, epochs=12, **parts), Nobody()).trained[0]
    assert score(result.answers) == 1.0
    assert result.difference < 1e-4
    recognizer = load(str(result.model))
    assert recognizer.labels == ("blue", "red")
    with open_source(str(made[0].parent / "red0.avi")) as source:
        stream = recognizer.stream(declared_fps=source.fps)
        *_, last = filter(None, map(stream.push, source))
    assert last.top(1)[0].label == "red"


@pytest.mark.parametrize("name", ["mobilenet3d-v2-0.2", "movinet-a0-base"])
def test_other_networks_learn_too(tmp_path, made, name):
    architecture = replace(ARCHITECTURES[name], classes=5)
    model = tmp_path / "other.safetensors"
    save_model(model, untrained(architecture))
    changes = {"views": 1, "epochs": 1, "frames": 2 if "base" in name else None}
    result = train(options(tmp_path, made[0], model, **changes), Nobody()).trained[0]
    assert load(str(result.model)).labels == ("blue", "red")


def test_the_model_says_where_it_comes_from(tmp_path, made):
    weights = load_model(train(options(tmp_path, *made), Nobody()).trained[0].model)
    assert weights.labels == ("blue", "red")
    assert weights.provenance["trained from"] == str(made[1])
    assert weights.provenance["data"] == "6 clips of clips.csv: blue, red"
    assert "in the last layer's weights" in weights.provenance["temperature"]


def test_the_same_seed_gives_the_same_model(tmp_path, made):
    models = [_tensors(tmp_path / name, made, seed=7) for name in ("one", "two")]
    assert all(torch.equal(models[0][name], models[1][name]) for name in models[0])


def _tensors(folder, made, **changes):
    trained = train(options(folder, *made, **changes), Nobody()).trained[0]
    return {name: torch.from_numpy(x) for name, x in load_model(trained.model).tensors.items()}


@pytest.mark.parametrize("parts", [{"trained": "classifier"}, {"trained": "all", "ema": 0.9}])
@pytest.mark.parametrize("step", [1, 2, 3, 5])
def test_a_killed_run_goes_on_bit_for_bit(tmp_path, made, monkeypatch, parts, step):
    monkeypatch.setattr(loop, "SAVED_EVERY_S", 0.0)
    whole = _tensors(tmp_path / "whole", made, **parts)
    with pytest.raises(Killed):
        train(options(tmp_path / "killed", *made, **parts), Killer(step))
    resumed = _tensors(tmp_path / "killed", made, resume=True, **parts)
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


@pytest.mark.parametrize("step", [2, 3])
def test_curves_of_a_resumed_run_are_those_of_an_uninterrupted_one(
    tmp_path, made, monkeypatch, step
):
    monkeypatch.setattr(loop, "SAVED_EVERY_S", 0.0)
    train(options(tmp_path / "whole", *made), Nobody())
    with pytest.raises(Killed):
        train(options(tmp_path / "killed", *made), Killer(step))
    train(options(tmp_path / "killed", *made, resume=True), Nobody())
    curves = [tmp_path / name / "run" / "curves.csv" for name in ("whole", "killed")]
    assert curves[0].read_text() == curves[1].read_text()


def test_a_run_goes_on_with_the_same_options_only(tmp_path, made):
    train(options(tmp_path, *made), Nobody())
    with pytest.raises(OptionError, match=r"rate was 0\.05 and is 0\.01"):
        train(options(tmp_path, *made, rate=0.01, resume=True), Nobody())


def test_another_device_is_told(tmp_path, made):
    class Listener(Nobody):
        said = ()

        def say(self, text):
            self.said = (*self.said, text)

    train(options(tmp_path, *made, epochs=1), Nobody())
    record = tmp_path / "run" / "run.json"
    record.write_text(
        record.read_text().replace(
            '"device": "cpu",\n    "threads', '"device": "cuda",\n    "threads'
        )
    )
    listener = Listener()
    train(options(tmp_path, *made, epochs=1, resume=True), listener)
    assert "device was cuda and is cpu" in [text.partition(":")[0] for text in listener.said]


def test_a_folder_with_a_run_is_not_overwritten(tmp_path, made):
    train(options(tmp_path, *made), Nobody())
    with pytest.raises(OptionError, match="--resume goes on with it"):
        train(options(tmp_path, *made), Nobody())


def test_a_folder_that_cannot_be_made_is_told_before_the_clips_are_read(tmp_path, made):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot write"):
        train(
            options(tmp_path, made[0], "nothing.safetensors", out=str(tmp_path / "file")), Nobody()
        )


def test_there_is_nothing_to_resume_in_an_empty_folder(tmp_path, made):
    with pytest.raises(OptionError, match="no run in"):
        train(options(tmp_path, *made, resume=True), Nobody())


def test_a_damaged_checkpoint_is_told(tmp_path, made):
    train(options(tmp_path, *made), Nobody())
    (tmp_path / "run" / "checkpoint.pt").write_bytes(b"garbage")
    with pytest.raises(WeightsError, match=r"checkpoint\.pt cannot be read"):
        train(options(tmp_path, *made, resume=True), Nobody())


def test_every_clip_is_judged_once_by_a_model_that_did_not_learn_it(tmp_path, made):
    run = train(options(tmp_path, *made, folds=4, epochs=2), Nobody())
    judged = [clip.path.name for one in run.trained for clip in one.answers.clips]
    assert len(run.trained) == 4
    assert sorted(judged) == sorted({clip.path.name for clip in run.material.dataset.clips})
    for one in run.trained:
        learnt = {clip.path for clip in one.dataset.of("train")}
        assert not learnt & {clip.path for clip in one.answers.clips}


def test_folds_leave_test_clips_alone(tmp_path, made):
    data = _with_splits(tmp_path, made[0], ("test", "train", "train", "train"))
    run = train(options(tmp_path, data, made[1], folds=2, epochs=1), Nobody())
    judged = [clip for one in run.trained for clip in one.answers.clips]
    assert len({clip.path for clip in judged}) == len(judged) == 6
    assert {clip.split for clip in judged} == {"val"}


def test_test_clips_judge_and_neither_learn_nor_calibrate(tmp_path, made):
    result = train(options(tmp_path, *made, test=0.25), Nobody()).trained[0]
    assert result.judged_on == "test"
    assert {clip.split for clip in result.answers.clips} == {"test"}


def test_the_clips_that_judged_can_judge_again(tmp_path, made):
    result = train(options(tmp_path, *made), Nobody()).trained[0]
    listed = read_dataset(tmp_path / "run" / "clips.csv")
    judged = {clip.path.resolve() for clip in listed.of("val")}
    assert judged == {clip.path.resolve() for clip in result.answers.clips}
    assert len(listed.of("train")) == 6


def test_a_folder_with_other_files_is_left_alone(tmp_path, made):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine.txt").write_text("mine")
    with pytest.raises(OptionError, match="holds other files"):
        train(options(tmp_path, *made), Nobody())


def test_a_long_clip_does_not_make_all_others_loop(tmp_path):
    data = color_list(tmp_path)
    color_video(tmp_path / "red0.avi", ("red", 6.0))
    assert train(options(tmp_path, data, model_file(tmp_path)), Nobody()).material.frames == 5


def test_copies_with_different_labels_are_told(tmp_path):
    data = color_list(tmp_path)
    for name in ("red0", "red2"):
        film(tmp_path / f"{name}.avi", street(seed=1))
    data.write_text(data.read_text().replace("red2.avi,red", "red2.avi,blue"))
    warnings = train(options(tmp_path, data, model_file(tmp_path)), Nobody()).material.warnings
    assert any("different labels" in warning for warning in warnings)


def test_bad_files_are_left_out_and_told(tmp_path):
    data, model = color_list(tmp_path), model_file(tmp_path)
    (tmp_path / "red0.avi").write_bytes(b"no video")
    run = train(options(tmp_path, data, model), Nobody())
    assert [path.name for path in run.material.skipped] == ["red0.avi"]
    assert len(run.material.dataset.clips) == 7


def test_clips_that_are_too_short_are_left_out(tmp_path, made):
    with pytest.raises(DatasetError, match="none of 8 clips can be used"):
        train(options(tmp_path, *made, discard=100), Nobody())


def test_windows_have_nothing_to_lead_in(tmp_path, made):
    with pytest.raises(OptionError, match="omit --lead"):
        train(options(tmp_path, made[0], "untrained:x3d-xs", lead=2), Nobody())


def test_a_classifier_alone_has_no_state_to_carry(tmp_path, made):
    with pytest.raises(OptionError, match="--chunk carries the state"):
        train(options(tmp_path, *made, chunk=2), Nobody())


def test_one_class_is_nothing_to_learn(tmp_path):
    data = color_list(tmp_path, labels={"red": "blue"})
    with pytest.raises(DatasetError, match="has one class, blue"):
        train(options(tmp_path, data, model_file(tmp_path)), Nobody())


@pytest.mark.parametrize(
    ("splits", "told"),
    [
        (("train", "test"), "no val clip can be used"),
        (("val", "test"), "no train clip can be used"),
    ],
)
def test_a_list_without_clips_of_a_split_is_told(tmp_path, made, splits, told):
    with pytest.raises(DatasetError, match=told):
        train(options(tmp_path, _with_splits(tmp_path, made[0], splits), made[1]), Nobody())


def _with_splits(folder, table, splits):
    rows = list(csv.DictReader(table.read_text().splitlines()))
    path = folder / "split.csv"
    with path.open("w", newline="") as lines:
        writer = csv.DictWriter(lines, [*rows[0], "split"])
        writer.writeheader()
        for number, row in enumerate(rows):
            file = str(table.parent / row["path"])
            writer.writerow({**row, "path": file, "split": splits[number % len(splits)]})
    return path


def test_a_class_of_which_no_clip_can_be_used_is_told(tmp_path):
    data, model = color_list(tmp_path), model_file(tmp_path)
    for number in range(4):
        (tmp_path / f"red{number}.avi").write_bytes(b"no video")
    with pytest.raises(DatasetError, match="the train clips that can be used all show blue"):
        train(options(tmp_path, data, model), Nobody())


@pytest.mark.parametrize("changes", [{"folds": 1}, {"folds": 2, "test": 0.25}])
def test_folds_that_make_no_sense_are_told_before_the_clips_are_read(tmp_path, made, changes):
    with pytest.raises(OptionError, match="--folds"):
        train(options(tmp_path, made[0], "nothing.safetensors", **changes), Nobody())


def test_a_run_that_could_not_begin_leaves_its_folder_free(tmp_path, made):
    with pytest.raises(OptionError, match="--blocks is at most"):
        train(options(tmp_path, *made, trained="blocks", blocks=100), Nobody())
    assert train(options(tmp_path, *made, trained="blocks", blocks=1), Nobody())


def test_random_weights_need_no_file_of_weights(tmp_path, made, monkeypatch):
    def no_network(*arguments):
        raise AssertionError("nothing is fetched")

    monkeypatch.setattr("socket.getaddrinfo", no_network)
    parts = {"trained": "all", "scratch": True, "epochs": 1, "frames": 2}
    result = train(options(tmp_path, made[0], "movinet-a0-stream", **parts), Nobody()).trained[0]
    assert load(str(result.model)).spec.trained


def test_what_began_with_random_weights_is_trained_in_the_end(tmp_path, made):
    changes = {"trained": "all", "epochs": 1, "frames": 2}
    model = "untrained:movinet-a0-stream"
    result = train(options(tmp_path, made[0], model, **changes), Nobody()).trained[0]
    assert load(str(result.model)).spec.trained


@pytest.mark.parametrize("model", ["gestures", "mine.onnx"])
def test_an_exported_model_cannot_learn(tmp_path, made, model):
    with pytest.raises(OptionError, match=r"a file for running.*\.safetensors"):
        train(options(tmp_path, made[0], model), Nobody())


def test_patience_takes_the_best_and_ends_early(tmp_path, made):
    train(options(tmp_path, *made, epochs=40, patience=2, rate=0.0), Nobody())
    assert (tmp_path / "run" / "curves.csv").read_text().count("val,loss") == 3


def test_a_rate_that_is_too_high_is_told(tmp_path, made):
    with pytest.raises(TrainingError, match="lower --rate"):
        train(options(tmp_path, *made, epochs=40, rate=10.0, trained="all"), Nobody())


@pytest.mark.parametrize(("asked", "kept"), [(None, 5), (3, 3), (0, None)])
def test_running_means_look_back_on_a_clip_unless_told_otherwise(tmp_path, made, asked, kept):
    result = train(options(tmp_path, *made, horizon=asked), Nobody()).trained[0]
    assert load(str(result.model)).spec.horizon == kept


def test_a_stride_makes_a_slower_model(tmp_path, made):
    result = train(options(tmp_path, *made, stride=2), Nobody()).trained[0]
    assert load(str(result.model)).spec.fps == 2.5


def test_a_model_that_learnt_with_rounding_knows_its_ranges(tmp_path, made):
    changes = {"trained": "all", "quantised": True, "epochs": 6, "teacher": None}
    result = train(options(tmp_path, *made, **changes), Nobody()).trained[0]
    weights = load_model(result.model)
    assert weights.ranges["blocks.0.expand.input"][0] <= 0.0
    assert result.difference < 1e-4
    assert score(result.answers) == 1.0


def test_a_teacher_is_learnt_from(tmp_path, made):
    teacher = train(options(tmp_path / "teacher", *made, epochs=12), Nobody()).trained[0]
    swapped = color_list(tmp_path, labels={"red": "blue", "blue": "red"})
    changes = {"teacher": str(teacher.model), "distil": 1.0, "epochs": 12}
    taught = train(options(tmp_path, swapped, made[1], **changes), Nobody()).trained[0]
    assert score(taught.answers) == 0.0, "the labels were wrong, and the teacher right"


def test_a_teacher_of_clips_of_several_labels_is_refused(tmp_path, made):
    data = color_list(tmp_path, labels={"red": "red|blue"})
    with pytest.raises(OptionError, match="--teacher"):
        train(options(tmp_path, data, made[1], teacher=str(made[1])), Nobody())


def test_clips_of_several_labels_give_independent_probabilities(tmp_path):
    data = color_list(tmp_path, labels={"red": "red|warm"})
    run = train(options(tmp_path, data, model_file(tmp_path), epochs=20), Nobody())
    spec = load(str(run.trained[0].model)).spec
    assert (spec.labels, spec.multi_label) == (("blue", "red", "warm"), True)
    assert score(run.trained[0].answers) == pytest.approx(1.0)


def test_a_run_that_is_over_is_judged_again_without_learning(tmp_path, made):
    class Listener(Nobody):
        def __init__(self):
            self.titles = []

        def phase(self, title, total, done=0):
            self.titles.append(title)
            return super().phase(title, total, done)

    before, listener = _tensors(tmp_path, made), Listener()
    train(options(tmp_path, *made, resume=True), listener)
    after = load_model(tmp_path / "run" / "run.safetensors").tensors
    assert all((before[name].numpy() == after[name]).all() for name in after)
    assert not any("sees the clips" in title for title in listener.titles)
