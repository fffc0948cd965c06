"""Requests of every kind to login, refresh and logout, each with what it must leave behind."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from dev.aws.deployment import LOCAL_ORIGIN
from dev.sam.template import ACCOUNT, REGION
from sallyport.accounts.hashing import Passwords
from sallyport.accounts.one_time_token import (
    LIFETIME_SECONDS,
    EmailChange,
    Grant,
    OneTimeToken,
    Purpose,
    Registration,
    Reset,
    secret_hash,
)
from sallyport.accounts.password import normal
from sallyport.accounts.user import User
from sallyport.aws.dynamodb.session_items import session_item
from sallyport.aws.dynamodb.table import Item
from sallyport.aws.dynamodb.user_items import items_of
from sallyport.http.cookies import REFRESH_TOKEN
from sallyport.identifiers import new_id
from sallyport.sessions.issue import Signer
from sallyport.sessions.rotation import Recovered, Rotated, Rotation, next_step, recover, rotate
from sallyport.sessions.session import Session
from tests.faults.line import Rival
from tests.support.builders import DAY, MINUTE, SECOND, WEAK_PASSWORDS, a_session, a_user, an_audit
from tests.support.deployed import PASSWORD, Answer, Stack, sample
from tests.support.tokens import unverified_claims

LEEWAY = MINUTE
ANOTHER = "a password nobody has"
_CODE = "12345678"
_CODE_HASH = WEAK_PASSWORDS.hash_code(_CODE)
_OURS = {"x-sallyport-csrf": "1", "origin": LOCAL_ORIGIN}


@dataclass(frozen=True)
class Scene:
    """One request. `session`: what is stored when it is made; `gen`: what it presents."""

    user: User
    event: dict[str, Any] = field(repr=False)
    session: Session | None = None
    gen: int = 0
    rival: tuple[str, Rival] | None = None


@dataclass(frozen=True)
class World:
    """The deployment, and the keys to make tokens for any state."""

    stack: Stack
    signer: Signer

    @property
    def now(self) -> int:
        return self.stack.now

    def user(self) -> User:
        """Store a user who needs no password."""
        user = a_user()
        _, the_user, _ = items_of(user, "")
        self.stack.table.put(the_user)
        return user

    def session(self, user: User, rotation: Rotation, **changes: Any) -> Session:
        """Store a session of `user`, last rotated two minutes ago unless `rotation` says otherwise."""
        begun = self.now - DAY
        lives = {"expires_at": self.now + 20 * DAY, "idle_expires_at": self.now + 10 * DAY}
        session = a_session(user, created_at=begun, auth_time=begun, rotation=rotation, **{**lives, **changes})
        self.stack.keep(session)
        return session

    def token(self, session: Session, gen: int) -> str:
        return self.signer.issue(session, gen, now=self.now).refresh_token

    def access_token(self, session: Session) -> str:
        return self.signer.issue(session, 1, now=self.now).access_token

    def stored(self, session: Session) -> Session:
        _, stored = self.stack.sessions.load(session.user_id, session.sid)
        assert stored is not None
        return stored

    def entries(self, **about: Any) -> list[Item]:
        return [item for item in self.stack.table.partition("REVOKED#0") if about.items() <= item.items()]

    def forget(self) -> None:
        """Empty the table but for the keys, at once: moto's transactions take time proportional to what it holds."""
        partitions = dynamodb_backends[ACCOUNT][REGION].tables[self.stack.deployment.table_name].items
        for pk in [pk for pk in partitions if not pk.value.startswith(("JWKS", "SIGNING"))]:
            del partitions[pk]


Check = Callable[[World, Scene, Answer], None]


@dataclass(frozen=True)
class Flow:
    """A kind of request: its function, its right answer, and what is then true.

    `tolerates`: the calls that may fail without anybody noticing, each with the reason.
    """

    function: str
    arrange: Callable[[World], Scene]
    status: int
    code: str | None
    check: Check
    tolerates: Mapping[str, str] = field(default_factory=dict)
    done_before: str | None = None
    """What the same request is refused with, once it was carried out and its answer lost: it works once."""


# Login


def _login_with_a_weak_hash(world: World) -> Scene:
    user = world.stack.new_user(WEAK_PASSWORDS.hash(normal(PASSWORD)))
    return Scene(user, sample("login_logged_in", body={"email": user.email, "password": PASSWORD}))


