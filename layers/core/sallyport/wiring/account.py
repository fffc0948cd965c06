"""The account function."""

from collections.abc import Mapping
from dataclasses import dataclass

from sallyport import settings
from sallyport.aws.dynamodb.users import Users
from sallyport.aws.endpoints.account import me_endpoint
from sallyport.aws.http import LambdaHandler, serve
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.wiring import storage


@dataclass(frozen=True, kw_only=True)
class Settings(settings.Common):
    """What account is told."""


def build(environ: Mapping[str, str]) -> LambdaHandler:
    told = settings.parse(Settings, environ)
    users = Users(storage.open_table(told))
    return serve({"GET /auth/me": me_endpoint(users.get)}, PowertoolsTelemetry("account", told.log_level))
