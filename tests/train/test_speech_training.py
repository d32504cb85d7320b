"""The recipe of the phonetic net: labels, curves, augmentation, export and a tiny run."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from gioconda.errors import OptionError
from gioconda.speech.analyser import SpeechAnalyser
from gioconda.speech.types import PHONES, SpeechFeatures
from gioconda.train import lip_curves, prompts, voices
from gioconda.train.corpus import build
from gioconda.train.music import synthetic_music
from gioconda.train.phone_classes import (
    CLASS_INDEX,
    Segment,
    festival_classes,
    ipa_classes,
    segments,
)
from gioconda.train.speech import TrainOptions, train_speech
from gioconda.train.voices import Utterance


@pytest.mark.parametrize(
    ("symbol", "classes"),
    [("b", ["p"]), ("tʃ", ["t", "ʃ"]), ("aɪ", ["a", "ɪ"]), ("ˈiː", ["i"]), ("", ["sil"]),
     ("(en)", []), ("v", ["f"]), ("ŋ", ["n"])],
)  # fmt: skip
def test_ipa_becomes_classes(symbol: str, classes: list[str]) -> None:
    assert ipa_classes(symbol) == classes


@pytest.mark.parametrize(
    ("voice", "symbol", "classes"),
    [("kal_diphone", "jh", ["t", "ʃ"]), ("slt", "pau", ["sil"]), ("czech_ph", "r~", ["r", "ʃ"]),
     ("lp_diphone", "E1", ["ɛ"]), ("hy_fi_mv_diphone", "@", ["æ"]), ("slt", "nonsense", []),
     ("msu_ru_nsh_clunits", "sch", ["ʃ"])],
)  # fmt: skip
def test_voices_own_names_become_classes(voice: str, symbol: str, classes: list[str]) -> None:
    assert festival_classes(voice, symbol) == classes


def test_segments_cover_the_time_and_split_diphthongs() -> None:
    parts = segments([(0.0, ["sil"]), (0.1, ["a", "ɪ"]), (0.3, [])], 0.4, bridge_unknown=True)
    assert [p.phone for p in parts] == ["sil", "a", "ɪ"]
    assert parts[1].end_s == pytest.approx(0.2)
    assert parts[-1].end_s == 0.4


def test_class_labels_lie_at_instants_of_10_ms() -> None:
    labels = lip_curves.class_labels((Segment(0.095, 0.2, "m"),), 30)
    np.testing.assert_array_equal(np.flatnonzero(labels == CLASS_INDEX["m"]), range(10, 20))


def test_lip_curves_close_for_m_between_open_vowels() -> None:
    word = [("a", 0.0, 0.3), ("m", 0.3, 0.4), ("a", 0.4, 0.7)]
    parts = tuple(Segment(start, end, phone) for phone, start, end in word)
    aperture = lip_curves.lip_curves(lip_curves.class_labels(parts, 70))[:, 0]
    assert aperture[15] > 1
    assert aperture[35] < -0.7
    assert abs(int(aperture.argmin()) - 35) <= 2


def test_prompts_have_no_markup() -> None:
    assert prompts.plain("<b> The file %s --help in ~/home {0} is %(what)s") == "The file in is"
    assert set(prompts.OWN_ENGLISH) <= set(prompts.collect(Path("absent"), Path("absent"))["en"])


def test_synthetic_music_is_music_of_the_length_asked() -> None:
    music = synthetic_music(16, seed=1)
    assert len(music) == pytest.approx(16 * 16_000, rel=0.2)
    assert np.isfinite(music).all()
    assert 0.3 < np.abs(music).max() <= 0.51


@pytest.mark.parametrize(
    "bad", [{"steps": 0}, {"wall_minutes": 0.0}, {"corpus_minutes": -1.0}, {"batch": 1}]
)
def test_impossible_options_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(OptionError):
        TrainOptions(**bad)  # type: ignore[arg-type]


def spoken(count: int) -> list[Utterance]:
    """Utterances of noise bursts with made-up phones: enough to run the machinery."""
    rng = np.random.default_rng(0)
    names = ("sil", "a", "p", "s", "i")
    made = []
    for i in range(count):
        sound = (rng.normal(size=32_000) * 3000).astype(np.int16)
        parts = tuple(
            Segment(0.1 * k, 0.1 * (k + 1), names[rng.integers(len(names))]) for k in range(20)
        )
        made.append(Utterance(sound, parts, f"espeak:{i}" if i % 2 else f"flite:{i}"))
    return made


def test_the_exported_net_says_in_a_stream_what_torch_says_at_once(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="training needs torch: pip install gioconda[train]")
    pytest.importorskip("onnx", reason="training needs onnx: pip install gioconda[train]")
    from gioconda.speech.net import PhoneticModel
    from gioconda.train.export import export_onnx
    from gioconda.train.phonetic_net import DELAYS, NetShape, PhoneticNet

    torch.manual_seed(0)
    net = PhoneticNet(NetShape(16, (1, 4, 2)))
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
            torch.nn.init.normal_(module.running_mean)
    net.eval()
    export_onnx(net, tmp_path / "net.onnx", {"steps": "0"})
    model = PhoneticModel(tmp_path / "net.onnx")
    assert model.delays == DELAYS
    state = model.start()
    frames = np.random.default_rng(0).normal(size=(60, 64)).astype(np.float32)
    said = [model.step(state, pair, (0,)) for pair in frames.reshape(30, 2, 64)]
    # Torch's row j ends with frame 2 j, a stream's with frame 2 j + 1: give torch one before.
    whole = torch.from_numpy(np.concatenate([np.zeros((1, 64), np.float32), frames])).T[None]
    with torch.no_grad():
        logits, curves = net(whole[..., 0:])
    rows = slice(20, 30)
    meant = logits.softmax(2)[0, 0].numpy().T
    np.testing.assert_allclose(
        np.stack([row[0] for row in said if row])[rows], meant[1:][rows], atol=1e-5
    )
    np.testing.assert_allclose(
        np.stack([row[1] for row in said if row])[rows], curves[0, 0].numpy().T[1:][rows], atol=1e-4
    )


def test_batches_are_augmented_and_labelled() -> None:
    pytest.importorskip("torch", reason="training needs torch: pip install gioconda[train]")
    from gioconda.train.batches import LENGTH, BatchMaker

    maker = BatchMaker(build(iter(spoken(40))))
    frames, curves, classes = maker.draw(6)
    assert tuple(frames.shape) == (6, 64, LENGTH)
    assert tuple(curves.shape) == (6, LENGTH, 6)
    assert tuple(classes.shape) == (6, LENGTH)
    assert bool(frames.isfinite().all())
    assert int(classes.max()) < len(PHONES)


def test_a_tiny_training_gives_weights_the_analyser_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch", reason="training needs torch: pip install gioconda[train]")
    pytest.importorskip("onnx", reason="training needs onnx: pip install gioconda[train]")
    for program in ("espeak-ng", "festival", "flite"):
        if shutil.which(program) is None:
            pytest.skip(f"training needs {program}: apt-get install {program}")
    english = {"en": list(prompts.OWN_ENGLISH)}
    monkeypatch.setattr(prompts, "collect", lambda: english)
    stages: list[str] = []
    options = TrainOptions(corpus_minutes=1, steps=2, batch=2, channels=8, dilations=(1, 2))
    report = train_speech(
        tmp_path / "out", workdir=tmp_path, options=options,
        progress=lambda stage, done, total: stages.append(stage),
    )  # fmt: skip
    assert report.weights == tmp_path / "out" / "phonetic.onnx"
    assert report.steps == 2
    assert report.corpus_minutes > 0.5
    assert "training" in stages
    analyser = SpeechAnalyser(weights=report.weights)
    state = analyser.start()
    sound = np.random.default_rng(0).normal(size=16_000).astype(np.float32)
    rows = SpeechFeatures.joined([analyser.step(state, sound), analyser.finish(state)])
    assert len(rows) == 50


def test_song_holds_vowels_and_leaves_consonants_short() -> None:
    torch = pytest.importorskip("torch", reason="training needs torch: pip install gioconda[train]")
    from gioconda.train.augment import Augmenter, AugmentOptions

    torch.manual_seed(0)
    # A vowel of 100 ms and a consonant of 100 ms by turns.
    classes = torch.tensor([CLASS_INDEX["a" if k // 10 % 2 else "s"] for k in range(600)])
    classes = classes.expand(8, -1).contiguous()
    power, curves = torch.rand(8, 600, 64) + 0.1, torch.zeros(8, 600, 6)
    plain = dict.fromkeys(("slow", "shout", "wobble", "pitch", "whisper", "babble"), 0.0)
    shares = []
    for sing in (0.0, 1.0):
        _, _, sung = Augmenter(400, AugmentOptions(sing=sing, **plain))(power, curves, classes)
        shares.append(float((sung == CLASS_INDEX["a"]).float().mean()))
        # Nothing is skipped: vowels and consonants follow each other in the same order.
        turns = (sung[:, 1:] != sung[:, :-1]).sum(1)
        assert int(turns.min()) >= 5
    assert shares[0] == pytest.approx(0.5, abs=0.05)
    assert shares[1] > 0.6


def test_a_shout_raises_the_first_formant_and_the_pitch() -> None:
    torch = pytest.importorskip("torch", reason="training needs torch: pip install gioconda[train]")
    from gioconda.train.augment import Augmenter

    torch.manual_seed(0)
    bands = torch.arange(64.0)
    formant = 3 * torch.exp(-0.5 * ((bands - 14) / 3) ** 2) - 0.05 * bands
    envelope = formant.expand(16, 400, 64).contiguous()
    shouted = Augmenter(400)._shout(envelope, torch.ones(16, 400, 1)).mean((0, 1))
    low = slice(5, 25)
    centre = [float((x[low].softmax(0) * bands[low]).sum()) for x in (formant, shouted)]
    assert centre[1] > centre[0] + 0.4
    assert float(shouted[30:].mean() - formant[30:].mean()) > 0.5
    assert float(shouted[:4].mean()) < float(formant[:4].mean())


def test_a_portion_of_speech_that_crashed_is_spoken_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds: list[str] = []

    def worker(command: list[str], *, check: bool) -> subprocess.CompletedProcess[str]:
        assert not check
        folder, minutes, seed = Path(command[-3]), float(command[-2]), command[-1]
        assert minutes <= 12
        seeds.append(seed)
        if len(seeds) == 2:
            return subprocess.CompletedProcess(command, -11)
        np.save(folder / "samples.npy", np.zeros(16_000, np.int16))
        entry = {"voice": f"seed {seed}", "samples": 16_000, "phones": [[0.0, ["a"]]]}
        (folder / "phones.jsonl").write_text(json.dumps(entry) + "\n", "utf-8")
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(voices.subprocess, "run", worker)
    spoken_by = [u.voice for u in voices.espeak_speech({"en": ["Hello."]}, 30.0, seed=3)]
    assert len(seeds) == len(set(seeds)) == 4
    assert spoken_by == [f"espeak:seed {seed}" for seed in (seeds[0], *seeds[2:])]

    monkeypatch.setattr(
        voices.subprocess, "run", lambda c, check: subprocess.CompletedProcess(c, -11)
    )
    with pytest.raises(voices.VoicesMissingError, match="crashes"):
        list(voices.espeak_speech({"en": ["Hello."]}, 1.0, seed=3))