def _login_with_most_calls(world: World) -> Scene:
    """A weak hash, an older session in the cookie, and so many dead ones that some are cleared away."""
    user = world.stack.new_user(WEAK_PASSWORDS.hash(normal(PASSWORD)))
    ended = {"expires_at": world.now - DAY, "idle_expires_at": world.now - DAY}
    world.stack.table.put_each([session_item(a_session(user, **ended)) for _ in range(25)])
    older = world.session(user, _at_first(world), mode="cookie")
    event = _by_cookie(
        sample("login_logged_in", body={"email": user.email, "password": PASSWORD, "mode": "cookie"}),
        world.token(older, 1),
    )
    return Scene(user, event, older, 1)


def _is_logged_in_and_the_older_session_is_whole(world: World, scene: Scene, answer: Answer) -> None:
    _, session = world.stack.sessions.load(scene.user.user_id, answer.body["session_id"])
    assert session is not None
    assert session.revoked_at is None
    assert (session.rotation.parent, session.rotation.first, session.rotation.head) == (0, 1, 1)
    assert answer.body["refresh_expires_in"] == session.ends_at - world.now
    assert scene.session is not None
    _, older = world.stack.sessions.load(scene.user.user_id, scene.session.sid)
    # As it was: ending it failed, and the login stands; that it usually ends, test_cookie_mode.py asserts.
    # None: ended by a first try, cleared away by the second.
    assert older in (scene.session, None) or older.revoked_at == world.now
    assert not world.entries(sid=scene.session.sid)


# Refresh


def _at_first(world: World) -> Rotation:
    return Rotation(floor=0, parent=0, first=1, head=1, rotated_at=world.now * SECOND - 2 * MINUTE)


def _presenting(gen: int, *, quiet: bool = False, rival: str = "") -> Callable[[World], Scene]:
    """Present `gen` to a session with floor 1, parent 2 and the candidates 4 and 5."""

    def arrange(world: World) -> Scene:
        user = world.user()
        rotated_at = world.now * SECOND - (0 if quiet else 2 * MINUTE)
        session = world.session(user, Rotation(floor=1, parent=2, first=4, head=5, rotated_at=rotated_at))
        event = sample("refresh_rotated", body={"refresh_token": world.token(session, gen)})
        return Scene(user, event, session, gen, _rivals(world, session, gen)[rival] if rival else None)

    return arrange


def _with_old_keys(arrange: Callable[[World], Scene]) -> Callable[[World], Scene]:
    """So late that every key ring is to be read again."""

    def later(world: World) -> Scene:
        world.stack.clock.advance(60)
        return arrange(world)

    return later


def _rivals(world: World, session: Session, gen: int) -> Mapping[str, tuple[str, Rival]]:
    """Somebody who does the same, between our read and our write."""
    now_ms = world.now * SECOND
    sessions, revocations = world.stack.sessions, world.stack.revocations
    idle = session.idle_expires_at
    return {
        "rotates": ("UpdateItem", lambda: sessions.rotate(session, gen, now_ms=now_ms, idle_expires_at=idle)),
        "finds the replay": (
            "TransactWriteItems",
            lambda: revocations.revoke_replayed(session, an_audit(session.user_id, now_ms)),
        ),
        "logs out": ("TransactWriteItems", lambda: revocations.end(session.user_id, session.sid, now_ms=now_ms)),
        "logs out everywhere": (
            "TransactWriteItems",
            lambda: revocations.raise_version(session.user_id, session.ver, an_audit(session.user_id, now_ms)),
        ),
    }


def is_whole(world: World, scene: Scene) -> Session:
    """The session of a scene is as it was or as it is after a whole number of steps, and nothing else of it moved."""
    assert scene.session is not None
    stored = world.stored(scene.session)
    rotation = stored.rotation
    assert rotation.floor <= rotation.parent < rotation.first <= rotation.head
    assert rotation in set(_reachable(scene.session.rotation, scene.gen, world.now * SECOND))
    moving = {"rotation", "last_used_at", "idle_expires_at", "revoked_at"}
    assert replace(scene.session, **{name: getattr(stored, name) for name in moving}) == stored
    return stored


def _reachable(rotation: Rotation, gen: int, now_ms: int) -> Iterator[Rotation]:
    for _ in range(20):
        yield rotation
        step = next_step(rotation, gen, now_ms=now_ms, leeway_ms=LEEWAY)
        match step:
            case Rotated():
                rotation = rotate(rotation, gen, now_ms)
            case Recovered():
                rotation = recover(rotation)
            case _:
                return


