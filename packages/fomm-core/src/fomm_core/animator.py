"""Animating a source image: the loop that everything else feeds or consumes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import get_args

import numpy as np
import numpy.typing as npt

from fomm_core.engine.base import Diagnostics
from fomm_core.errors import MotionError
from fomm_core.image import Fit, fit, to_network, to_uint8
from fomm_core.loading import Model
from fomm_core.motion.keypoints import FloatArray, Keypoints
from fomm_core.motion.pose import best_reference, movement_scale
from fomm_core.motion.template import MotionTemplate
from fomm_core.motion.transfer import MotionMode, MotionTransfer, require_mode
from fomm_core.motion.validity import HoldLastValid
from fomm_core.utils.values import require_choice

Frame = npt.NDArray[np.uint8]
Smoother = Callable[[Keypoints], Keypoints]


@dataclass(frozen=True, eq=False)
class DrivingFrame:
    """A driving frame as the model sees it, in the two forms that a frame has.

    Attributes:
        picture: (H, W, 3) uint8, RGB, of the model's size.
        image: the same for the networks, (3, H, W) float32 in [0, 1].
    """

    picture: Frame
    image: FloatArray


@dataclass(frozen=True, eq=False)
class AnimatedFrame:
    """One frame of an animation. Images are (H, W, 3) uint8, RGB, of the model's size.

    Attributes:
        index: number of the frame, from 0.
        prediction: the generated frame.
        driving: the driving frame as the model saw it; ``None`` when driven by a template.
        keypoints_driving: the keypoints of the driving frame.
        keypoints: the keypoints that the source was moved to.
        keypoints_reference: those of the driving frame whose pose stands for the source's.
        diagnostics: the inner maps, or ``None`` unless asked for.
    """

    index: int
    prediction: Frame
    driving: Frame | None
    keypoints_driving: Keypoints
    keypoints: Keypoints
    keypoints_reference: Keypoints
    diagnostics: Diagnostics | None


class Animator:
    """Animates one source image with any number of driving videos.

    Args:
        model: a loaded model.
        source: (H, W, 3) uint8, RGB, of any size.
        motion: how driving keypoints are transferred, see :data:`MotionMode`.
        adapt_scale: scale relative movements by the sizes of source and driving object.
        fit: how images that are not of the model's size are brought to it.

    Attributes:
        source: (H, W, 3) uint8, the source as the model sees it.
        kp_source: its keypoints.

    Raises:
        FommError: an unknown ``fit``.
        MotionError: an unknown ``motion``, or the source's keypoints are not finite.
    """

    def __init__(
        self,
        model: Model,
        source: Frame,
        *,
        motion: MotionMode = "relative",
        adapt_scale: bool = False,
        fit: Fit = "crop",
    ) -> None:
        require_mode(motion)
        require_choice("fit", fit, get_args(Fit))
        self._model = model
        self._motion = motion
        self._adapt_scale = adapt_scale
        self._fit = fit
        self.source = self._fitted(source)
        image = to_network(self.source)
        self.kp_source = model.engine.detect(image)
        if not self.kp_source.is_finite:
            raise MotionError(
                "source image: expected finite keypoints, found NaN; the parameters may be damaged"
            )
        self._features = model.engine.encode(image)
        self._followed: MotionTransfer | None = None

    def run(
        self,
        driving: Iterable[Frame | DrivingFrame] | MotionTemplate,
        *,
        template: MotionTemplate | None = None,
        smoother: Smoother | None = None,
        diagnostics: bool = False,
    ) -> Iterator[AnimatedFrame]:
        """Generate frame after frame, as they are asked for; memory does not grow.

        Args:
            driving: driving frames (H, W, 3) uint8 of any size, or as :meth:`prepare` gave
                them, or a template instead.
            template: the keypoints of these same frames, recorded before (:meth:`record`);
                saves detecting them again and brings its reference frame along.
            smoother: applied to the driving keypoints in order, such as an
                :class:`~fomm_core.motion.smoothing.OneEuroFilter`.
            diagnostics: also give the inner maps.

        Raises:
            MotionError: the motion does not fit the model, or the keypoints of the first
                frame are not finite (later ones are replaced by the last good ones).
        """
        known = driving if isinstance(driving, MotionTemplate) else template
        if known is not None and smoother is not None:
            known, smoother = known.mapped(smoother), None  # the reference frame included
        pairs: Iterable[tuple[Frame | None, Keypoints]]
        if isinstance(driving, MotionTemplate):
            pairs = ((None, keypoints) for keypoints in known or ())
        elif known is not None:
            pictures = (frame.picture for frame in self._prepared(driving))
            pairs = zip(pictures, known, strict=False)
        else:
            pairs = self._watch(driving)
        transfer = None if known is None else self.transfer(known[known.reference])
        for index, (frame, kp_driving) in enumerate(pairs):
            if smoother is not None:
                kp_driving = smoother(kp_driving)
            if transfer is None:
                transfer = self.transfer(kp_driving)
            yield self.render(index, frame, kp_driving, transfer, diagnostics)

    def prepare(self, frame: Frame) -> DrivingFrame:
        """Bring a driving frame, (H, W, 3) uint8 of any size, to the model's size and form.

        The engine has no part in it, so that a thread can prepare frames ahead of :meth:`run`.
        """
        picture = self._fitted(frame)
        return DrivingFrame(picture, to_network(picture))

    def follow(self, frame: AnimatedFrame) -> AnimatedFrame:
        """Generate the frame that moves this source as another animator's was moved.

        Args:
            frame: of an animator with the same model.

        Returns:
            The frame of this source; with the inner maps where the other has them.
        """
        if self._followed is None or self._followed.kp_reference is not frame.keypoints_reference:
            self._followed = self.transfer(frame.keypoints_reference)
        diagnostics = frame.diagnostics is not None
        return self.render(
            frame.index, frame.driving, frame.keypoints_driving, self._followed, diagnostics
        )

    def record(
        self, driving: Iterable[Frame | DrivingFrame], frame_rate: Fraction
    ) -> MotionTemplate:
        """Detect the keypoints of all driving frames, without generating anything.

        Args:
            driving: driving frames, as of :meth:`run`.
            frame_rate: their exact rate in frames per second.
        """
        return MotionTemplate.from_keypoints(
            (keypoints for _, keypoints in self._watch(driving)),
            frame_rate=frame_rate,
            model=self._model.name,
            frame_size=self._model.frame_size,
        )

    def with_best_reference(self, template: MotionTemplate) -> MotionTemplate:
        """Take as reference the frame whose pose is nearest to the source's."""
        return replace(template, reference=best_reference(self.kp_source, template))

    def detect(self, driving: Frame) -> Keypoints:
        """Detect the keypoints of one driving frame, (H, W, 3) uint8 of any size; maybe NaN."""
        return self._model.engine.detect(self.prepare(driving).image)

    def transfer(self, kp_reference: Keypoints, gain: float = 1.0) -> MotionTransfer:
        """Make the transfer of motion to this source.

        Args:
            kp_reference: of the driving frame whose pose stands for the source's.
            gain: factor on relative movements, besides that of ``adapt_scale``.

        Raises:
            MotionError: keypoints that do not fit the model, or a gain that is not positive.
        """
        scale = movement_scale(self.kp_source, kp_reference) if self._adapt_scale else 1.0
        return MotionTransfer(self.kp_source, kp_reference, self._motion, scale * gain)

    def render(
        self,
        index: int,
        frame: Frame | None,
        kp_driving: Keypoints,
        transfer: MotionTransfer,
        diagnostics: bool = False,
    ) -> AnimatedFrame:
        """Generate one frame.

        Args:
            index: number of the frame, from 0.
            frame: the driving frame as the model saw it, if there is one.
            kp_driving: its keypoints, finite.
            transfer: as :meth:`transfer` made it.
            diagnostics: also give the inner maps.
        """
        keypoints = transfer(kp_driving)
        rendering = self._model.engine.render(
            self._features, self.kp_source, keypoints, diagnostics
        )
        return AnimatedFrame(
            index=index,
            prediction=to_uint8(rendering.prediction),
            driving=frame,
            keypoints_driving=kp_driving,
            keypoints=keypoints,
            keypoints_reference=transfer.kp_reference,
            diagnostics=rendering.diagnostics,
        )

    def _fitted(self, frame: Frame) -> Frame:
        return fit(frame, self._model.frame_size, self._fit)

    def _prepared(self, driving: Iterable[Frame | DrivingFrame]) -> Iterator[DrivingFrame]:
        for frame in driving:
            yield frame if isinstance(frame, DrivingFrame) else self.prepare(frame)

    def _watch(self, driving: Iterable[Frame | DrivingFrame]) -> Iterator[tuple[Frame, Keypoints]]:
        """The driving frames with their keypoints; bad ones hold the last good ones."""
        hold = HoldLastValid()
        for frame in self._prepared(driving):
            yield frame.picture, hold(self._model.engine.detect(frame.image))
