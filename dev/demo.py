"""The demo user, whose password everybody may know."""

from sallyport.accounts.hashing import Passwords
from sallyport.accounts.password import normal
from sallyport.accounts.user import FIRST_TOKEN_VERSION, User
from sallyport.aws.dynamodb.users import Users
from sallyport.clock import system_clock
from sallyport.identifiers import new_id

EMAIL = "demo@example.com"
PASSWORD = "correct horse battery staple"  # noqa: S105


def create_user(users: Users) -> None:
    user = User(
        user_id=new_id(),
        email=EMAIL,
        token_version=FIRST_TOKEN_VERSION,
        status="active",
        roles=("demo",),
        created_at=system_clock() // 1000,
    )
    users.create(user, Passwords().hash(normal(PASSWORD)))  # False where another engine kept him from last time
