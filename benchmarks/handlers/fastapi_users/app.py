"""Login as fastapi-users' documentation builds it, on SQLAlchemy. It has no refresh.

The store is SQLite in memory: nothing is sent, and nothing waits for a disk. The RSA key is parsed once, which its
documentation does not do.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from fastapi import Depends, FastAPI
from fastapi_users import BaseUserManager, FastAPIUsers, UUIDIDMixin
from fastapi_users.authentication import AuthenticationBackend, BearerTransport, JWTStrategy
from fastapi_users.db import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from fastapi_users.password import PasswordHelper
from fastapi_users.schemas import BaseUser, BaseUserUpdate
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import StaticPool

EMAIL, PASSWORD = "demo@example.com", "correct horse battery staple"

passwords = PasswordHelper(PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19456, parallelism=1),)))
engine = create_async_engine("sqlite+aiosqlite://", poolclass=StaticPool)
sessions = async_sessionmaker(engine, expire_on_commit=False)
key = generate_private_key(65537, 2048)


class Base(DeclarativeBase):
    """The tables."""


class User(SQLAlchemyBaseUserTableUUID, Base):
    """A user."""


class UserManager(UUIDIDMixin, BaseUserManager[User, uuid.UUID]):
    """As in the documentation."""


async def user_database() -> AsyncIterator[SQLAlchemyUserDatabase]:
    async with sessions() as session:
        yield SQLAlchemyUserDatabase(session, User)


async def user_manager(database: SQLAlchemyUserDatabase = Depends(user_database)) -> AsyncIterator[UserManager]:
    yield UserManager(database, passwords)


backend = AuthenticationBackend(
    name="jwt",
    transport=BearerTransport(tokenUrl="login"),
    get_strategy=lambda: JWTStrategy(key, lifetime_seconds=600, algorithm="RS256", public_key=key.public_key()),
)
users = FastAPIUsers[User, uuid.UUID](user_manager, [backend])
app = FastAPI()
app.include_router(users.get_auth_router(backend))
app.include_router(users.get_users_router(BaseUser[uuid.UUID], BaseUserUpdate))


async def make_ready() -> None:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    session: AsyncSession
    async with sessions() as session:
        session.add(User(email=EMAIL, hashed_password=passwords.hash(PASSWORD), is_active=True))
        await session.commit()


async def ask(method: str, path: str, headers: list[tuple[bytes, bytes]], body: bytes) -> Any:
    """Ask the application without a server."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "server": ("localhost", 443),
        "client": ("192.0.2.44", 1234),
    }
    status, answered = 0, b""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status, answered
        status = message.get("status", status)
        answered += message.get("body", b"")

    await app(scope, receive, send)
    return {"statusCode": status, "body": answered.decode()}


loop = asyncio.new_event_loop()
loop.run_until_complete(make_ready())


def lambda_handler(event: dict[str, Any], context: Any) -> Any:
    """Ask for `path` with a `form` or a `token`."""
    body = urlencode(event.get("form", {})).encode()
    headers = [
        (b"host", b"localhost"),
        (b"content-type", b"application/x-www-form-urlencoded"),
        (b"content-length", str(len(body)).encode()),
        (b"authorization", f"Bearer {event.get('token')}".encode()),
    ]
    return loop.run_until_complete(ask(event["method"], event["path"], headers, body))
