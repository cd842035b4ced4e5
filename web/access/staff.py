"""The people who work here, and their sign-ins: a random token in the cookie, its hash with us."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from infra.clock import now
from web.access.models import SignIn, Staff
from web.access.passwords import hash_password

COOKIE = "swiftline_session"
IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
_TOUCH_AFTER = timedelta(minutes=1)


class StaffError(ValueError):
    """A person cannot be added or changed like this; the text says what is expected."""


def add_staff(
    session: Session,
    *,
    username: str,
    name: str,
    password: str,
    roles: Iterable[str],
    department: str | None = None,
) -> Staff:
    """Add a person. `roles` are values of `web.access.guard.Role`.

    Raises StaffError for a name that is taken or empty, PasswordRefused for a bad password.
    """
    username = username.strip().lower()
    if not username or len(username) > 60:
        raise StaffError("expected a username of 1 to 60 characters")
    if staff_by_username(session, username) is not None:
        raise StaffError("somebody has this username already; choose another one")
    person = Staff(
        username=username,
        name=name.strip() or username,
        password_hash=hash_password(password),
        roles=[str(role) for role in roles],
        department=department,
        active=True,
    )
    session.add(person)
    session.flush()
    return person


def staff_by_username(session: Session, username: str) -> Staff | None:
    """The person of that username, whatever its case."""
    return session.scalar(select(Staff).where(Staff.username == username.strip().lower()))


def all_staff(session: Session) -> list[Staff]:
    """Everybody, by name; those who may no longer sign in come last."""
    return list(session.scalars(select(Staff).order_by(Staff.active.desc(), Staff.name)))


def names_of(session: Session, ids: Iterable[int]) -> dict[int, str]:
    """The names of these people, by id."""
    found = session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(set(ids))))
    return {row[0]: row[1] for row in found}


def sign_in(session: Session, staff_id: int) -> str:
    """Begin a sign-in and return its token, which is kept nowhere but in the cookie."""
    token = secrets.token_urlsafe(32)
    session.add(
        SignIn(
            token_hash=_hash(token),
            staff_id=staff_id,
            csrf_token=secrets.token_urlsafe(32),
        )
    )
    return token


def sign_out(session: Session, token: str) -> None:
    """End the sign-in of that token; an unknown one is no error."""
    _end(session, SignIn.token_hash == _hash(token))


def renew_password(session: Session, staff_id: int) -> str:
    """Give a person a new random password and end their sign-ins; returns it, kept nowhere."""
    password = secrets.token_urlsafe(12)
    session.get_one(Staff, staff_id).password_hash = hash_password(password)
    _end(session, SignIn.staff_id == staff_id)
    return password


def set_active(session: Session, staff_id: int, active: bool) -> None:
    """Let a person sign in, or stop them at once, in every browser."""
    session.get_one(Staff, staff_id).active = active
    if not active:
        _end(session, SignIn.staff_id == staff_id)


def staff_for_token(session: Session, token: str) -> Staff | None:
    """The person signed in by that token now; None when it has ended, idled or is unknown."""
    found = find_sign_in(session, token)
    return found[0] if found else None


def find_sign_in(session: Session, token: str) -> tuple[Staff, SignIn] | None:
    """The same, with the sign-in itself."""
    row = session.execute(
        select(Staff, SignIn)
        .join(SignIn, SignIn.staff_id == Staff.id)
        .where(SignIn.token_hash == _hash(token))
    ).first()
    if row is None or not row[0].active or not _is_alive(row[1]):
        return None
    return row[0], row[1]


def is_stale(signed_in: SignIn) -> bool:
    """Whether the last sign of life is old enough to be worth writing anew."""
    return now() - signed_in.seen_at > _TOUCH_AFTER


def touch(session: Session, sign_in_id: int) -> None:
    """The person did something: the idle time starts again."""
    session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(seen_at=now()))


def _is_alive(signed_in: SignIn) -> bool:
    moment = now()
    return (
        signed_in.ended_at is None
        and moment - signed_in.seen_at <= IDLE
        and moment - signed_in.created_at <= LONGEST
    )


def _end(session: Session, which: object) -> None:
    session.execute(
        update(SignIn).where(which, SignIn.ended_at.is_(None)).values(ended_at=now())  # type: ignore[arg-type]
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
