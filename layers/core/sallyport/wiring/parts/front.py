"""The proxy in front of the API, if there is one."""

from sallyport import settings
from sallyport.http.front import Front
from sallyport.http.serve import Admit, anyone


def build(config: settings.Proxy) -> Admit:
    if config.trusted_address_header is None:
        return anyone
    return Front(config.trusted_address_header, config.origin_secret)
