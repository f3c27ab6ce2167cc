"""``streamrec models``."""

import json
import tarfile

import pytest

from streamrec.cli import catalog
from streamrec.models.registry import ARCHITECTURES, ENSEMBLES
from streamrec.weights import store as store_module
from streamrec.weights.published import PUBLISHED, Published, PublishedFile
from tests.cli.conftest import ANY_PORT
from tests.weights.bundle_writer import write_bundle
from tests.weights.tiny import TINY_STREAM, as_checkpoint, random_tensors
from tests.weights.torch_writer import data_parallel, state_dict, write
from tests.weights.web import File, Web


@pytest.fixture
def listed(cli):
    """All models by name, as programs see them."""

    def read():
        lines = cli("models", "list", "--json").out.splitlines()
        return {model["name"]: model for model in map(json.loads, lines)}

    return read


@pytest.fixture
def web(tmp_path, monkeypatch):
    """A server that publishes two tiny models and their mean."""
    write_bundle(tmp_path / "ckpt-1", as_checkpoint(random_tensors(TINY_STREAM)))
    with tarfile.open(tmp_path / "tiny.tar.gz", "w:gz") as tar:
        for path in tmp_path.glob("ckpt-1.*"):
            tar.add(path, path.name)
    with Web() as server:
        published = {}
        for name in ("tiny-one", "tiny-two"):
            server.files[f"/{name}.tar.gz"] = File((tmp_path / "tiny.tar.gz").read_bytes())
            published[name] = Published(
                architecture="tiny-stream",
                files=(PublishedFile(url=server.url(f"/{name}.tar.gz")),),
            )
        for module in (store_module, catalog):
            monkeypatch.setattr(module, "PUBLISHED", published)
            monkeypatch.setattr(module, "architecture", {"tiny-stream": TINY_STREAM}.get)
        monkeypatch.setattr(catalog, "ENSEMBLES", {"tiny-mean": ("tiny-one", "tiny-two")})
        monkeypatch.setattr("streamrec.models.registry.ENSEMBLES", catalog.ENSEMBLES)
        yield server


def test_the_list_has_all_models_and_says_where_they_are(listed):
    models = listed()
    to_import = [name for name in ARCHITECTURES if name not in PUBLISHED]
    assert list(models) == ["gestures", *PUBLISHED, *ENSEMBLES, *to_import]
    assert {models[name]["place"] for name in to_import} == {"architecture"}
    assert models["gestures"]["place"] == "embedded"
    assert {models[name]["place"] for name in PUBLISHED} == {"published"}
    assert models["movinet-a6-base"]["members"] == ["movinet-a4-base", "movinet-a5-base"]


def test_the_table_has_a_line_a_model_and_its_facts(cli):
    lines = cli("models", "list").out.splitlines()
    assert len(lines) == 1 + 1 + len(ENSEMBLES) + len(ARCHITECTURES)
    (line,) = (line for line in lines if line.startswith("movinet-a3-stream"))
    assert line.split() == ["movinet-a3-stream", "can", "be", "pulled", "600", "256x256", "12"]


def test_models_are_described_before_they_are_pulled(listed):
    models = listed()
    for name, published in PUBLISHED.items():
        model, record = models[name], ARCHITECTURES[name]
        assert (model["place"], model["sha256"]) == ("published", None)
        assert model["labelled"] == (published.labels is not None)
        assert model["source"] == published.source
        assert model["facts"]["family"] == record.family
        assert model["facts"]["receptive_field"] == record.receptive_field
        assert model["facts"]["horizon"] == record.horizon


ONE_OF_EACH_FAMILY = {record.family: name for name, record in ARCHITECTURES.items()}


@pytest.mark.parametrize("name", ONE_OF_EACH_FAMILY.values())
def test_what_a_model_costs_is_known_before_it_is_here(cli, name):
    inspection = json.loads(cli("models", "info", name, "--json").out)["inspection"]
    assert inspection["macs"] > inspection["parameters"] > 1e5


def test_info_is_for_people_without_json(cli):
    lines = cli("models", "info", "movinet-a0-stream").out.splitlines()
    facts = dict(line.split(maxsplit=1) for line in lines if " " in line)
    assert facts["classes"] == "600"
    assert facts["input"] == "172x172 pixels, 5 frames/s"
    assert facts["horizon"] == "50 frames (10.0 s)"


def test_labels_are_printed_one_a_line(cli):
    for name in ("movinet-a0-stream", "movinet-a6-base"):
        labels = cli("models", "labels", name).out.splitlines()
        assert len(labels) == 600 and labels[0] == "abseiling"


def test_import_says_what_it_became(cli, listed, home, weights, weights_file):
    result = cli("models", "import", weights_file, "--as", "mine")
    assert result.code == 0
    assert result.out.startswith("mine: tiny-stream, 10 classes, labels known, ")
    assert str(home) in result.out
    model = listed()["mine"]
    assert (model["place"], model["source"]) == ("stored", str(weights_file))
    assert cli("models", "labels", "mine").out.splitlines() == list(weights.labels)


