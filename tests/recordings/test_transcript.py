from __future__ import annotations

from asr.words import Word
from recordings.spoken import Pressed
from recordings.transcript import Voice, as_text, conversation, in_turns
from recordings.view import confidence_class, entries, read_filter, snippet, who


def words(text: str, start_s: float) -> list[Word]:
    return [
        Word(w, start_s + 0.4 * i, start_s + 0.4 * i + 0.3, 0.9) for i, w in enumerate(text.split())
    ]


def test_words_of_both_channels_are_one_conversation_in_order() -> None:
    said = conversation(
        [
            words("a pothole", 3.0) + words("main street", 8.0),
            words("what is wrong", 0.5) + words("and where", 5.5),
        ],
        voices=(),
    )
    turns = [(t.speaker, " ".join(w.word for w in t.words)) for t in in_turns(said)]
    assert turns == [
        ("line", "what is wrong"),
        ("caller", "a pothole"),
        ("line", "and where"),
        ("caller", "main street"),
    ]
    assert as_text(said) == "what is wrong a pothole and where main street"


def test_the_second_channel_is_the_agent_while_one_talks() -> None:
    said = conversation(
        [[], words("please wait", 1) + words("hello there", 11) + words("goodbye", 31)],
        voices=(Voice(1, "agent", 10.0, 20.0),),
    )
    assert [(t.speaker, t.words[0].word) for t in in_turns(said)] == [
        ("line", "please"),
        ("agent", "hello"),
        ("line", "goodbye"),
    ]


def test_an_agent_is_named_and_the_next_one_begins_a_turn() -> None:
    spoke = (Voice(1, "agent", 0.0, 3.0, staff_id=7), Voice(1, "agent", 3.0, 9.0, staff_id=8))
    said = conversation([[], words("one moment", 2.0) + words("here I am", 3.1)], voices=spoke)
    turns = in_turns(said)
    assert [who(turn, {7: "Ada"}) for turn in turns] == ["Agent Ada", "Agent"]


def test_the_first_channel_is_whom_the_recorded_leg_belongs_to() -> None:
    spoke = (Voice(0, "agent", 0.0, 9.0, staff_id=7), Voice(1, "caller", 2.0, 9.0))
    said = conversation([words("good morning", 3.0)], voices=spoke) + conversation(
        [[], words("ringing", 0.5) + words("hello", 4.0)], voices=spoke
    )
    assert [(w.speaker, w.word) for w in said] == [
        ("agent", "good"),
        ("agent", "morning"),
        ("line", "ringing"),
        ("caller", "hello"),
    ]


def test_talking_into_a_sentence_does_not_tear_it() -> None:
    said = conversation(
        [words("a hole", 0.7), words("please tell us what is wrong", 0.0)], voices=()
    )
    assert [(t.speaker, len(t.words)) for t in in_turns(said)] == [("line", 6), ("caller", 2)]


def test_a_long_pause_of_one_speaker_is_a_new_turn() -> None:
    said = conversation([words("well", 0) + words("there", 2) + words("bye", 8)], voices=())
    assert [len(turn.words) for turn in in_turns(said)] == [2, 1]


def test_keys_stand_where_they_were_pressed() -> None:
    said = conversation([words("hello", 0), words("press one", 2)], voices=())
    mixed = entries(said, [Pressed("1", 4.0), Pressed("0", -1.0)])
    kinds = [e.keys if isinstance(e, Pressed) else e.speaker for e in mixed]
    assert sorted(kinds[:2]) == ["0", "caller"]
    assert kinds[2:] == ["line", "1"]


def test_less_sure_words_are_lighter() -> None:
    assert [confidence_class(c) for c in (1.0, 0.8, 0.79, 0.5, 0.49, 0.0)] == [
        "",
        "",
        "w--unsure",
        "w--unsure",
        "w--guess",
        "w--guess",
    ]


def test_a_snippet_shows_the_words_around_the_hit() -> None:
    text = "one two three four five six seven eight nine hole in the road ten eleven"
    piece = snippet(text, "hole in")
    assert piece.hit == "hole in"
    assert piece.before.startswith("… ") and piece.before.strip().endswith("nine")
    assert piece.after.strip() == "the road ten eleven"
    assert snippet(text, "").before.endswith("…")
    assert snippet("", "x").before == ""


def test_a_filter_is_read_from_the_address() -> None:
    asked = read_filter(
        {
            "q": "  Hole  in ",
            "from": "2026-03-07",
            "least": "1:30",
            "most": "10",
            "kind": "message",
            "state": "stored",
            "page": "2",
        }
    )
    wanted = asked.wanted
    assert (wanted.text, str(wanted.from_day), wanted.least_s, wanted.most_s) == (
        "hole in",
        "2026-03-07",
        90,
        600,
    )
    assert (wanted.purpose, wanted.state, wanted.page) == ("message", "stored", 2)
    assert asked.problems == ()
    assert "page" not in asked.with_page(1) and asked.with_page(3)["page"] == "3"


def test_what_cannot_be_read_is_said_and_left_out() -> None:
    asked = read_filter(
        {"from": "tomorrow", "least": "-1", "most": "nan", "kind": "x", "state": "y", "page": "0"}
    )
    assert len(asked.problems) == 6
    assert asked.wanted.from_day is None and asked.wanted.page == 1
