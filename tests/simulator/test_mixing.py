"""What each ear in a room gets."""

from __future__ import annotations

import numpy as np

from simulator.sound.audio import FRAME_BYTES, RATE, SILENCE, decoded, encoded, is_audible
from simulator.sound.hold_music import enter_beep, exit_beep, hold_music
from simulator.sound.mixing import Voice, mix


def tone(hertz: float, size: float = 6000) -> bytes:
    at = np.arange(FRAME_BYTES) / RATE
    return encoded(size * np.sin(2 * np.pi * hertz * at))


def of(*voices: Voice) -> list[np.ndarray]:
    return [decoded(one.frame).astype(np.int32) for one in voices]


def test_each_hears_the_sum_of_all_the_others() -> None:
    voices = [Voice(tone(hz), not_to=place) for place, hz in enumerate((400, 700, 1100))]
    a, b, c = of(*voices)
    result = mix(voices, 4)
    for ear, expected in zip(result.ears, (b + c, a + c, a + b, a + b + c), strict=True):
        assert ear == encoded(expected)
    assert result.whole == encoded(a + b + c)


def test_one_voice_is_passed_on_byte_for_byte() -> None:
    odd = bytes([0x7F, 0xFF, 0x00, 0x80]) * 40
    result = mix([Voice(odd, not_to=0), Voice(SILENCE, not_to=1)], 2)
    assert result.ears == (SILENCE, odd)


def test_too_loud_is_clipped_and_does_not_turn_over() -> None:
    loud = bytes([0x80]) * FRAME_BYTES
    result = mix([Voice(loud, not_to=place) for place in range(3)], 3)
    assert decoded(result.ears[0]).min() == decoded(loud).max()


def test_the_noise_of_idle_lines_is_left_out() -> None:
    faint = encoded(np.full(FRAME_BYTES, 30))
    voice = tone(500)
    result = mix([Voice(faint, not_to=0), Voice(faint, not_to=1), Voice(voice, not_to=2)], 3)
    assert result.ears == (voice, voice, SILENCE)


def test_a_coach_is_heard_by_one_and_by_no_recording() -> None:
    caller, agent, coach = tone(400), tone(700), tone(1100)
    result = mix([Voice(caller, 0), Voice(agent, 1), Voice(coach, 2, only_to=1)], 3)
    a, b, c = (decoded(one).astype(np.int32) for one in (caller, agent, coach))
    assert result.ears == (agent, encoded(a + c), encoded(a + b))
    assert result.whole == encoded(a + b)


def test_a_sound_of_nobody_is_heard_by_all() -> None:
    beep = tone(900)
    assert mix([Voice(beep)], 2).ears == (beep, beep)


def test_nobody_hears_nothing() -> None:
    assert mix([], 2).ears == (SILENCE, SILENCE)
    assert mix([], 0).whole == SILENCE


def test_fifty_people_talk_at_once() -> None:
    voices = [Voice(tone(300 + 20 * place, 600), not_to=place) for place in range(50)]
    every = of(*voices)
    ears = mix(voices, 50).ears
    assert ears[7] == encoded(sum(every) - every[7])
    assert len(set(ears)) == 50


def test_the_music_joins_its_own_beginning_and_the_beeps_differ() -> None:
    music = decoded(hold_music()).astype(np.int32)
    assert len(music) == 16 * RATE and is_audible(hold_music()) and abs(music).max() < 32000
    assert abs(music[0] - music[-1]) < 2000
    assert is_audible(enter_beep()) and enter_beep() != exit_beep()
