from fomm_train.backend.precision import LossScale


def test_the_scale_grows_after_many_clean_steps():
    scale = LossScale(64.0)
    for _ in range(999):
        scale = scale.after(True)
    assert scale == LossScale(64.0, 999)
    assert scale.after(True) == LossScale(128.0)
    assert LossScale(1.0).after(False) == LossScale(1.0)
    largest = LossScale(65536.0, 5000)
    assert largest.after(True).scale == 65536.0
