from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from seg.analysis.arms import TrainedArms
from seg.analysis.claims import judge_claims
from seg.analysis.pairwise import judge
from seg.compare.plan import Plan
from seg.record import SplitScores
from tests.seg.records import config, record

LECTURE = Path(__file__).parents[3] / "configs" / "compare" / "lecture.yaml"
IMAGES = [f"i{number}" for number in range(8)]
NOISE = np.random.default_rng(0).normal(0, 0.002, (10, len(IMAGES)))
METRICS = ("boundary_f1", "ap", "sharpness", "undecided_share", "v_rand", "cl_dice", "betti0_error", "betti1_error")


def run(name, loss, seed, model=None, collapse="none", **scores):
    """A run with one score for all images but for a little noise; 0.5 where nothing else is said."""
    noise = NOISE[seed]
    metrics = {metric: (scores.get(metric, 0.5) + noise + 0.001 * len(name)).tolist() for metric in METRICS}
    split = SplitScores(IMAGES, metrics)
    loss_config = {"class_path": f"losses.{loss}"}
    settings = {"loss": loss_config, "schedule": {"class_path": "OneCycle"}, "seed": seed} | (model or {})
    return record(name, seed, split, loss=f"losses.{loss}", config=config(settings), collapse=collapse)


def arm(name, loss, seeds=3, **more):
    jitter = np.random.default_rng(len(name)).normal(0, 0.002, seeds)
    numbers = {key: value for key, value in more.items() if isinstance(value, float)}
    others = {key: value for key, value in more.items() if key not in numbers}
    return [
        run(name, loss, seed, **others, **{key: value + jitter[seed] for key, value in numbers.items()})
        for seed in range(seeds)
    ]


def judged(*arms, prevalence=0.03, tuned=()):
    runs = {Path(f"{record.name}{record.seed}"): record for records in arms for record in records}
    judgements = {metric: judge(list(runs.values()), metric) for metric in METRICS}
    return {claim.statement: claim for claim in judge_claims(runs, judgements, "boundary_f1", prevalence, tuned)}


L2, JACCARD = ("l2", "L2Loss"), ("jaccard", "JaccardLoss")
COLLAPSES, IOU_HOLDS = "L2 collapses where boundaries are rare", "IoU does not collapse"
FALLING = "Falling learning rates help: OneCycle"


@pytest.mark.parametrize(
    ("verdicts", "prevalence", "status"),
    [
        (["black", "black", "constant"], 0.03, "confirmed"),
        (["none", "none", "none"], 0.03, "refuted"),
        (["none", "none", "none"], 0.2, "not tested here"),
        (["black", "black", "black"], 0.2, "not tested here"),
        (["none", "none", "none"], None, "refuted"),
        (["black", "none", "none"], 0.03, "undecided"),
        (["threshold artefact"] * 3, 0.03, "undecided"),
        (["partly collapsed"] * 3, 0.03, "undecided"),
        (["black", "inverted", "same answer"], 0.03, "confirmed"),
    ],
)
def test_l2_collapses_where_every_run_of_it_did(verdicts, prevalence, status):
    l2 = [replace(record, collapse=verdict) for record, verdict in zip(arm(*L2), verdicts, strict=True)]
    claim = judged(l2, arm(*JACCARD), prevalence=prevalence)[COLLAPSES]
    assert claim.status == status
    assert ", ".join(verdicts) in claim.evidence


def test_the_evidence_sets_a_collapse_against_chance_and_the_best():
    claims = judged(arm(*L2, ap=0.04), arm(*JACCARD, ap=0.4))
    assert (
        "3.0% of the test pixels, the average precision of a random ranking; l2 has 0.04" in claims[COLLAPSES].evidence
    )
    assert "jaccard, the best, has 0.4" in claims[COLLAPSES].evidence
    assert "no loss has more" in claims[IOU_HOLDS].evidence


def diverged(record):
    return replace(record, status="diverged", validation=None, test=None)


def test_divergence_is_no_collapse():
    claim = judged([diverged(record) for record in arm(*L2)], arm(*JACCARD))[COLLAPSES]
    assert claim.status == "not tested here"
    assert "0 of 0 runs collapsed (diverged, diverged, diverged). A run that diverged or failed" in claim.evidence
    assert "No run can be judged." in claim.evidence


def test_a_finished_run_whose_probabilities_are_nan_has_diverged_too():
    assert judged(arm(*L2, collapse="diverged"), arm(*JACCARD))[COLLAPSES].status == "not tested here"


def test_the_runs_that_did_not_diverge_decide():
    first, *others = arm(*L2, collapse="black")
    claim = judged([diverged(first), *others], arm(*JACCARD))[COLLAPSES]
    assert claim.status == "confirmed"
    assert "2 of 2 runs collapsed (diverged, black, black)" in claim.evidence


