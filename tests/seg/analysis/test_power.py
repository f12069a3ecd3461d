import pytest

from seg.analysis.power import Assurance, needed
from seg.analysis.variance import TwoWayVariance


def test_more_seeds_show_it_more_often():
    assurance = Assurance(TwoWayVariance(1.0, 0.3, 0.001, seeds=3, images=20), 0.05)
    shares = [assurance.share(seeds, 1.0) for seeds in (3, 10, 100)]
    assert shares == sorted(shares)
    assert shares[2] > 0.95


def test_as_the_variance_of_three_seeds_is_hardly_known_more_are_asked_for_than_if_it_were():
    few, many = (TwoWayVariance(1.0, variance, 1e-6, seeds, 40) for seeds, variance in ((3, 1 / 3), (20, 1 / 20)))
    of_few, of_many = needed(few, 0.05, 40), needed(many, 0.05, 40)
    assert of_few.sure > 1.3 * 10  # ten show it in four of five comparisons where the variance per seed is 1
    assert of_many.sure == 20
    assert of_few.images is None


def test_images_that_leave_too_much_open_need_more_of_them_too():
    need = needed(TwoWayVariance(1.0, 0.1, 0.3, seeds=3, images=20), 0.05, 20)
    assert need.images == pytest.approx(20 * need.sure / 3, abs=1)


def test_too_few_images_do_not_tell_whether_seeds_alone_would_do():
    assert Assurance(TwoWayVariance(1.0, 0.3, 1e-9, seeds=3, images=5), 0.05).seeds() is None


def test_where_nothing_would_do_nothing_is_promised():
    assert needed(TwoWayVariance(0.01, 1.0, 1.0, seeds=3, images=20), 0.05, 20) is None
    assert needed(TwoWayVariance(0.0, 0.0, 0.0, seeds=3, images=20), 0.05, 20) is None
