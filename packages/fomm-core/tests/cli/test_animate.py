"""``fomm animate`` on good input: what its options do to the result."""

from __future__ import annotations

import itertools
import json
import shutil
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from fomm_core import __version__
from fomm_core.model.bundle import EMBEDDED_MODELS
from fomm_core.motion.template import MotionTemplate

pytestmark = pytest.mark.once

SEED_MODES = {
    "relative": [],
    "relative_adapt": ["--adapt-movement-scale"],
    "absolute": ["--unuse-relative-movement"],
    "relative_value_only": ["--unuse-relative-jacobian"],
}


def sound_packets(path):
    """The sound as it is stored, packet by packet."""
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return []
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


@pytest.fixture
def comment_of():
    """Reads the comment of a video, a GIF or a folder of pictures; empty where there is none."""

    def read(result):
        path = min(result.iterdir()) if result.is_dir() else result
        if path.suffix in (".gif", ".png"):
            with Image.open(path) as image:
                text = image.info.get("comment") or image.info.get("Comment", "")
            return text.decode() if isinstance(text, bytes) else text
        with av.open(str(path)) as container:
            return {k.lower(): v for k, v in container.metadata.items()}.get("comment", "")

    return read


def panels_of(sheet, panel):
    """Where a picture stands in a sheet: (top, left) of each place."""
    height, width = panel.shape[:2]
    tops, lefts = range(sheet.shape[0] - height + 1), range(sheet.shape[1] - width + 1)
    return [
        (top, left)
        for top, left in itertools.product(tops, lefts)
        if np.array_equal(sheet[top, left : left + width], panel[0])
        and np.array_equal(sheet[top : top + height, left : left + width], panel)
    ]


@pytest.mark.parametrize(
    ("words", "model", "name", "frames"),
    [
        (("--end", "1"), "face", "woman_headscarf_by_talking", 25),
        (("--model", "avatar"), "avatar", "ada_by_talk", 75),
    ],
)
def test_without_a_picture_the_sample_of_the_model_is_animated(
    program, files, ffmpeg, rate_of, words, model, name, frames
):
    done = program("animate", *words)
    assert done.out == f"result/{model}/arbitrary/{name}.mp4\n"
    assert files() == {str(done.result)}
    assert f"{model} on " in done.err
    assert f"{frames} frames in " in done.err
    assert "\r" not in done.err, "a progress bar, though stderr is no terminal"
    assert len(ffmpeg.frames(done.result)) == frames
    assert rate_of(done.result) == 25
    assert sound_packets(done.result)


def test_the_result_is_named_after_both_and_the_model(animate, portrait, clip, files):
    done = animate("--source", portrait, "--driving", clip, "-o", "out folder")
    assert str(done.result) == "out folder/avatar/arbitrary/ada_by_clip.mp4"
    done = animate("--source", portrait, "--driving", clip, "--output", "a/b/c.mkv")
    assert files() == {"out folder/avatar/arbitrary/ada_by_clip.mp4", "a/b/c.mkv"}


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm", ".gif", ".MP4"])
def test_the_ending_chooses_the_format(animate, clip, portrait, ffmpeg, suffix):
    words = ("--source", portrait, "--driving", clip, "--only-generated")
    result = animate(*words, "--output", f"named{suffix}").result
    assert ffmpeg.frames(result).shape == (8, 128, 128, 3)


def test_the_default_is_a_labelled_sheet(animate, portrait, pictures):
    inputs = ("--source", portrait, "--driving", portrait, "--output-png")
    (sheet,) = pictures(animate(*inputs, "--output", "sheet").result)
    (generated,) = pictures(animate(*inputs, "--output", "alone", "--only-generated").result)
    source = np.asarray(Image.open(portrait).convert("RGB"))
    assert generated.shape == source.shape == (128, 128, 3)
    (first, second), (third,) = panels_of(sheet, source), panels_of(sheet, generated)
    assert first[0] == second[0] == third[0], "not in one row"
    assert first[1] + 128 <= second[1]
    assert second[1] + 128 <= third[1]
    for _, left in (first, second, third):
        caption = sheet[: first[0], left : left + 128]
        assert caption.std() > 5, "no label above the panel"


def test_detailed_and_full_show_more_and_more(animate, portrait, clip, ffmpeg):
    areas = []
    for view in (["--only-generated"], [], ["--detailed"], ["--full"]):
        words = ("--source", portrait, "--driving", clip, "--end", "0.08", *view)
        areas.append(np.prod(ffmpeg.size(animate(*words, "--output", "view.mp4").result)))
    assert areas == sorted(areas)
    assert len(set(areas)) == 4


