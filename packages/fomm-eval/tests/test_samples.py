from __future__ import annotations

from fomm_core.benchmark_format import open_benchmark, read_frame, read_labels
from fomm_eval.samples import HEADS


def test_the_sample_is_a_benchmark_of_rendered_people():
    benchmark = open_benchmark(HEADS)
    assert len(benchmark.cases) == 18
    assert {"background", "eyes", "mouth"} <= set(benchmark.settings.label_names)
    for case in benchmark.cases:
        assert len(case.driving) == len(case.target) == len(case.labels) == 6
        truth = case.read_ground_truth()
        assert (truth.value.shape, len(truth.names)) == ((6, 20, 2), 20)
        assert case.source.read_bytes() == case.target[0].read_bytes()
        assert case.driving[0].parent.parent.name != case.name, "another identity drives"


def test_pictures_of_the_sample_can_be_read():
    case = open_benchmark(HEADS).cases[-1]
    assert read_frame(case.driving[-1], 256).std() > 20
    labels = read_labels(case.labels[-1], 256)
    assert set(range(7)) >= set(labels.ravel()) >= {0, 1, 3, 4}