def _holds_a_candidate(world: World, scene: Scene, answer: Answer) -> None:
    assert scene.session is not None
    stored = is_whole(world, scene)
    gen = unverified_claims(answer.body["refresh_token"])["gen"]
    assert stored.rotation.first <= gen <= stored.rotation.head
    assert stored.rotation != scene.session.rotation
    assert gen > scene.session.rotation.head  # nobody else's
    assert answer.body["refresh_expires_in"] == stored.ends_at - world.now


def _holds_what_was_presented(world: World, scene: Scene, answer: Answer) -> None:
    assert unverified_claims(answer.body["refresh_token"])["gen"] == scene.gen
    _is_untouched(world, scene, answer)


def _is_untouched(world: World, scene: Scene, _: Answer) -> None:
    assert scene.session is not None
    assert world.stored(scene.session) == scene.session


# Logout


def _leaving(how: str, *, everywhere: bool = False, rival: str = "") -> Callable[[World], Scene]:
    def arrange(world: World) -> Scene:
        user = world.user()
        session = world.session(user, _at_first(world), mode="cookie" if how == "cookie" else "body")
        body: dict[str, Any] = {"everywhere": everywhere}
        if how == "token":
            event = sample("logout_ended", body={**body, "refresh_token": world.token(session, 1)})
        elif how == "cookie":
            event = _by_cookie(sample("logout_ended", body=body), world.token(session, 1))
        else:
            bearer = f"Bearer {world.access_token(session)}"
            event = sample("logout_everywhere", body=body, authorization=bearer)
        return Scene(user, event, session, 1, _rivals(world, session, 1)[rival] if rival else None)

    return arrange


def _by_cookie(event: dict[str, Any], token: str) -> dict[str, Any]:
    event["headers"].update(_OURS)
    event["cookies"] = [f"{REFRESH_TOKEN}={token}"]
    return event


def _has_ended(world: World, scene: Scene, _: Answer) -> None:
    """Once: one change, one entry for the authorizers."""
    assert scene.session is not None
    assert is_whole(world, scene).revoked_at == world.now
    assert len(world.entries(sid=scene.session.sid)) == 1


def _all_have_ended(world: World, scene: Scene, _: Answer) -> None:
    """The version was raised once, however often that was tried."""
    user = world.stack.accounts.get(scene.user.user_id)
    assert user is not None
    assert user.token_version == scene.user.token_version + 1
    assert len(world.entries(sub=user.user_id)) == 1


# The others


def _asking(world: World) -> Scene:
    user = world.user()
    session = world.session(user, _at_first(world))
    event = sample("authorizer_allowed", authorization=f"Bearer {world.access_token(session)}")
    return Scene(user, event, session, 1)


def _asking_for_a_gateway(world: World) -> Scene:
    user = world.user()
    session = world.session(user, _at_first(world))
    event = sample("verify_below", authorization=f"Bearer {world.access_token(session)}")
    return Scene(user, event, session, 1)


def _ending_from_another(world: World) -> Scene:
    user = world.user()
    session, here = world.session(user, _at_first(world)), world.session(user, _at_first(world))
    event = sample("account_session_ended")
    event["pathParameters"]["sid"] = session.sid
    event["requestContext"]["authorizer"]["lambda"] |= {"sub": user.user_id, "sid": here.sid, "ver": here.ver}
    return Scene(user, event, session, 1)


# Accounts


def _an_event(path: str, body: Mapping[str, Any], session: Session | None = None) -> dict[str, Any]:
    event = sample("logout_ended", body=body)
    event["routeKey"] = f"POST {path}"
    if session is not None:
        claims = {"sub": session.user_id, "sid": session.sid, "jti": new_id(), "ver": session.ver}
        event["requestContext"]["authorizer"] = {"lambda": claims}
    return event


def _owner(world: World) -> tuple[User, Session]:
    user = world.stack.new_user(WEAK_PASSWORDS.hash(normal(PASSWORD)))
    return user, world.session(user, _at_first(world))


def _asking_for_mail(path: str) -> Callable[[World], Scene]:
    def arrange(_: World) -> Scene:
        user = a_user()
        return Scene(user, _an_event(path, {"email": user.email}))

    return arrange


def _mailed(world: World, purpose: Purpose, grant: Grant, mailbox: str, *, by_code: bool) -> dict[str, str]:
    """Let a mail have been sent. Return the fields of its proof."""
    token = OneTimeToken(
        new_id(), purpose, mailbox, secret_hash("s" * 43), _CODE_HASH, world.now + LIFETIME_SECONDS, grant
    )
    assert world.stack.tokens.offer(token)
    return {"request": token.request, "code": _CODE} if by_code else {"token": f"{token.request}.{'s' * 43}"}


