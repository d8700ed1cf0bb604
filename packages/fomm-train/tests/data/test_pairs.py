from __future__ import annotations

import numpy as np
import pytest

from fomm_core.errors import MediaError
from fomm_train.config import AugmentationParams, FlipParams, JitterParams
from fomm_train.data.batch import Pair
from fomm_train.data.pairs import SkipsVideos, VideoPairs

SIZE = (48, 64)
JITTER = JitterParams(brightness=0.1, contrast=0.1, saturation=0.1, hue=0.1)


def same(first: Pair, second: Pair) -> bool:
    return np.array_equal(first.source, second.source) and np.array_equal(
        first.driving, second.driving
    )


@pytest.fixture
def people(tmp_path, write_numbered):
    """Videos of two people; frame numbers tell video and person apart."""
    files = {"x#1": 0, "x#2": 50, "y#1": 100, "y#2": 150, "y#3": 200}
    return [
        write_numbered(tmp_path / "people" / f"{name}.mp4", 40, first=first, options={"g": "8"})
        for name, first in files.items()
    ]


def test_a_pair_is_two_frames_of_one_video_in_order(people, number_in):
    pairs = VideoPairs(people, SIZE)
    assert len(pairs) == 5
    seen = set()
    for epoch in range(12):
        for index in range(5):
            pair = pairs.pair(epoch, index)
            source, driving = number_in(pair.source), number_in(pair.driving)
            assert source // 50 == driving // 50 == index
            assert source <= driving
            assert pair.target is pair.driving
            assert pair.truth is None
            seen.add((source, driving))
    assert len(seen) > 50


def test_frames_are_what_the_networks_take(people):
    pair = VideoPairs(people, SIZE).pair(0, 0)
    for frame in (pair.source, pair.driving):
        assert frame.shape == (3, *SIZE)
        assert frame.dtype == np.float32
        assert frame.flags.c_contiguous
        assert 0 <= frame.min() < frame.max() <= 1


def test_frames_of_other_sizes_are_cut_and_scaled(videos, number_in):
    wide = VideoPairs([videos["gif"]], (24, 24)).pair(0, 0)
    assert wide.source.shape == (3, 24, 24)
    turned = VideoPairs([videos["turned"]], (32, 20)).pair(0, 0)
    assert turned.source.shape == (3, 32, 20)
    half = VideoPairs([videos["short groups"]], (24, 32)).pair(0, 0)
    assert number_in(half.source) <= number_in(half.driving) < 40


def test_repeats_lengthen_an_epoch_with_other_frames(people, number_in):
    pairs = VideoPairs(people, SIZE, repeats=20)
    assert len(pairs) == 100
    visits = [pairs.pair(0, index) for index in range(2, 100, 5)]
    sources = {number_in(pair.source) for pair in visits}
    assert all(100 <= number < 140 for number in sources)
    assert len(sources) > 5


def test_identities_are_visited_and_their_videos_drawn(people, number_in):
    pairs = VideoPairs(people, SIZE, id_sampling=True)
    assert len(pairs) == 2
    drawn = [{number_in(pairs.pair(epoch, i).source) // 50 for epoch in range(40)} for i in (0, 1)]
    assert drawn == [{0, 1}, {2, 3, 4}]


def test_a_sample_depends_on_nothing_but_its_number(people):
    augmentation = AugmentationParams(
        flip_param=FlipParams(horizontal_flip=True, time_flip=True), jitter_param=JITTER
    )
    make = lambda seed: VideoPairs(people, SIZE, seed=seed, augmentation=augmentation)  # noqa: E731
    first, second = make(3), make(3)
    samples = [(epoch, index) for epoch in range(3) for index in range(5)]
    forward = {key: first.pair(*key) for key in samples}
    backward = {key: second.pair(*key) for key in reversed(samples)}
    assert all(same(forward[key], backward[key]) for key in samples)
    other = make(4)
    assert sum(same(forward[key], other.pair(*key)) for key in samples) < 3


def test_time_flip_exchanges_the_frames_of_half_of_the_pairs(people, number_in):
    flips = AugmentationParams(flip_param=FlipParams(time_flip=True))
    plain, flipped = VideoPairs(people, SIZE), VideoPairs(people, SIZE, augmentation=flips)
    exchanged = 0
    for epoch in range(10):
        for index in range(5):
            before, after = plain.pair(epoch, index), flipped.pair(epoch, index)
            numbers = [number_in(before.source), number_in(before.driving)]
            found = [number_in(after.source), number_in(after.driving)]
            assert found in (numbers, numbers[::-1])
            exchanged += found != numbers
    assert 12 <= exchanged <= 38


def test_a_video_of_one_frame_gives_pairs_too(tmp_path, write_folder):
    pair = VideoPairs([write_folder(tmp_path / "one", 1)], SIZE).pair(0, 0)
    np.testing.assert_array_equal(pair.source, pair.driving)


def test_broken_videos_are_replaced_and_named(people, broken_videos, number_in):
    videos = [*broken_videos.values(), *people]
    pairs, again = VideoPairs(videos, SIZE), VideoPairs(videos, SIZE)
    forward = [pairs.pair(0, index) for index in range(len(videos))]
    backward = [again.pair(0, index) for index in reversed(range(len(videos)))]
    assert all(same(a, b) for a, b in zip(forward, reversed(backward), strict=True))
    assert set(pairs.skipped) == set(broken_videos.values())
    assert all(str(video) in reason for video, reason in pairs.skipped.items())
    assert isinstance(pairs, SkipsVideos)
    replaced = [number_in(pair.source) // 50 for pair in forward[: len(broken_videos)]]
    assert len(set(replaced)) > 1


def test_a_damaged_frame_does_not_make_samples_depend_on_history(tmp_path, write_folder, people):
    folder = write_folder(tmp_path / "folder", 4)
    (folder / "frame2.png").write_bytes(b"damaged")
    videos = [folder, people[0]]
    samples = [(epoch, 0) for epoch in range(12)]
    pairs, again = VideoPairs(videos, SIZE), VideoPairs(videos, SIZE)
    forward = {key: pairs.pair(*key) for key in samples}
    backward = {key: again.pair(*key) for key in reversed(samples)}
    assert all(same(forward[key], backward[key]) for key in samples)
    assert list(pairs.skipped) == [folder]


def test_nothing_but_broken_videos(broken_videos):
    pairs = VideoPairs(list(broken_videos.values()), SIZE)
    with pytest.raises(MediaError, match=r"found 5 that cannot; the first: .*broken"):
        pairs.pair(0, 2)
    with pytest.raises(MediaError, match="at least one video"):
        VideoPairs([], SIZE)
