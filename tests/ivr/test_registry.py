"""Any call can run any dialogue: its row names it, and the registry knows table and effects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy.orm import Session

from calls.models import Call
from carriers.messages import Silence, Speech
from carriers.verbs import HangUp, Listen, Say
from config.city import City
from config.settings import Settings
from infra.db import Database
from infra.services import Services
from ivr import turns
from ivr.dialogues.completeness import is_complete
from ivr.dialogues.dialogue import Dialogue, DialogueError
from ivr.dialogues.slot_filling import is_yes
from ivr.dialogues.vocabulary import Announce, Ask, Confirm, Context, Do, Goodbye, Understood
from ivr.effects import COMMON
from ivr.registry import SHIPPED, Dialogues, Entry
from tests import cities
from tests.conftest import arrives

SID = "CA" + "7" * 32
SURVEY = Dialogue(
    name="survey",
    start="is_it_done",
    give_up="bye",
    emergency="bye",
    states=(
        Confirm(
            "is_it_done",
            say="read_back_keys",
            say_keys="read_back_keys",
            yes="note",
            no="bye",
            understand=is_yes,
        ),
        Do("note", effect="note", then="thanks"),
        Announce("thanks", say="didnt_hear", then="bye"),
        Goodbye("bye", say="goodbye"),
    ),
)


def note(session: Session, city: City, call: Call, values: Mapping[str, Any]) -> dict[str, Any]:
    return {"noted": call.id}


@pytest.fixture
def services(settings: Settings, database: Database) -> Services:
    made = Services(settings, database)
    made.add(City, cities.chicago())
    made.add(Dialogues, Dialogues(Entry(SURVEY, {**COMMON, "note": note})))
    with database.transaction() as session:
        call = arrives(session, SID)
        call.dialogue = "survey"
        call.draft = {}
        turns.start(session, made, call, {"category": "pothole", "place": _place()})
    return made


def _place() -> dict[str, Any]:
    return {"address": "5 Elm Street", "house_number": None}


def test_a_call_of_another_dialogue_runs_it_from_its_first_word_to_goodbye(
    services: Services,
) -> None:
    reply = turns.present(services, SID)
    assert (reply.dialogue, reply.place) == ("survey", "is_it_done")
    assert isinstance(reply.verbs[-1], Listen)
    reply = turns.take_turn(services, SID, reply.turn, Silence())
    assert reply.place == "is_it_done"
    reply = turns.take_turn(services, SID, reply.turn, Speech("yes"))
    assert isinstance(reply.verbs[0], Say)
    assert isinstance(reply.verbs[-1], HangUp)
    with services.database.read() as session:
        call = session.query(Call).one()
        assert (call.place, call.draft["noted"]) == ("bye", call.id)


def test_a_dialogue_that_nobody_knows_is_named(services: Services) -> None:
    with pytest.raises(DialogueError, match="no dialogue is called hotline; expected one of surv"):
        services.get(Dialogues).named("hotline")
    assert SHIPPED.named("hotline").dialogue.start == "greeting"


def test_an_effect_without_code_is_refused_with_the_states_name() -> None:
    with pytest.raises(DialogueError, match="note has the effect note"):
        Entry(SURVEY, COMMON)


@pytest.mark.parametrize(
    ("rule", "text", "complete"),
    [(None, "anything at all", False), (True, "anything", True), (True, "anything and", False)],
)
def test_a_question_says_by_itself_when_an_answer_is_complete(
    rule: bool | None, text: str, complete: bool
) -> None:
    state = Ask(
        "ask",
        say="q",
        again="q",
        understand=lambda context, words: Understood(),
        then="bye",
        is_complete=None if rule is None else lambda context, words: True,
    )
    assert is_complete(state, Context(cities.chicago(), "en", {}), text) is complete