def _verifying(*, by_code: bool) -> Callable[[World], Scene]:
    def arrange(world: World) -> Scene:
        user = a_user()
        proof = _mailed(world, "verify_email", Registration(user.email), user.email, by_code=by_code)
        return Scene(user, _an_event("/auth/verify-email", {**proof, "password": ANOTHER}))

    return arrange


def _resetting(*, by_code: bool) -> Callable[[World], Scene]:
    def arrange(world: World) -> Scene:
        user, _ = _owner(world)
        grant = Reset(user.user_id, user.token_version, user.email)
        proof = _mailed(world, "reset_password", grant, user.email, by_code=by_code)
        return Scene(user, _an_event("/auth/password/reset", {**proof, "password": ANOTHER}))

    return arrange


def _changing_the_password(world: World) -> Scene:
    user, session = _owner(world)
    body = {"current_password": PASSWORD, "new_password": ANOTHER}
    return Scene(user, _an_event("/auth/password/change", body, session))


def _asking_for_another_address(world: World) -> Scene:
    user, session = _owner(world)
    body = {"email": f"new-{user.email}", "password": PASSWORD}
    return Scene(user, _an_event("/auth/email/change", body, session))


def _confirming_another_address(world: World) -> Scene:
    user, session = _owner(world)
    new = f"new-{user.email}"
    grant = EmailChange(user.user_id, user.token_version, user.email, new)
    proof = _mailed(world, "confirm_email", grant, new, by_code=True)
    return Scene(user, _an_event("/auth/email/confirm", proof, session))


def _leaving_for_good(world: World) -> Scene:
    user, session = _owner(world)
    world.session(user, _at_first(world))
    return Scene(user, _an_event("/auth/me/delete", {"password": PASSWORD}, session))


def _has_this_password(world: World, scene: Scene, _: Answer) -> None:
    account = world.stack.accounts.find(scene.user.email).account
    assert account is not None
    assert Passwords().check(normal(ANOTHER), account.password_hash).matches


def _has_this_password_and_another_version(world: World, scene: Scene, answer: Answer) -> None:
    _has_this_password(world, scene, answer)
    user = world.stack.accounts.get(scene.user.user_id)
    assert user is not None
    assert user.token_version == scene.user.token_version + 1
    assert len(world.entries(sub=user.user_id)) == 1


def _has_moved(world: World, scene: Scene, _: Answer) -> None:
    assert world.stack.accounts.named(scene.user.email) is None
    moved = world.stack.accounts.named(f"new-{scene.user.email}")
    assert moved is not None
    assert moved.user_id == scene.user.user_id


def _is_gone(world: World, scene: Scene, _: Answer) -> None:
    user_id = scene.user.user_id
    assert world.stack.accounts.named(scene.user.email) is world.stack.accounts.get(user_id) is None
    assert world.stack.sessions.of_user(user_id) == []
    assert len(world.entries(sub=user_id)) == 1


def _is_as_it_was(world: World, scene: Scene, _: Answer) -> None:
    assert world.stack.accounts.get(scene.user.user_id) in (None, scene.user)


_KNOWN_KEYS = "keys that were read before stay good while the table is away"
_KEYS = {
    "Query JWKS": _KNOWN_KEYS,
    "Query SIGNING": _KNOWN_KEYS,
}
_CLEARING = {"BatchWriteItem SESSIONS": "the session stands; the next login clears away"}
_ENDING = {"UpdateItem SESSIONS": "the login stands; the older session ends by itself"}
_REHASH = {"TransactWriteItems USER+CREDENTIAL": "the password is right; the next login stores the stronger hash"}

_NOTICE = {"SendMessage notice": "the change stands, whoever hears of it"}

LOGINS: Mapping[str, Flow] = {
    "login": Flow(
        "Login",
        _login_with_most_calls,
        200,
        None,
        _is_logged_in_and_the_older_session_is_whole,
        {**_REHASH, **_ENDING, **_CLEARING},
    ),
}

