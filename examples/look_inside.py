# %% [markdown]
# # Look inside
#
# The maps from which a frame is made (Sections 3.1 and 3.2 of the paper): keypoints with their
# local frames, one mask for each motion, the deformation that they combine to, and the occlusion
# map, which says where the source shows nothing that could be warped.

# %%
import numpy as np

from fomm_core import (
    SAMPLE_CLIPS,
    SAMPLE_PICTURES,
    Animator,
    VideoReader,
    load_model,
    read_image,
    write_image,
)
from fomm_core.image import to_uint8
from fomm_core.visualize import draw_keypoints

# %% One frame, with its inner maps; relative motion takes the first one as reference
model = load_model("face")
animator = Animator(model, read_image(SAMPLE_PICTURES["woman_pink_hair"]))
first, *_, turned = VideoReader(SAMPLE_CLIPS["turning"], end=1.5)
_, frame = animator.run([first, turned], diagnostics=True)
maps = frame.diagnostics
assert maps is not None
assert maps.occlusion_map is not None

# %% Keypoints: the source's own, the driving frame's, and those that the source moves to
write_image("keypoints_source.png", draw_keypoints(animator.source, animator.kp_source))
write_image("keypoints_moved.png", draw_keypoints(frame.prediction, frame.keypoints))
moved = np.linalg.norm(frame.keypoints.value - animator.kp_source.value, axis=1) * 128
print(f"keypoints move by {moved.min():.1f} to {moved.max():.1f} pixels")

# %% Jacobians: how each neighbourhood is turned and stretched; the identity is none
assert frame.keypoints.jacobian is not None
stretch = np.abs(np.linalg.det(frame.keypoints.jacobian))
print(f"areas around keypoints change by factors of {stretch.min():.2f} to {stretch.max():.2f}")

# %% Masks: the share of each motion, plane 0 the background; they sum to 1 everywhere
print(f"masks {maps.mask.shape}, background {maps.mask[0].mean():.0%} of the frame")
winner = maps.mask.argmax(axis=0)
write_image("masks.png", np.repeat((winner * 12)[..., None], 3, axis=2).astype(np.uint8))

# %% The deformation: where in the source each pixel comes from, in [-1, 1], x first
print(f"deformation {maps.deformation.shape}, from {maps.deformation.min():.2f}")
write_image("deformed.png", to_uint8(maps.deformed))

# %% The occlusion map: 1 where the warped source is shown, 0 where the decoder invents
print(f"{(maps.occlusion_map < 0.5).mean():.0%} of the frame is invented")
write_image("occlusion.png", to_uint8(np.repeat(maps.occlusion_map, 3, axis=0)))

# %%
model.close()