@pytest.mark.parametrize(("name", "count"), [("jester", 27), ("kinetics400", 400)])
def test_labels_of_a_data_set_are_printed(cli, name, count):
    assert len(cli("models", "labels", name).out.splitlines()) == count


def test_labels_of_a_published_model_without_any_say_so(cli):
    cli("models", "labels", "mobilenet-v2").fails(4, "not known", "--labels", "kinetics400")


def test_labels_of_an_unknown_name_suggest_the_nearest(cli):
    cli("models", "labels", "movinet-a0-steam").fails(4, "movinet-a0-stream")


@pytest.fixture
def checkpoint(tmp_path):
    """A training checkpoint of a network for clips, as its author published it."""
    state = state_dict(ARCHITECTURES["mobilenet3d-v2-0.2-jester"])
    return write(tmp_path / "best.pth", data_parallel(state))


def test_import_of_a_pytorch_file_tells_what_it_is(cli, checkpoint):
    result = cli("models", "import", checkpoint, "--as", "mine", "--labels", "jester")
    assert result.out.startswith("mine: mobilenet3d-v2-0.2-jester, 27 classes, labels known, ")
    assert cli("models", "labels", "mine").out == cli("models", "labels", "jester").out


def test_import_with_the_labels_of_another_data_set_is_refused(cli, checkpoint):
    labels = ("--labels", "kinetics400")
    cli("models", "import", checkpoint, "--as", "mine", *labels).fails(4, "27 classes, got 400")


def test_import_of_what_several_architectures_fit_asks_for_one(cli, tmp_path):
    path = write(tmp_path / "x3d.pyth", {"model_state": state_dict(ARCHITECTURES["x3d-s"])})
    cli("models", "import", path, "--as", "mine").fails(4, "x3d-s, x3d-m", "--architecture")
    result = cli("models", "import", path, "--as", "mine", "--architecture", "x3d-m")
    assert result.out.startswith("mine: x3d-m, 400 classes, labels not known, ")


def test_import_of_a_hostile_file_is_one_line(cli, tmp_path, home):
    path = write(tmp_path / "m.pth", {"state_dict": print})
    cli("models", "import", path, "--as", "mine").fails(4, "print", "refused")
    assert not home.exists()


def test_import_inflates_a_network_for_pictures(cli, tmp_path):
    path = write(tmp_path / "flat.pth", state_dict(ARCHITECTURES["mobilenet-v2"]))
    command = ("models", "import", path, "--as", "mine", "--inflate")
    cli(*command).fails(2, "--architecture", "mobilenet3d-v2-1.0")
    result = cli(*command, "--architecture", "mobilenet3d-v2-1.0-jester")
    assert result.out.startswith("mine: mobilenet3d-v2-1.0-jester, 27 classes")


def test_pull_of_what_has_no_address_says_what_to_do(cli, checkpoint):
    name = "mobilenet3d-v2-0.2-jester"
    result = cli("models", "pull", name)
    result.fails(4, "by hand", "https://drive.google.com/", "put it at")
    assert cli("models", "pull", name).err == result.err
    hint = result.err.split("`streamrec ")[1].split("`")[0].split()
    assert (hint.pop(2), hint[:2]) == (
        "jester_mobilenetv2_0.2x_RGB_16_best.pth",
        ["models", "import"],
    )
    assert cli(*hint[:2], checkpoint, *hint[2:]).code == 0
    assert cli("models", "pull", name).code == 0


def test_labels_are_printed_where_their_letters_cannot_be(
    process, tmp_path, monkeypatch, weights_file
):
    labels = tmp_path / "labels.txt"
    labels.write_text("\n".join("abcdefghé手"), encoding="utf-8")
    process("models", "import", weights_file, "--as", "mine", "--labels", labels)
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    result = process("models", "labels", "mine")
    assert result.code == 0
    assert result.out.split() == [*"abcdefgh", r"\xe9", r"\u624b"]


def test_import_of_a_corrupt_file_leaves_nothing(cli, tmp_path, home, weights_file):
    path = tmp_path / "cut.safetensors"
    path.write_bytes(weights_file.read_bytes()[:-1])
    cli("models", "import", path, "--as", "mine").fails(4, "cut.safetensors")
    assert not home.exists()


def test_import_takes_labels_and_architecture(cli, tmp_path, monkeypatch):
    monkeypatch.setattr("streamrec.models.registry.ARCHITECTURES", {"tiny-stream": TINY_STREAM})
    write_bundle(tmp_path / "ckpt-1", as_checkpoint(random_tensors(TINY_STREAM)))
    index, labels = tmp_path / "ckpt-1.index", tmp_path / "labels.txt"
    labels.write_text("\n".join("abcdefghij"))
    named = ("--as", "mine", "--architecture", "tiny-stream")
    assert cli("models", "import", index, *named, "--labels", labels).code == 0
    assert cli("models", "labels", "mine").out.split() == list("abcdefghij")
    assert cli("models", "import", index, "--as", "bare", *named[2:]).code == 0
    cli("models", "labels", "bare").fails(4, "not known", "--labels")


