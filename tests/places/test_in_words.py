"""Where: addresses, crossings and neighbourhoods as people say them, and what must not be found."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from places.geocoder import geocoder_of
from places.in_words import street_by_keys
from places.numbers_in_words import house_in_words, ordinal
from places.spoken_numbers import spoken_digits, tokens
from places.wording import spoken_place
from tests import cities

CHICAGO = geocoder_of(cities.chicago())


@pytest.mark.parametrize(
    ("said", "house"),
    [
        ("twelve hundred", 1200),
        ("one two oh four", 1204),
        ("forty two fifty", 4250),
        ("four thousand fifty one", 4051),
        ("twenty four oh one", 2401),
        ("twelve o four", 1204),
        ("three one one seven", 3117),
        ("a hundred and five", 105),
        ("double four six", 446),
        ("one to oh four", 1204),
        ("fifty three hundred", 5300),
        ("two thousand one hundred", 2100),
        ("one thousand two hundred and thirty four", 1234),
        ("six thirty five", 635),
        ("1200", 1200),
        ("seven", 7),
    ],
)
def test_house_numbers(said: str, house: int) -> None:
    read = tokens(said.split(), "en")
    assert [token.house for token in read] == [house]


@pytest.mark.parametrize("said", ["for you", "oh man", "to the", "a dog", "and", "double trouble"])
def test_words_that_only_sound_like_numbers(said: str) -> None:
    assert all(
        token.house is None and token.ordinal is None for token in tokens(said.split(), "en")
    )


@pytest.mark.parametrize(
    ("said", "house", "number"),
    [
        ("fifty third", None, 53),
        ("one hundred third", None, 103),
        ("one eleventh", None, 111),
        ("one oh third", None, 103),
        ("twelve oh four fifty third", 1204, 53),
        ("forty two one hundred third", 42, 103),
        ("53rd", None, 53),
    ],
)
def test_ordinals_and_a_house_number_before_them(said: str, house: int | None, number: int) -> None:
    read = tokens(said.split(), "en")
    assert read[-1].ordinal == number
    assert [token.house for token in read[:-1]] == ([house] if house else [])


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (7, "seven"),
        (42, "forty two"),
        (101, "one oh one"),
        (600, "six hundred"),
        (635, "six thirty five"),
        (1000, "one thousand"),
        (1200, "twelve hundred"),
        (1204, "twelve oh four"),
        (4250, "forty two fifty"),
        (12345, "one twenty three forty five"),
    ],
)
def test_house_numbers_are_said_as_people_say_them(number: int, words: str) -> None:
    assert house_in_words(number, "en") == words


@given(st.integers(1, 13_700))
def test_a_house_number_said_is_heard_as_the_same_number(number: int) -> None:
    assert [token.house for token in tokens(house_in_words(number, "en").split(), "en")] == [number]


def test_endings_of_ordinals() -> None:
    said = [ordinal(number, "en") for number in (1, 2, 3, 11, 12, 13, 53, 111, 122)]
    assert said == ["1st", "2nd", "3rd", "11th", "12th", "13th", "53rd", "111th", "122nd"]


@pytest.mark.parametrize(
    ("text", "language", "digits"),
    [
        ("oh oh one two three", "en", "00123"),
        ("double four six", "en", "446"),
        ("the number is forty two fifty", "en", "4250"),
        ("hello", "en", ""),
        ("일 이 공 삼", "ko", "1203"),
        ("여보세요", "ko", ""),
    ],
)
def test_digits_that_were_said(text: str, language: str, digits: str) -> None:
    assert spoken_digits(text, language) == digits


@pytest.mark.parametrize(
    ("said", "address", "district"),
    [
        ("twelve hundred north clark street", "1200 North Clark Street", "Rush & Division"),
        ("one two oh four west division", "1204 West Division Street", "West Town"),
        ("it's at 1200 N. Clark St.", "1200 North Clark Street", "Rush & Division"),
        ("fifty three hundred south woodlawn", "5300 South Woodlawn Avenue", "Hyde Park"),
        ("one oh one west fifty third street", "101 West 53rd Street", "Washington Park"),
        ("fifty five ten south king drive", None, "Washington Park"),
        ("2000 west north avenue", "2000 West North Avenue", "Wicker Park"),
        ("ten sixty west addison", "1060 West Addison Street", "Wrigleyville"),
        ("the 5300 block of south woodlawn", "5300 South Woodlawn Avenue", "Hyde Park"),
        ("i live at thirty two oh one south halsted", "3201 South Halsted Street", "Bridgeport"),
        ("twelve hundred north clerk street", "1200 North Clark Street", "Rush & Division"),
        ("four thousand north pull ask e", "4000 North Pulaski Road", "Irving Park"),
        ("twelve hundred clark street in the gold coast", None, None),
    ],
)
def test_addresses(said: str, address: str | None, district: str | None) -> None:
    found = CHICAGO.find(said, "en")
    if address:
        assert (found.problem, found.address) == (None, address)
    if district:
        assert found.district == district
        assert found.lat and found.lon


@pytest.mark.parametrize(
    ("said", "streets", "district"),
    [
        ("clark and division", {"North Clark Street", "West Division Street"}, "Rush & Division"),
        (
            "the corner of belmont and western",
            {"West Belmont Avenue", "North Western Avenue"},
            "North Center",
        ),
        ("fifty third and woodlawn", {"East 53rd Street", "South Woodlawn Avenue"}, "Hyde Park"),
        ("clark at addison", {"North Clark Street", "West Addison Street"}, "Wrigleyville"),
        ("north avenue and clark", {"West North Avenue", "North Clark Street"}, "Old Town"),
        ("western & devon", {"North Western Avenue", "West Devon Avenue"}, "West Ridge"),
    ],
)
def test_crossings(said: str, streets: set[str], district: str) -> None:
    found = CHICAGO.find(said, "en")
    assert found.problem is None
    assert set(found.address.split(" and ")) == streets
    assert found.district == district
    assert found.house_number is None


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("", "no_street"),
        ("there is a hole in the road", "no_street"),
        ("i don't know", "no_street"),
        ("twelve hundred north zyxwv street", "no_street"),
        ("twelve hundred", "no_street"),
        ("thirty two hundred north", "no_street"),
        ("on clark street", "no_number"),
        ("ninety nine hundred north clark street", "no_such_number"),
        ("devon and sixty third street", "no_such_intersection"),
        ("in hyde park", "area_only"),
        ("twelve hundred clark", "which_street"),
        ("thirteen fifty seven west state street", "no_such_number"),
    ],
)
def test_what_is_missing_is_said_and_never_guessed(said: str, problem: str) -> None:
    found = CHICAGO.find(said, "en")
    assert found.problem == problem
    assert found.score <= 0.5


def test_a_missing_direction_leaves_both_to_choose_from() -> None:
    found = CHICAGO.find("twelve hundred clark", "en")
    choices = [guess.address for guess in found.runner_ups]
    assert choices == ["1200 North Clark Street", "1200 South Clark Street"]
    assert all(guess.problem is None for guess in found.runner_ups)


def test_a_direction_that_only_one_street_has_need_not_be_said() -> None:
    found = CHICAGO.find("sixty three hundred sheridan road", "en")
    assert found.problem is None and found.address == "6300 North Sheridan Road"
    assert CHICAGO.find("twelve hundred sheridan road", "en").problem == "no_such_number"


@pytest.mark.parametrize(
    ("heard", "address"),
    [
        ("eighty fifty nine west bell plane avenue", "8059 West Belle Plaine Avenue"),
        ("sixty seven twenty self rock wall street", "6720 South Rockwell Street"),
        ("sixty eight thirty six westbury avenue", "6836 West Barry Avenue"),
        ("twenty to forty six worth seventy ninth place", "2246 West 79th Place"),
        ("one know eighty west was fifty third street", None),
        ("three thousand one hundred south kids the avenue", "3100 South Kedzie Avenue"),
        ("fifty five hundred north how he avenue", None),
    ],
)
def test_what_the_recogniser_wrote_for_spoken_addresses(heard: str, address: str | None) -> None:
    found = CHICAGO.find(heard, "en")
    assert (found.address if found.problem is None else None) == address


def test_a_name_that_is_only_a_little_alike_is_offered_and_not_taken() -> None:
    found = CHICAGO.find("forty five fifty eight north lender avenue", "en")
    assert found.problem == "which_street"
    assert "4558 North Linder Avenue" in [guess.address for guess in found.runner_ups]


def test_a_word_before_the_number_that_leads_to_none_lowers_the_score() -> None:
    sure = CHICAGO.find("at seventy five south halsted street", "en")
    doubtful = CHICAGO.find("by gum seventy five south halsted street", "en")
    odd = CHICAGO.find("bree seventy five south halsted street", "en")
    assert sure.problem is odd.problem is None
    assert odd.score < sure.score
    assert doubtful.house_number == 75


def test_the_letters_of_the_keypad_find_streets_that_have_the_number() -> None:
    clark = [guess.address for guess in street_by_keys(CHICAGO, 1200, "25275")]
    assert clark == ["1200 North Clark Street", "1200 South Clark Street"]
    assert [g.address for g in street_by_keys(CHICAGO, 7000, "25275")] == [
        "7000 North Clark Street"
    ]
    assert street_by_keys(CHICAGO, 99_999, "25275") == ()
    assert street_by_keys(CHICAGO, 1200, "") == ()
    assert street_by_keys(CHICAGO, 101, "53")[0].address.endswith("53rd Street")


def test_a_place_is_said_for_the_ear_also_from_its_stored_form() -> None:
    found = CHICAGO.find("1204 north clark street", "en")
    assert spoken_place(found, "en") == "twelve oh four North Clark Street"
    assert spoken_place(asdict(found), "en") == spoken_place(found, "en")
    crossing = CHICAGO.find("clark and division", "en")
    assert spoken_place(crossing, "en") == crossing.address


def test_a_language_without_number_words_says_and_reads_digits() -> None:
    found = CHICAGO.find("1204 north clark street", "ko")
    assert (found.problem, found.address) == (None, "1204 North Clark Street")
    assert spoken_place(found, "ko") == found.address
    assert CHICAGO.find("twelve oh four north clark street", "ko").house_number is None
    assert [token.house for token in tokens(["12", "third"], "ko")] == [12, None]


@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    assert 0 <= CHICAGO.find(text, "en").score <= 1


_WORDS = st.sampled_from(
    "north south west avenue street clark division twelve hundred oh and at the of corner fifty "
    "third first state madison 1200 53rd double for to hyde park king drive & block two".split()
)


@given(st.lists(_WORDS, max_size=14))
def test_no_mixture_of_street_words_breaks_it(words: list[str]) -> None:
    found = CHICAGO.find(" ".join(words), "en")
    assert found.problem is not None or found.address
    assert found.problem != "which_street" or len(found.runner_ups) > 1


@given(st.text(alphabet="0123456789", max_size=12), st.integers(0, 99_999))
def test_no_keys_break_it(digits: str, house: int) -> None:
    for guess in street_by_keys(CHICAGO, house, digits):
        assert guess.house_number == house
