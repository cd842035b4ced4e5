"""Decodes a clip whose words we know with a model: `python -m asr.verify FOLDER LANGUAGE`.

A process of its own, since a damaged model can take its process with it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from asr.noise import floor_only
from asr.recogniser import Recogniser, open_model
from config.language import load_language
from sound.files import read_sound
from sound.resampling import resampled
from sound.samples import LINE_RATE


def main(folder: Path, language: str) -> int:
    """Print what is wrong and return 1; 0 when the model hears what it should."""
    model = open_model(folder)
    wanted = load_language(language).speech.model
    word = wanted.known_word
    if model.vosk_model_find_word(word) < 0:
        print(f'it should know the word "{word}" and does not')
        return 1
    recogniser = Recogniser(model, LINE_RATE)
    recogniser.begin()
    clip = Path(__file__).parent / "known" / f"{language}.flac"
    recogniser.feed(floor_only(LINE_RATE // 2))
    if clip.exists():
        channels, rate = read_sound(clip)
        recogniser.feed(resampled(channels[0], rate, LINE_RATE))
    recogniser.feed(floor_only(LINE_RATE // 2))
    heard = recogniser.end()
    spoken = wanted.clip_word
    if spoken and spoken not in heard.text.split():
        print(f'it should hear "{spoken}" in a known clip and does not')
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
