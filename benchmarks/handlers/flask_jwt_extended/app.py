"""Login and refresh as Flask-JWT-Extended's documentation builds them, with a blocklist.

The store is SQLite in memory: nothing is sent, and nothing waits for a disk. The RSA key is parsed once, which its
documentation does not do. A refresh puts the token that it takes on the blocklist, and gives a new pair.
"""

import json
import sqlite3
from io import BytesIO
from typing import Any

from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from flask import Flask, Response, jsonify, request
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    current_user,
    get_jwt,
    get_jwt_identity,
    jwt_required,
)

EMAIL, PASSWORD = "demo@example.com", "correct horse battery staple"

key = generate_private_key(65537, 2048)
hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
database = sqlite3.connect(":memory:", check_same_thread=False)
database.execute("CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT UNIQUE, password_hash TEXT)")
database.execute("CREATE TABLE blocklist (jti TEXT PRIMARY KEY, created_at TEXT DEFAULT CURRENT_TIMESTAMP)")
database.execute("INSERT INTO users VALUES ('1', ?, ?)", (EMAIL, hasher.hash(PASSWORD)))
database.commit()

app = Flask(__name__)
app.config.update(JWT_ALGORITHM="RS256", JWT_PRIVATE_KEY=key, JWT_PUBLIC_KEY=key.public_key())
manager = JWTManager(app)


@manager.token_in_blocklist_loader
def is_revoked(header: dict[str, Any], payload: dict[str, Any]) -> bool:
    found = database.execute("SELECT 1 FROM blocklist WHERE jti = ?", (payload["jti"],))
    return found.fetchone() is not None


@manager.user_lookup_loader
def user_of(header: dict[str, Any], payload: dict[str, Any]) -> Any:
    return database.execute("SELECT id, email FROM users WHERE id = ?", (payload["sub"],)).fetchone()


def pair(identity: str) -> Response:
    return jsonify(access_token=create_access_token(identity), refresh_token=create_refresh_token(identity))


@app.post("/login")
def login() -> Response:
    typed = request.get_json()
    found = database.execute("SELECT id, password_hash FROM users WHERE email = ?", (typed["email"],)).fetchone()
    hasher.verify(found[1], typed["password"])
    return pair(found[0])


@app.post("/refresh")
@jwt_required(refresh=True)
def refresh() -> Response:
    database.execute("INSERT INTO blocklist (jti) VALUES (?)", (get_jwt()["jti"],))
    database.commit()
    return pair(get_jwt_identity())


@app.get("/me")
@jwt_required()
def me() -> Response:
    return jsonify(email=current_user[1])


def lambda_handler(event: dict[str, Any], context: Any) -> Any:
    """Ask the application without a server: `method`, `path`, `token` and `body` are the request."""
    body = json.dumps(event.get("body", {})).encode()
    environ = {
        "REQUEST_METHOD": event["method"],
        "PATH_INFO": event["path"],
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_AUTHORIZATION": f"Bearer {event.get('token')}",
        "wsgi.input": BytesIO(body),
        "wsgi.url_scheme": "https",
    }
    statuses: list[str] = []
    answer = b"".join(app(environ, lambda status, headers, error=None: statuses.append(status)))
    return {"statusCode": int(statuses[0][:3]), "body": answer.decode()}
