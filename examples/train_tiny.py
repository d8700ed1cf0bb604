# %% [markdown]
# # Train a tiny model
#
# Networks of a few thousand parameters learn some steps on avatars that are drawn in memory:
# nothing to download, seconds on a CPU. What comes out animates, badly. A real training is the
# same call with a recipe (`fomm train --list-configs`) and more patience.

# %%
from pathlib import Path

from fomm_core import SAMPLE_CLIPS, SAMPLE_PICTURES, Animator, VideoReader, load_model, read_image
from fomm_train import TrainOptions, load_train_config, resume, train

# %% The configuration: sizes of the networks, data, losses and schedule
Path("tiny.yaml").write_text("""
dataset_params:
  frame_shape: [64, 64, 3]
  avatars: {identities: 8, group: 4, motions: 2, frames: 16}
model_params:
  common_params: {num_kp: 5, num_channels: 3, estimate_jacobian: true}
  kp_detector_params: {block_expansion: 8, max_features: 16, num_blocks: 2, scale_factor: 0.5}
  generator_params:
    block_expansion: 8
    max_features: 16
    num_down_blocks: 1
    num_bottleneck_blocks: 1
    estimate_occlusion_map: true
    dense_motion_params: {block_expansion: 8, max_features: 16, num_blocks: 2, scale_factor: 0.5}
train_params:
  num_epochs: 1
  num_repeats: 1
  batch_size: 2
  lr_generator: 2.0e-4
  lr_kp_detector: 2.0e-4
  loss_weights: {reconstruction: 10, equivariance_value: 10, equivariance_jacobian: 10}
""")
config = load_train_config("tiny.yaml")

# %% Train; an interruption at any moment loses nothing
result = train(config, "run", options=TrainOptions(workers=0, quiet=True))
print(
    f"complete: {result.is_complete}, {result.progress.step} steps, logs in {result.log_directory}"
)
if not result.is_complete:
    result = resume("run")

# %% What was written is a model like any other, on the engine of the reference
with load_model(config="run/training_info.yaml", engine="nnabla") as model:
    animator = Animator(model, read_image(SAMPLE_PICTURES["man_bald"]))
    frames = list(animator.run(VideoReader(SAMPLE_CLIPS["turning"], end=0.1)))
print(f"{len(frames)} frames of {frames[0].prediction.shape}")