REFRESHES: Mapping[str, Flow] = {
    "converged": Flow("Refresh", _presenting(5, quiet=True), 200, None, _holds_what_was_presented),
    "rotated": Flow("Refresh", _presenting(4), 200, None, _holds_a_candidate),
    "rotated, old keys": Flow("Refresh", _with_old_keys(_presenting(4)), 200, None, _holds_a_candidate, _KEYS),
    "race lost": Flow("Refresh", _presenting(4, rival="rotates"), 200, None, _holds_a_candidate),
    "recovered": Flow("Refresh", _presenting(2), 200, None, _holds_a_candidate),
    "superseded": Flow("Refresh", _presenting(3, quiet=True), 409, "superseded", _is_untouched),
    "replayed": Flow("Refresh", _presenting(1), 401, "invalid_grant", _has_ended),
    "replay found by two": Flow("Refresh", _presenting(1, rival="finds the replay"), 401, "invalid_grant", _has_ended),
}

LOGOUTS: Mapping[str, Flow] = {
    "logout by token": Flow("Logout", _leaving("token"), 204, None, _has_ended),
    "logout by cookie": Flow("Logout", _leaving("cookie"), 204, None, _has_ended),
    "logout by bearer": Flow("Logout", _leaving("bearer"), 204, None, _has_ended),
    "two log out": Flow("Logout", _leaving("token", rival="logs out"), 204, None, _has_ended),
    "everywhere by token": Flow("Logout", _leaving("token", everywhere=True), 204, None, _all_have_ended),
    "everywhere by cookie": Flow("Logout", _leaving("cookie", everywhere=True), 204, None, _all_have_ended),
    "everywhere by bearer": Flow("Logout", _leaving("bearer", everywhere=True), 204, None, _all_have_ended),
    "two log out everywhere": Flow(
        "Logout", _leaving("token", everywhere=True, rival="logs out everywhere"), 204, None, _all_have_ended
    ),
}

ENDINGS: Mapping[str, Flow] = {
    "ended from another session": Flow("Account", _ending_from_another, 204, None, _has_ended),
}

ACCOUNTS: Mapping[str, Flow] = {
    "register": Flow("Register", _asking_for_mail("/auth/register"), 202, None, _is_as_it_was),
    "verify by link": Flow(
        "Register", _verifying(by_code=False), 200, None, _has_this_password, done_before="invalid_token"
    ),
    "verify by code": Flow(
        "Register", _verifying(by_code=True), 200, None, _has_this_password, done_before="invalid_token"
    ),
    "forgot": Flow("Password", _asking_for_mail("/auth/password/forgot"), 202, None, _is_as_it_was),
    "reset by link": Flow(
        "Password",
        _resetting(by_code=False),
        200,
        None,
        _has_this_password_and_another_version,
        _NOTICE,
        done_before="invalid_token",
    ),
    "reset by code": Flow(
        "Password",
        _resetting(by_code=True),
        200,
        None,
        _has_this_password_and_another_version,
        _NOTICE,
        done_before="invalid_token",
    ),
    "password changed": Flow(
        "Password",
        _changing_the_password,
        200,
        None,
        _has_this_password_and_another_version,
        _NOTICE,
        done_before="invalid_token",
    ),
    "another address": Flow("Password", _asking_for_another_address, 202, None, _is_as_it_was, _NOTICE),
    "address confirmed": Flow(
        "Password", _confirming_another_address, 204, None, _has_moved, _NOTICE, done_before="invalid_token"
    ),
    "deleted": Flow("Account", _leaving_for_good, 204, None, _is_gone, _NOTICE, done_before="invalid_token"),
}

FLOWS: Mapping[str, Flow] = {**LOGINS, **REFRESHES, **LOGOUTS, **ENDINGS, **ACCOUNTS}

EXEMPLARY = {"rotated", "logout by token"}
"""Those whose calls fail in every way; the others' fail in one of each kind."""

LONGEST: Mapping[str, Callable[[World], Scene]] = {
    "Login": _with_old_keys(_login_with_a_weak_hash),
    "Refresh": _with_old_keys(_presenting(4)),
    "Logout": _with_old_keys(_leaving("token", everywhere=True)),
    "Authorizer": _with_old_keys(_asking),
    "Verify": _with_old_keys(_asking_for_a_gateway),
    "Account": _leaving_for_good,
    "Register": _with_old_keys(_verifying(by_code=True)),
    "Password": _with_old_keys(_changing_the_password),
}
"""By function, the request that makes the most calls although they fail, one after another."""

AUTHORIZERS: Mapping[str, Mapping[str, str]] = {
    "strict": {"REVOCATION_MODE": "strict"},
    "bounded": {"REVOCATION_MODE": "bounded"},
    "bounded, with roles": {"REVOCATION_MODE": "bounded", "CONTEXT_ROLES": "true"},
    "stateless": {"REVOCATION_MODE": "stateless"},
}
"""What the authorizer is told, by its mode."""
