# %% [markdown]
# # Animate in Python
#
# From files to a file, frame by frame, and by a motion that was saved. Pictures and clips are the
# samples that come with fomm-core; put your own paths in their place.

# %%
from pathlib import Path

from fomm_core import (
    SAMPLE_CLIPS,
    SAMPLE_PICTURES,
    AnimationOptions,
    Animator,
    MotionTemplate,
    VideoReader,
    animate_file,
    available_models,
    load_model,
    read_image,
    write_image,
)

SECONDS = 0.2
"""Of the clip that are animated; `None` for all of it."""

# %% The models that have a name
for info in available_models():
    print(f"{info.name}: {info.licence}; {info.description[:60]}...")

# %% From files to a file: the face is found, moved, and put back; sound and frame rate stay
model = load_model("face")
result = animate_file(
    SAMPLE_PICTURES["man_fringe"],
    SAMPLE_CLIPS["talking"],
    "result.mp4",
    AnimationOptions(view="generated", end=SECONDS, smooth=True),
    model=model,
)
print(f"{result.output}: {result.frames} frames at {result.frame_rate} a second")

# %% Frame by frame; memory does not grow with the length of the video
animator = Animator(model, read_image(SAMPLE_PICTURES["man_fringe"]), adapt_scale=True)
for frame in animator.run(VideoReader(SAMPLE_CLIPS["turning"], end=SECONDS)):
    last = frame
write_image("last.png", last.prediction)
print(f"frame {last.index}: {last.prediction.shape}, {len(last.keypoints)} keypoints")

# %% A motion is a value: recorded once, it drives any picture without the video
video = VideoReader(SAMPLE_CLIPS["moods"], end=SECONDS)
animator.record(video, video.frame_rate).save("moods.npz")
motion = MotionTemplate.load("moods.npz")
other = Animator(model, read_image(SAMPLE_PICTURES["woman_glasses"]))
frames = [frame.prediction for frame in other.run(motion)]
print(f"{Path('moods.npz').stat().st_size} bytes drive {len(frames)} frames")

# %%
model.close()
