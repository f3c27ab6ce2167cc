from dataclasses import replace

import pytest

from streamrec.dataset.clips import Dataset
from streamrec.evaluation.bootstrap import Interval
from streamrec.report.cautions import of_evaluation, of_training
from streamrec.report.curves import read_curves
from streamrec.report.record import EvaluationRun, Latency


@pytest.fixture
def told(made_run):
    """Return all warnings about a run, as one text."""

    def tell(run=None, **changes):
        run = run or made_run(**changes)
        return "\n".join(of_training(run, read_curves(run.curves)))

    return tell


def test_a_good_run_of_many_clips_is_not_doubted(told):
    assert told(clips=200, warnings=()) == ""


def test_few_clips_are_told(told):
    assert "Only 20 clips judge the model: one clip more or less is 5.0%" in told()


def test_few_groups_are_told(made_run, told):
    run = made_run()
    low = {"top1": Interval(low=0.7, high=0.9, level=0.95, groups=3)}
    assert "from 3 groups only" in told(replace(run, judged=replace(run.judged, intervals=low)))


def test_a_model_that_is_no_better_than_one_answer_is_told(made_run, told):
    run = made_run()
    low = {"top1": Interval(low=0.45, high=0.9, level=0.95, groups=30)}
    text = told(replace(run, judged=replace(run.judged, intervals=low)))
    assert "not surely better than saying “walk” every time (50.0%)" in text


def test_classes_with_few_clips_to_learn_from_are_told(told):
    labels = tuple(f"c{i}" for i in range(8))
    text = told(labels=labels, clips=40)
    assert "Fewer than 10 clips to learn from: c0, c1, c2, c3, c4 and 3 more." in text


def test_clips_learnt_by_heart_are_told(told):
    assert "right on 100% of the clips that it learns from, and on 70%" in told(clips=10, learnt=1)
    assert "by heart" not in told(clips=200, learnt=1)


def test_a_loss_that_rises_is_told_where_the_last_step_is_taken(made_run, told, tmp_path):
    rows = [f"{step},0,val,loss,{loss}" for step, loss in ((1, 0.9), (2, 0.5), (3, 0.7))]
    curves = tmp_path / "curves.csv"
    curves.write_text("\n".join(["step,epoch,split,name,value", *rows, ""]))
    run = made_run(curves=curves)
    assert "was lowest (0.5) at step 2, and 0.7 at the end" in told(run)
    assert "was lowest" not in told(replace(run, options={"patience": 5}))


def test_clips_without_groups_are_told(made_run, told):
    run = made_run()
    clips = tuple(replace(clip, group=None) for clip in run.dataset.clips)
    dataset = Dataset(name="d", labels=run.dataset.labels, clips=clips)
    assert "No clip says which group" in told(replace(run, dataset=dataset))


def test_a_model_that_is_too_slow_is_told(told):
    slow = [Latency(engine="torch", step_ms=900.0), Latency(engine="onnx", step_ms=250.0)]
    assert "a step takes 250 ms, and there is a frame to look at every 200 ms" in told(latency=slow)


def test_scores_that_are_off_are_told(told):
    assert "not to be taken at their word" in told(clips=10)


def test_an_evaluation_warns_of_its_figures_only(made_run):
    run = EvaluationRun(title="t", model="m", data="d", judged=made_run().judged, warnings=["w"])
    assert of_evaluation(run)[0] == "w" and "Only 20 clips" in of_evaluation(run)[1]
    assert of_evaluation(replace(run, judged=None)) == ["w"]
