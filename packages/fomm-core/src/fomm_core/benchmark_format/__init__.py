"""The cross-identity benchmark with true answers, as a folder that programs exchange.

::

    benchmark.json              {"format": 1, "size": 128, "count": 16, "seed": 0, "swapped": false}
                                and "labels": [...], the names of labels 0, 1, ..., where there
                                are label maps; "driven_by": {"0000": "0001"}, where the true
                                answers of 0001 are the driving frames of 0000; "first_scored": 1,
                                where the first frames are no task, but a reference
    0000/                       one folder for each case, in order of names
        source.png              the picture to animate
        driving/000000.png ...  somebody else, T frames; missing where driven_by names a case
        target/000000.png ...   the true answers, T frames
        labels/000000.png ...   grey: a number for each pixel of the true answers (optional)
        blink/                  an expression, named as its folder; any number of them
            driving/000007.png  driving frame 7 without it, everything else equal
            target/000007.png   the true answer to that
            region/000007.png   grey: where it is to be seen in the true answer
        truth.npz               the true keypoints of the driving frames (where they do not
                                depend on the identity, of the true answers alike), see
                                :mod:`fomm_core.motion.ground_truth`

The source has the pose of the first driving frame, without expression, so that relative and
absolute motion have the same true answer. An expression may be missing or empty. All pictures
have ``size`` x ``size`` pixels and are written as PNGs, without loss; those of frames may be of
any kind that :func:`~fomm_core.image.read_image` reads. What draws a benchmark gives
:class:`BenchmarkCase` to :func:`write_benchmark`; what measures answers gets files that are
read one at a time from :func:`open_benchmark`.
"""

from fomm_core.benchmark_format.reading import (
    Benchmark,
    CaseFiles,
    ExpressionFiles,
    open_benchmark,
    read_frame,
    read_labels,
)
from fomm_core.benchmark_format.records import BenchmarkCase, BenchmarkSettings, Expression
from fomm_core.benchmark_format.writing import write_benchmark

__all__ = [
    "Benchmark",
    "BenchmarkCase",
    "BenchmarkSettings",
    "CaseFiles",
    "Expression",
    "ExpressionFiles",
    "open_benchmark",
    "read_frame",
    "read_labels",
    "write_benchmark",
]