@pytest.mark.parametrize(
    ("of_l2", "of_iou", "prevalence", "status"),
    [
        ("none", "none", 0.03, "undecided"),
        ("none", "none", 0.12, "not tested here"),
        ("threshold artefact", "none", 0.12, "not tested here"),
        ("black", "none", 0.12, "undecided"),
        ("none", "white", 0.03, "refuted"),
        ("none", "white", 0.12, "refuted"),
    ],
)
def test_iou_holds_where_it_did_not_collapse_and_something_could_have(of_l2, of_iou, prevalence, status):
    claim = judged(arm(*L2, collapse=of_l2), arm(*JACCARD, collapse=of_iou), prevalence=prevalence)[IOU_HOLDS]
    assert claim.status == status
    assert ("None of 3 runs leaves rates up to 63% possible" in claim.evidence) == (status == "undecided")
    assert ("no other loss collapsed either" in claim.evidence) == (status == "not tested here")


@pytest.mark.parametrize(("runs", "status"), [(10, "undecided"), (11, "confirmed")])
def test_eleven_runs_without_a_collapse_are_enough_to_say_that_a_loss_does_not_collapse(runs, status):
    jaccard = [replace(arm(*JACCARD, seeds=1)[0], seed=seed) for seed in range(runs)]
    assert judged(arm(*L2), jaccard)[IOU_HOLDS].status == status


@pytest.mark.parametrize(
    ("sharpness", "undecided_share", "status"),
    [(0.9, 0.1, "confirmed"), (0.1, 0.9, "refuted"), (0.9, 0.9, "undecided"), (0.5, 0.5, "undecided")],
)
def test_l2_blurs_where_iou_is_sharper_in_one_way_and_blurred_in_none(sharpness, undecided_share, status):
    claim = judged(arm(*L2), arm(*JACCARD, sharpness=sharpness, undecided_share=undecided_share))[
        "L2 blurs (IoU is sharper)"
    ]
    assert claim.status == status
    assert claim.section == "sharpness"
    assert "jaccard" in claim.evidence


def test_what_no_arm_tried_is_said_to_be_so():
    claims = judged(arm(*L2), arm("edge", "EdgeCompositeLoss", sharpness=0.9))
    assert claims["The composite with an edge term sharpens"].status == "confirmed"
    assert [claim.status for claim in claims.values()].count("not tried") == 6
    assert claims["The perceptual loss improves the topology"].evidence.startswith("It takes an arm with Perceptual")


def test_a_falling_rate_is_compared_with_the_arm_that_differs_in_nothing_else():
    constant = arm("l2_constant", "L2Loss", model={"schedule": None}, boundary_f1=0.3)
    other = arm("jaccard_constant", "JaccardLoss", model={"schedule": None}, boundary_f1=0.9)
    claim = judged(arm(*L2), constant, other)[FALLING]
    assert claim.status == "confirmed"
    assert "l2 is ahead of l2_constant by 0.1" in claim.evidence


def test_each_schedule_is_a_claim_of_its_own():
    constant = arm("l2_constant", "L2Loss", model={"schedule": None}, boundary_f1=0.3)
    slow = {"class_path": "seg.model.schedule.Exponential", "init_args": {"factor": 0.999}}
    exponential = arm("l2_exponential", "L2Loss", model={"schedule": slow}, boundary_f1=0.2)
    claims = judged(arm(*L2), constant, exponential)
    assert claims[FALLING].status == "confirmed"
    assert claims["Falling learning rates help: Exponential"].status == "refuted"


def rate(value):
    return {"init_args": {"lr": value}}


def test_arms_that_differ_in_more_are_not_compared_unless_each_chose_that_on_validation():
    l2 = arm(*L2, model={"optimizer": rate(0.1)})
    constant = arm("l2_constant", "L2Loss", model={"schedule": None, "optimizer": rate(0.01)}, boundary_f1=0.3)
    assert judged(l2, constant)["Falling learning rates help"].status == "not tried"
    assert judged(l2, constant, tuned=["model.optimizer.init_args.lr"])[FALLING].status == "confirmed"


def test_other_data_are_another_difference():
    constant = arm("l2_constant", "L2Loss", model={"schedule": None}, boundary_f1=0.3)
    fewer = [replace(run, config=config(run.config.raw["model"], {"crop_px": 64})) for run in constant]
    assert judged(arm(*L2), fewer)["Falling learning rates help"].status == "not tried"


@pytest.mark.parametrize(
    ("score", "status"), [(0.5, "confirmed"), (0.9, "confirmed"), (0.3, "refuted"), (0.4785, "undecided")]
)
def test_a_frozen_encoder_suffices_where_it_loses_less_than_the_margin(score, status):
    frozen = arm("l2_frozen", "L2Loss", model={"freeze": {"stages": "encoder", "until_epoch": None}}, boundary_f1=score)
    full = arm("l2", "L2Loss", model={"freeze": None})
    claim = judged(full, frozen)["A frozen encoder suffices where there are few data"]
    assert claim.status == status
    assert "training images: 2" in claim.evidence


FROZEN_HALF = "A frozen first half of the encoder suffices where there are few data"


