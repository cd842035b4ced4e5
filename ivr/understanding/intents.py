"""Short answers: yes and no, the wish for a person, emergencies, which part to change. Pure."""

from __future__ import annotations

import re

from config.city import City

_YES = frozenset(
    "yes yeah yep yup ya yah correct right sure okay ok exactly affirmative absolutely definitely "
    "perfect true".split()
)
_NO = frozenset("no nope nah naw wrong incorrect negative false".split())
_NOT_RIGHT = re.compile(
    r"\b(?:not|isn't|is not|ain't|wasn't|not quite|not really)\b(?: \w+){0,2} "
    r"(?:right|correct|it|true|okay|so)\b|\bnot (?:really|quite|at all)\b"
    r"|\bthat's not\b|\bthat isn't\b"
)
_UNSURE = re.compile(
    r"\b(?:don't|do not|dunno)\b(?: \w+)? ?(?:know|sure)?\b|\bnot sure\b|\bmaybe\b"
)
_YES_SOUNDS = re.compile(r"^(?:uh huh|mm hmm|mhm|uh hum|that's it|that is it|you got it|i do)\b")
_NO_SOUNDS = re.compile(r"^(?:know|now|uh uh|nuh uh|neither)$")
_LONGEST_ANSWER = 9

_KO_NO = ("아니", "아뇨", "틀렸", "틀려", "틀린", "안맞", "맞지않", "노")
_KO_YES = ("네", "예", "맞아", "맞습니다", "맞어", "맞네", "그래", "그렇", "응", "좋아", "좋습니다")

_PERSON = r"(?:agent|operator|representative|rep|human|human being|person|somebody|someone|people)"
_ASKS_PERSON = re.compile(
    rf"\b(?:talk|speak|speaking|talking|connect|connected|transfer|put)\b"
    rf"(?: \w+){{0,4}} {_PERSON}\b(?!')"
    rf"|\b(?:get|give|want|need|like)\b(?: (?:me|to|get|a|an|the|real|live|some))*"
    rf" (?:agent|operator|representative|human|human being|person)\b(?!')(?= please| now|$)"
    r"|\b(?:real|live|actual) (?:person|human|agent)\b|\bcustomer service\b|\bhuman being please\b"
)
_JUST_PERSON = re.compile(
    r"^(?:(?:uh|um|please|an?|the|hello|no|just|agent|operator) )*"
    r"(?:agent|operator|representative|human|person)(?: please| now)?$"
)
_KO_PERSON = re.compile(
    r"상담원|상담사|(?:사람|직원|담당자)(?:이랑|하고|과|와|에게|한테|을|를)?.{0,6}(?:연결|바꿔|통화|얘기|이야기|말)"
)


def yes_no(text: str, language: str) -> bool | None:
    """True for yes, False for no, None when the words say neither or both."""
    if language == "ko":
        return _korean_yes_no(text)
    plain = _plain(text)
    words = plain.split()
    if not words or _UNSURE.search(plain):
        return None
    if _NO_SOUNDS.match(plain):
        return False
    if _NOT_RIGHT.search(plain):
        return False
    return _weigh(words, bool(_YES_SOUNDS.match(plain)))


def _weigh(words: list[str], sounds_like_yes: bool) -> bool | None:
    """Compare yes and no words; a long sentence counts only by its first word."""
    head = words if len(words) <= _LONGEST_ANSWER else words[:1]
    no = [word for word in head if word in _NO]
    yes = [word for word in head if word in _YES]
    if no and yes:
        return _both(words, no)
    if no:
        return False
    return True if yes or sounds_like_yes else None


def _both(words: list[str], no: list[str]) -> bool | None:
    """ "yes but it is wrong" is a no, "no it's on the right" too; "no that's right" is neither."""
    if words[0] in _NO:
        return None if words[-1] in _YES else False
    return False if set(no) & {"wrong", "incorrect"} else None


def _korean_yes_no(text: str) -> bool | None:
    plain = re.sub(r"\s", "", text)
    no = any(word in plain for word in _KO_NO)
    yes = any(word in plain.replace("안맞", "").replace("맞지않", "") for word in _KO_YES)
    if no:
        return False if not plain.startswith(("네", "예")) else None
    return True if yes else None


def wants_person(text: str, language: str) -> bool:
    """Whether the caller asks for a person, rather than telling of one."""
    if language == "ko":
        return bool(_KO_PERSON.search(text))
    plain = _plain(text)
    return bool(_JUST_PERSON.match(plain) or _ASKS_PERSON.search(plain))


def is_emergency(city: City, text: str, language: str = "en") -> bool:
    """Whether the words tell of an emergency, by the city's own list."""
    emergency = city.dangers.get(language)
    if emergency is None:
        return False
    if language == "ko":
        plain = text
        for harmless in emergency.unless:
            plain = plain.replace(harmless, " ")
        return any(word in plain for word in emergency.words)
    plain = f" {_plain(text)} "
    for harmless in emergency.unless:
        plain = plain.replace(f" {harmless} ", " | ")
    return any(f" {word} " in plain for word in emergency.words)


def problem_or_place(text: str, language: str) -> str | None:
    """What is to be changed: "1" the problem, "2" the place, None when the words say neither."""
    plain = _plain(text) if language != "ko" else text
    problem, place = _CHANGES[language] if language in _CHANGES else _CHANGES["en"]
    says_problem, says_place = bool(problem.search(plain)), bool(place.search(plain))
    if says_problem == says_place:
        return None
    return "1" if says_problem else "2"


_CHANGES = {
    "en": (
        re.compile(r"\b(?:problem|issue|category|kind|what|first|one)\b"),
        re.compile(
            r"\b(?:place|address|street|where|location|number|second|two|corner|location)\b"
        ),
    ),
    "ko": (
        re.compile(r"문제|종류|첫|일 ?번"),
        re.compile(r"장소|주소|거리|번지|어디|위치|둘|이 ?번"),
    ),
}


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+(?:'\w+)?", text.lower().replace("’", "'")))
