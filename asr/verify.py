"""Decodes a clip whose words we know with a model: `python -m asr.verify FOLDER LANGUAGE`.

A process of its own, since a damaged model can take its process with it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from asr.noise import floor_only
from asr.recogniser import Recogniser, open_model
from sound.files import read_sound
from sound.resampling import resampled
from sound.samples import LINE_RATE

KNOWN_WORDS = {"en": "weather"}
"""A word of the known clip of a language."""
LEXICON = {"en": "street", "ko": "한국"}
"""A word that every model of the language must have."""


def main(folder: Path, language: str) -> int:
    """Print what is wrong and return 1; 0 when the model hears what it should."""
    model = open_model(folder)
    word = LEXICON.get(language)
    if word and model.vosk_model_find_word(word) < 0:
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
    wanted = KNOWN_WORDS.get(language)
    if wanted and wanted not in heard.text.split():
        print(f'it should hear "{wanted}" in a known clip and does not')
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