@pytest.mark.parametrize(
    ("stages", "part"), [("half", "first half of the encoder"), (2, "start of the encoder (2 stages)")]
)
def test_each_part_that_was_frozen_is_a_claim_of_its_own(stages, part):
    frozen = arm("part", "JaccardLoss", model={"freeze": {"stages": stages, "until_epoch": None}})
    encoder = arm(
        "encoder", "JaccardLoss", model={"freeze": {"stages": "encoder", "until_epoch": None}}, boundary_f1=0.3
    )
    claims = judged(arm("all", "JaccardLoss", model={"freeze": None}), frozen, encoder)
    assert claims[f"A frozen {part} suffices where there are few data"].status == "confirmed"
    assert claims["A frozen encoder suffices where there are few data"].status == "refuted"
    assert len(claims) == 2


def test_freezing_is_judged_at_each_number_of_training_images():
    frozen = {"freeze": {"stages": "half", "until_epoch": None}}
    runs = {}
    for count, score in ((1, 0.5), (8, 0.3)):
        for name, model in ((f"half_{count}", frozen), (f"all_{count}", {"freeze": None})):
            value = score if "half" in name else 0.5
            for of_arm in arm(name, "JaccardLoss", model=model, boundary_f1=value):
                seen = replace(of_arm.data, train=[str(image) for image in range(count)])
                limited = config(of_arm.config.raw["model"], {"train_images": count})
                runs[Path(f"{name}{of_arm.seed}")] = replace(of_arm, data=seen, config=limited)
    judgements = {"boundary_f1": judge(list(runs.values()), "boundary_f1")}
    claims = judge_claims(runs, judgements, "boundary_f1", 0.03)
    found = {int(claim.evidence.split("training images: ")[1].rstrip(".")): claim.status for claim in claims}
    assert found == {1: "confirmed", 8: "refuted"}


@pytest.mark.parametrize(("score", "status"), [(0.6, "confirmed"), (0.4, "refuted"), (0.5, "undecided")])
@pytest.mark.parametrize("start", [{"start_from": "run"}, {"network": {"encoder_weights": "packaged"}}])
def test_trained_weights_are_compared_with_random_ones(score, status, start):
    random = {"start_from": None, "network": {"encoder_weights": None}}
    claims = judged(
        arm("tr", "JaccardLoss", model=random | start, boundary_f1=score), arm("rd", "JaccardLoss", model=random)
    )
    assert claims["Trained weights are a better start"].status == status
    assert "Training images: 2." in claims["Trained weights are a better start"].evidence


def test_of_several_arms_with_a_loss_the_usual_one_is_meant():
    runs = arm("a", "L2Loss", model={"schedule": None}) + arm("b", "L2Loss")
    assert (
        TrainedArms.of({Path(str(number)): record for number, record in enumerate(runs)}).trained_with("L2Loss") == "b"
    )


def test_the_usual_arm_is_the_one_that_the_other_losses_are_trained_like():
    packaged = {"network": {"encoder_weights": "packaged"}}
    scratch = {"network": {"encoder_weights": None}}
    records = [
        *arm("a_pretrained", "L2Loss", model=packaged),
        *arm("l2", "L2Loss", model=scratch),
        *arm("jaccard", "JaccardLoss", model=scratch),
    ]
    assert (
        TrainedArms.of({Path(str(number)): record for number, record in enumerate(records)}).trained_with("L2Loss")
        == "l2"
    )


def test_the_lecture_s_arms_are_the_ones_that_its_claims_ask_for():
    plan = Plan.load(LECTURE)
    records = [record for of_plan in plan.arms for record in arm(of_plan.name, **planned(of_plan, plan))]
    arms = TrainedArms.of({Path(str(number)): record for number, record in enumerate(records)})
    assert arms.trained_with("L2Loss") == "l2"
    assert arms.with_and_without("model.schedule") == [("l2", "l2_constant")]
    assert arms.with_and_without("model.freeze") == [("l2_frozen", "l2_pretrained")]


def planned(of_plan, plan):
    """What the record of an arm of the plan would hold, as far as arms differ in it."""
    loss = yaml.safe_load(of_plan.loss.read_text())
    options = plan.options | of_plan.options
    schedule = options.get("model.schedule", {"class_path": "OneCycle"})
    network = {"encoder_weights": yaml.safe_load(str(options["model.network.encoder_weights"]))}
    freeze = options.get("model.freeze")
    name = loss["class_path"].rpartition(".")[2]
    return {"loss": name, "model": {"loss": loss, "schedule": schedule, "network": network, "freeze": freeze}}


def test_a_sum_of_losses_is_known_by_its_last_term():
    terms = {name: {"loss": {"class_path": f"losses.{name}"}} for name in ("L2Loss", "PerceptualLoss")}
    loss = {"class_path": "losses.CompositeLoss", "init_args": {"terms": terms}}
    runs = arm("features", "CompositeLoss", model={"loss": loss})
    arms = TrainedArms.of({Path(str(number)): record for number, record in enumerate(runs)})
    assert arms.trained_with("PerceptualLoss") == "features"
    assert arms.trained_with("L2Loss") is None


def test_without_l2_and_a_rival_there_is_nothing_to_judge():
    assert judged(arm(*JACCARD), arm("edge", "EdgeCompositeLoss")) == {}
    assert judged(arm(*L2)) == {}
