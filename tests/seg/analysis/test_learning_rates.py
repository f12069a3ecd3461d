import pytest

from seg.analysis.learning_rates import OPTION, learning_rates
from tests.seg import records

RATE = {"optimizer": {"class_path": "torch.optim.AdamW", "init_args": {"lr": 0.003}}}


def tuned(*values):
    return {"l2": {"chosen": {OPTION: 0.003}, "trials": [{"options": {OPTION: value}} for value in values]}}


def test_each_arm_tells_rate_gradient_and_divergence():
    config = records.config(model=RATE)
    runs = [
        records.record("l2", 0, config=config, start_gradient=0.5),
        records.record("l2", 1, config=config, start_gradient=1.5, status="diverged"),
        records.record("iou", 0),
    ]
    l2, iou = learning_rates(runs, {})
    assert (l2.name, l2.rate, l2.gradient, l2.diverged, l2.runs) == ("l2", 0.003, 1.0, 1, 2)
    assert (l2.tried, l2.at_end) == (None, False)
    assert (iou.rate, iou.gradient, iou.diverged) == (None, None, 0)


@pytest.mark.parametrize(
    ("values", "tried", "at_end"),
    [
        ((0.001, 0.003, 0.01), (0.001, 0.01), False),
        ((0.0003, 0.001, 0.003), (0.0003, 0.003), True),
        ((0.003, 0.01, 0.03), (0.003, 0.03), True),
        ((0.001, 0.003), None, False),
    ],
)
def test_a_rate_at_an_end_of_those_tried_is_marked(values, tried, at_end):
    (arm,) = learning_rates([records.record("l2", config=records.config(model=RATE))], tuned(*values))
    assert (arm.tried, arm.at_end) == (tried, at_end)