def test_pngs_are_numbered_and_replace_those_of_an_earlier_run(animate, portrait, clip, pictures):
    words = ("--source", portrait, "--driving", clip, "--output-png", "--only-generated")
    first = animate(*words).result
    assert str(first) == "result/avatar/arbitrary/ada_by_clip"
    assert pictures(first).shape == (8, 128, 128, 3)
    assert len(pictures(animate(*words, "--end", "0.12").result)) == 3


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ("30000/1001", "29.97"),
        ("29.97", "29.97"),
        ("24", "24"),
        ("12.5", "12.50"),
        ("1000", "1k"),
        ("1/2", "0.50"),
    ],
)
def test_the_frame_rate_asked_for_is_exact(animate, portrait, clip, rate_of, ffmpeg, wanted, shown):
    words = ("--source", portrait, "--driving", clip, "--only-generated", "--fps", wanted)
    result = animate(*words, "--output", "rate.mp4").result
    assert rate_of(result) == Fraction(wanted)
    assert len(ffmpeg.frames(result)) == 8
    assert f" {shown} fps" in ffmpeg.describe(result)


@pytest.mark.parametrize("rate", ["30000/1001", "24000/1001", "25/2", "60"])
def test_the_driving_frame_rate_is_kept(animate, portrait, ffmpeg, rate_of, here, rate):
    driving = ffmpeg.clip(here / "d.mp4", rate=rate)
    result = animate("--source", portrait, "--driving", driving).result
    assert rate_of(result) == Fraction(rate)
    assert len(ffmpeg.frames(result)) == 8


def test_the_sound_is_copied_packet_by_packet(animate, fomm, portrait, clip, rate_of):
    words = ("--source", portrait, "--driving", clip, "--output", "sound.mp4")
    copied, original = sound_packets(animate(*words).result), sound_packets(clip)
    assert len(copied) >= 8 * 48000 // 1024 // 25
    assert copied == original[: len(copied)]
    assert sound_packets(animate(*words, "--no-audio").result) == []
    faster = fomm("animate", "--model", "avatar", *words, "--fps", rate_of(clip) * Fraction(11, 10))
    assert sound_packets(faster.result) == []
    assert "the sound is left out" in faster.err
    part = sound_packets(animate(*words, "--end", "0.16").result)
    assert part == copied[: len(part)]
    assert 0 < len(part) < len(copied)


def test_start_and_end_choose_the_frames(animate, portrait, driver):
    words = ("--source", portrait, "--driving", driver, "--output", "o.mp4")
    assert animate(*words, "--end", "0.4", "--save-motion", "all.npz").code == 0
    assert (
        animate(*words, "--start", "0.12", "--end", "0.32", "--save-motion", "part.npz").code == 0
    )
    whole, part = MotionTemplate.load("all.npz"), MotionTemplate.load("part.npz")
    assert (len(whole), len(part)) == (10, 5)
    np.testing.assert_array_equal(part.values, whole.values[3:8])


def test_whatever_has_frames_drives(animate, portrait, clip, ffmpeg, here, pictures):
    ffmpeg("-i", clip, here / "clip.gif")
    (here / "v1.5").mkdir()
    ffmpeg("-i", clip, here / "v1.5" / "%d.png")
    ffmpeg("-i", clip, "-frames:v", "1", here / "single.jpg")
    counts = {}
    for driving in ("clip.gif", "v1.5", "single.jpg"):
        words = ("--source", portrait, "--driving", driving, "--output-png")
        result = animate(*words, "--only-generated").result
        counts[result.name] = len(pictures(result))
    assert counts == {"ada_by_clip": 8, "ada_by_v1.5": 8, "ada_by_single": 1}


def test_a_rotated_phone_video_is_turned_upright(animate, portrait, ffmpeg, here):
    upright = ffmpeg.clip(here / "upright.mp4", size=(64, 96))
    ffmpeg("-i", upright, "-vf", "transpose=1", "-crf", "4", here / "lying.mp4")
    ffmpeg(*("-display_rotation", "90", "-i", here / "lying.mp4"), "-c", "copy", here / "phone.mp4")
    values = {}
    for name in ("upright", "lying", "phone"):
        words = ("--source", portrait, "--driving", f"{name}.mp4", "--save-motion", "m.npz")
        assert animate(*words).code == 0
        values[name] = MotionTemplate.load("m.npz").values
    np.testing.assert_allclose(values["phone"], values["upright"], atol=0.05)
    assert np.abs(values["lying"] - values["upright"]).max() > 0.3


@pytest.mark.parametrize("size", [(97, 63), (50, 200), (31, 31), (320, 180)])
def test_driving_frames_of_any_shape_are_fitted(animate, portrait, ffmpeg, here, size):
    lossless = ("-c:v", "libx264rgb", "-crf", "0")
    driving = ffmpeg.clip(here / "odd.mkv", *lossless, size=size, frames=2)
    for fit in ("crop", "pad", "stretch"):
        words = ("--source", portrait, "--driving", driving, "--fit", fit, "--only-generated")
        result = animate(*words, "--output", f"{fit}.mp4").result
        assert ffmpeg.frames(result).shape == (2, 128, 128, 3)


