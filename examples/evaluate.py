# %% [markdown]
# # Evaluate
#
# Reconstruction: a clip is animated from its own first frame, so that the true answer is the clip
# itself. On the command line this is `fomm reconstruct` and `fomm evaluate`.

# %%
from pathlib import Path

from fomm_core import SAMPLE_CLIPS, Animator, VideoReader, VideoWriter, load_model
from fomm_eval import L1, PSNR, SSIM, evaluate, pair_clips

# %% Two folders with clips of the same names: the real ones and the generated ones
for folder in ("real", "generated"):
    Path(folder).mkdir(exist_ok=True)
clip = VideoReader(SAMPLE_CLIPS["turning"], end=0.3)
frames = list(clip)
model = load_model("face")
animator = Animator(model, frames[0], motion="absolute")
with VideoWriter("real/turning.mp4", clip.frame_rate) as real:
    for image in frames:
        real.write(image)
with VideoWriter("generated/turning.mp4", clip.frame_rate) as generated:
    for frame in animator.run(frames):
        generated.write(frame.prediction)
model.close()

# %% Metrics with their 95 % intervals over the frames
evaluation = evaluate(pair_clips(Path("real"), Path("generated")))
for metric in (L1, PSNR, SSIM):
    score = evaluation.scores.overall(metric)
    print(f"{metric.name}: {score.mean:.4f} [{score.low:.4f}, {score.high:.4f}]")
assert evaluation.scores.overall(L1).mean < 0.1