def test_import_takes_how_a_model_was_trained(cli, video, weights_file):
    trained = ("--gate", "sigmoid", "--head-activation", "relu6", "--image-size", 48)
    trained += ("--fps", 12.5, "--horizon", "none")
    assert cli("models", "import", weights_file, "--as", "mine", *trained).code == 0
    facts = json.loads(cli("models", "info", "mine", "--json").out)["facts"]
    assert (facts["height"], facts["width"], facts["fps"]) == (48, 48, 12.5)
    assert facts["horizon"] is None
    options = ("--publish", ANY_PORT, "--json", "--predict", "grid")
    result = cli("run", "--source", video(frames=50), "--model", "mine", *options)
    assert result.code == 0, result.err
    assert len(result.out.splitlines()) == 25


def test_another_gate_gives_other_scores(cli, video, weights_file):
    tops = {}
    for gate in ("hard_sigmoid", "none"):
        assert cli("models", "import", weights_file, "--as", gate, "--gate", gate).code == 0
        result = cli("classify", video(), "--model", gate, "--json")
        tops[gate] = json.loads(result.out)["top"]
    assert tops["hard_sigmoid"] != tops["none"]


@pytest.mark.parametrize(("flag", "value"), [("--gate", "gelu"), ("--fps", 0), ("--horizon", 0)])
def test_import_refuses_what_no_model_was_trained_with(cli, home, weights_file, flag, value):
    cli("models", "import", weights_file, "--as", "mine", flag, value).fails(2, "got")
    assert not home.exists()


@pytest.mark.parametrize("value", ["-1", "ever", "1.5"])
def test_a_horizon_is_a_number_or_none(capsys, cli, weights_file, value):
    with pytest.raises(SystemExit, match="2"):
        cli("models", "import", weights_file, "--as", "mine", f"--horizon={value}")
    assert f"a number of frames, or none; got '{value}'" in capsys.readouterr().err


def test_import_refuses_what_would_mislead(cli, tmp_path, home, model, weights_file):
    other = ("--architecture", "movinet-a1-stream")
    cli("models", "import", weights_file, "--as", "mine", *other).fails(4, "holds a tiny-stream")
    result = cli("models", "import", weights_file, "--as", "movinet-a0-stream")
    result.fails(2, "name of a movinet-a0-stream", "another name")
    cli("models", "import", model, "--as", "mine").fails(4, f"--model {model}")
    assert not home.exists()


def test_import_under_a_name_that_is_taken(cli, weights_file):
    assert cli("models", "import", weights_file, "--as", "mine").code == 0
    for name in ("mine", "gestures", "movinet-a6-base"):
        cli("models", "import", weights_file, "--as", name).fails(2, name, "another name")


def test_import_of_an_unknown_architecture_suggests_the_nearest(cli, weights_file):
    result = cli("models", "import", weights_file, "--as", "mine", "--architecture", "movinet-a0")
    result.fails(4, "movinet-a0-base")


def test_pull_fetches_and_says_where_it_is(cli, listed, home, web):
    assert listed()["tiny-one"]["place"] == "published"
    result = cli("models", "pull", "tiny-one")
    assert result.code == 0
    assert str(home / "models" / "tiny-one") in result.out
    assert result.err == ""  # a bar is for terminals only
    assert listed()["tiny-one"]["place"] == "stored"
    web.requests.clear()
    assert cli("models", "pull", "tiny-one").out == result.out
    assert web.requests == []


def test_pull_of_a_mean_fetches_its_members(cli, listed, web):
    assert cli("models", "pull", "tiny-mean").code == 0
    models = listed()
    assert {models[name]["place"] for name in ("tiny-one", "tiny-two", "tiny-mean")} == {"stored"}


def test_pull_of_the_embedded_model_fetches_nothing(cli, home):
    assert cli("models", "pull", "gestures").code == 0
    assert not home.exists()


def test_pull_without_the_server_says_what_to_fetch(cli, web):
    web.files.clear()
    result = cli("models", "pull", "tiny-one")
    result.fails(4, web.url("/tiny-one.tar.gz"), "put it at")


def test_rm_removes_a_stored_model_only(cli, listed, weights_file):
    cli("models", "import", weights_file, "--as", "mine")
    assert cli("models", "rm", "mine").code == 0
    assert "mine" not in listed()
    cli("models", "rm", "mine").fails(4, "unknown model 'mine'")
    cli("models", "rm", "gestures").fails(2, "not stored")
    cli("models", "rm", "movinet-a0-base").fails(2, "not stored")
    cli("models", "rm", "movinet-a6-base").fails(2, "movinet-a4-base")


def test_a_damaged_model_is_listed_as_such_and_can_be_removed(cli, listed, home, weights_file):
    cli("models", "import", weights_file, "--as", "mine")
    (home / "models" / "mine" / "weights.safetensors").write_bytes(b"")
    assert "has changed" in listed()["mine"]["damage"]
    assert "models rm mine" in cli("models", "info", "mine").out
    cli("models", "labels", "mine").fails(4, "has changed")
    assert cli("models", "rm", "mine").code == 0