def test_fit_crops_pads_or_stretches_the_source(animate, clip, here, pictures):
    wide = np.zeros((64, 256, 3), np.uint8)
    wide[:, :64], wide[:, 64:192], wide[:, 192:] = (250, 0, 0), (0, 250, 0), (0, 0, 250)
    Image.fromarray(wide).save("wide.png")
    corners = {}
    for fit in ("crop", "pad", "stretch"):
        words = ("--source", "wide.png", "--driving", "wide.png", "--fit", fit)
        (sheet,) = pictures(animate(*words, "--output-png", "--output", fit).result)
        panel = sheet[-129:-1, 1:129]
        corners[fit] = [tuple(panel[y, x] // 125) for y, x in ((2, 2), (64, 2), (64, 64))]
    red, green, black = (2, 0, 0), (0, 2, 0), (0, 0, 0)
    assert corners == {
        "crop": [green, green, green],
        "pad": [black, red, green],
        "stretch": [red, red, green],
    }


def test_a_motion_template_drives_as_its_video_did(animate, portrait, clip, pictures, rate_of):
    shown = ("--source", portrait, "--only-generated", "--output-png")
    best = ["--find-best-frame"]
    variants = (([], []), (["--adapt-movement-scale"], best), (["--unuse-relative-movement"], best))
    for mode, best in variants:
        first = animate(
            *(*shown, *mode, *best, "--driving", clip, "--save-motion", "saved/m.npz"),
            *("--output", "first"),
        ).result
        again = animate(
            *shown, *mode, "--motion-template", "saved/m.npz", "--output", "again"
        ).result
        np.testing.assert_array_equal(pictures(again), pictures(first))
    sheet = animate("--source", portrait, "--motion-template", "saved/m.npz").result
    assert str(sheet) == "result/avatar/arbitrary/ada_by_m.mp4"
    assert rate_of(sheet) == 25
    assert sound_packets(sheet) == []


def test_smoothed_motion_is_saved_as_it_was_used(animate, portrait, clip, pictures):
    shown = ("--source", portrait, "--only-generated", "--output-png")
    driven = (*shown, "--driving", clip, "--save-motion", "m.npz", "--smooth")
    plain = pictures(animate(*shown, "--driving", clip, "--output", "plain").result)
    for best in ([], ["--find-best-frame"]):
        smooth = pictures(animate(*driven, *best, "--output", "smooth").result)
        assert len(smooth) == len(plain)
        assert not np.array_equal(smooth, plain)
        again = animate(*shown, "--motion-template", "m.npz", "--output", "again").result
        np.testing.assert_array_equal(pictures(again), smooth)


def test_the_best_frame_becomes_the_reference_and_all_frames_are_made(
    animate, here, clip, ffmpeg, pictures
):
    ffmpeg("-i", clip, "-vf", "select=eq(n\\,5)", "-frames:v", "1", "sixth.png")
    words = ("--source", "sixth.png", "--driving", clip, "--only-generated", "--output-png")
    result = animate(*words, "--find-best-frame", "--save-motion", "m.npz").result
    assert MotionTemplate.load("m.npz").reference == 5
    assert len(pictures(result)) == 8


@pytest.mark.parametrize("mode", SEED_MODES)
def test_the_flags_of_the_seed_give_the_frames_of_the_seed(
    animate, mini, nnabla, golden_frames, pictures, mode
):
    model = ("--config", mini / "config.yaml", "--params", mini / "params.h5")
    inputs = ("--source", mini / "animate/source.png", "--driving", mini / "animate/driving")
    words = (*model, *inputs, "--only-generated", "--output-png", "--output", "made")
    made = pictures(animate(*words, *SEED_MODES[mode]).result)
    assert np.abs(made.astype(int) - golden_frames[mode]).max() <= 1


def test_results_are_named_after_the_training_run(animate, mini, nnabla, portrait):
    params = ("--params", mini / "params.h5")
    result = animate(
        "--config", mini / "config.yaml", *params, "--source", portrait, "--driving", portrait
    ).result
    assert str(result) == "result/config/arbitrary/ada_by_ada.mp4"


@pytest.mark.parametrize(
    ("words", "engine"),
    [
        (["--engine", "openvino"], "openvino"),
        (["--engine", "auto", "--context", "cpu"], "openvino"),
        (["--engine", "openvino", "-c", "cpu", "--threads", "1"], "openvino"),
        (["--context", "cpu"], "openvino"),
    ],
)
def test_engine_and_context_choose_what_runs(fomm, portrait, words, engine):
    done = fomm("animate", "--model", "avatar", "--source", portrait, "--driving", portrait, *words)
    assert done.code == 0
    assert f"avatar on {engine} (fp32)" in done.err


def test_the_engines_agree(fomm, nnabla, portrait, driver, pictures):
    frames = {}
    for engine in ("openvino", "nnabla"):
        words = ("animate", "--model", "avatar", "--source", portrait, "--driving", driver)
        words += ("--only-generated", "--output-png")
        done = fomm(*words, "--end", "0.12", "--engine", engine, "--output", engine)
        assert f"avatar on {engine} (fp32)" in done.err
        frames[engine] = pictures(done.result).astype(int)
    assert np.abs(frames["openvino"] - frames["nnabla"]).max() <= 1


def test_precision_fast_runs_where_the_processor_has_it(fomm, portrait, pictures):
    from fomm_core.engine.openvino import has_bfloat16

    words = ("animate", "--model", "avatar", "--source", portrait, "--driving", portrait)
    done = fomm(*words, "--precision", "fast")
    if has_bfloat16():
        assert "avatar on openvino (fast)" in done.err
        assert done.code == 0
    else:
        assert done.code == 2
        assert "bf" in done.err.lower()


@pytest.mark.parametrize(
    "name", ["größe 日本語 ☺.png", "with space.png", "-dash.png", "two.dots.png", "UPPER.PNG"]
)
def test_names_of_any_kind(animate, portrait, here, name):
    (here / name).write_bytes(portrait.read_bytes())
    result = animate(f"--source={name}", f"--driving={name}").result
    stem = name.rpartition(".")[0]
    assert result.as_posix() == f"result/avatar/arbitrary/{stem}_by_{stem}.mp4"
    assert (here / result).is_file()


def test_very_long_names_are_cut_in_the_name_of_the_result(animate, portrait, here):
    for letter in ("x", "ü"):
        name = letter * (240 // len(letter.encode()))
        (here / f"{name}.png").write_bytes(portrait.read_bytes())
        done = animate("--source", f"{name}.png", "--driving", f"{name}.png")
        assert (here / done.result).is_file()


def test_links_and_dots_are_named_as_the_user_named_them(animate, portrait, clip, here):
    (here / "link.png").symlink_to(portrait)
    (here / "talk.mp4").symlink_to(clip)
    done = animate("--source", "./sub/../link.png", "--driving", "talk.mp4")
    assert done.refusal.startswith("sub/../link.png: expected a picture")
    done = animate("--source", "link.png", "--driving", "talk.mp4")
    assert done.result.name == "link_by_talk.mp4"
    assert animate("--source", "link.png", "--driving", ".").result.name == "link_by_here.mp4"


def test_a_model_folder_is_used_and_names_the_folder_of_results(animate, portrait, here):
    shutil.copytree(EMBEDDED_MODELS / "avatar", here / "my model")
    card = (here / "my model/model.yaml").read_text()
    words = ("--model", "my model", "--source", portrait, "--driving", portrait, "-o", "out")
    for name, code in (("mine", 0), ("../../up", 2), ("..", 2)):
        (here / "my model/model.yaml").write_text(card.replace("name: avatar", f"name: {name}"))
        assert animate(*words).code == code
    assert (here / "out/mine/arbitrary/ada_by_ada.mp4").is_file()


def test_quiet_prints_the_path_alone_and_verbose_tells_of_the_engine(fomm, portrait):
    words = ("animate", "--model", "avatar", "--source", portrait, "--driving", portrait)
    quiet, verbose = fomm("-q", *words), fomm("-v", *words)
    assert quiet.err == ""
    assert quiet.out == verbose.out == "result/avatar/arbitrary/ada_by_ada.mp4\n"
    assert "engine openvino" in verbose.err


@pytest.mark.parametrize("ending", ["mp4", "webm", "gif", "png"])
def test_a_result_says_that_it_was_animated_unless_that_is_unwanted(
    animate, portrait, clip, comment_of, ending
):
    form = ["--output-png"] if ending == "png" else []
    words = ("--source", portrait, "--driving", clip, "--end", "0.08", *form)
    said = comment_of(animate(*words, "--output", f"o.{ending}").result)
    assert json.loads(said) == {"model": "avatar", "animated_by": f"fomm-core {__version__}"}
    assert said.isascii()
    silent = animate(*words, "--output", f"o.{ending}", "--no-metadata").result
    assert comment_of(silent) == ""


def test_a_model_of_any_name_can_be_told(animate, portrait, comment_of, here):
    shutil.copytree(EMBEDDED_MODELS / "avatar", here / "größe")
    card = (here / "größe/model.yaml").read_text()
    (here / "größe/model.yaml").write_text(card.replace("name: avatar", "name: größe ☺"), "utf-8")
    words = ("--model", "größe", "--source", portrait, "--driving", portrait)
    assert json.loads(comment_of(animate(*words).result))["model"] == "größe ☺"
