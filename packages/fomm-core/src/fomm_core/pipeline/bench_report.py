"""The figures of ``fomm bench``: of one engine, with the work of its stages, of a whole run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from pydantic import TypeAdapter

from fomm_core.utils.machine import Machine


@dataclass(frozen=True)
class Measurement:
    """Figures of one engine with one model.

    Attributes:
        engine, precision, device, model: what ran.
        size: (height, width) of the frames, in pixels.
        stage_ms: mean milliseconds of one call of each stage.
        fps: frames per second end to end, from video file to video file.
        first_frame_s: seconds from the start of the process to the first frame.
        peak_rss_mb: largest resident memory of the process, in MB (10^6 bytes).
    """

    engine: str
    precision: str
    device: str
    model: str
    size: tuple[int, int]
    stage_ms: dict[str, float]
    fps: float
    first_frame_s: float
    peak_rss_mb: float

    def to_json(self) -> str:
        """One line of JSON, an object with the attributes above."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Measurement:
        """The measurement that :meth:`to_json` wrote.

        Raises:
            ValueError: the text is no such object.
        """
        return TypeAdapter(cls).validate_json(text)


@dataclass(frozen=True)
class BenchResult(Measurement):
    """A measurement, and the work that was done in its times.

    Attributes:
        stage_gmac: multiplications with additions of one call of each stage, in 10^9.
        stage_gflops: what the engine reached in each timed stage, in 10^9 operations a second;
            a multiplication with its addition is two.
    """

    stage_gmac: dict[str, float]
    stage_gflops: dict[str, float]


@dataclass(frozen=True)
class BenchReport:
    """A run of ``fomm bench``.

    Attributes:
        machine: where it ran.
        results: of each engine and precision, in the order in which they were measured.
    """

    machine: Machine
    results: tuple[BenchResult, ...]

    def to_json(self) -> str:
        """The one line that ``fomm bench --json`` prints."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> BenchReport:
        """The report that :meth:`to_json` wrote.

        Raises:
            ValueError: the text is no such object.
        """
        return TypeAdapter(cls).validate_json(text)


def with_work(measured: Measurement, stage_gmac: Mapping[str, float]) -> BenchResult:
    """Add the work of each stage to a measurement, and the speed at which it was done.

    Args:
        measured: of one engine.
        stage_gmac: as :class:`BenchResult` has it, not rounded.
    """
    timed = {stage: ms for stage, ms in measured.stage_ms.items() if ms and stage in stage_gmac}
    return BenchResult(
        **asdict(measured),
        stage_gmac={stage: round(gmac, 4) for stage, gmac in stage_gmac.items()},
        stage_gflops={s: round(2000 * stage_gmac[s] / ms, 1) for s, ms in timed.items()},
    )
