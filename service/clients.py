"""Who sends a request, and how many they may send."""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from starlette.requests import Request

from service.refusal import RefusalError
from service.settings import Settings
from service.tokens import Tokens

#: Clients whose requests are counted; those that were quiet for longest are forgotten.
_COUNTED = 10_000

#: One customer has at least so many addresses of IPv6.
_SUBNET_BITS = 64


class Clients:
    """Tells clients apart: by the name of their token, without tokens by their address.

    Args:
        settings: tokens, limits and proxies.

    Raises:
        OSError, ValueError: the file of tokens cannot be read.
    """

    def __init__(self, settings: Settings) -> None:
        self._tokens = Tokens(settings.token, Path(settings.tokens_file) if settings.tokens_file else None)
        self._proxies = settings.list_proxies()
        self._rate = RateLimit(settings.requests_per_minute)

    @property
    def need_tokens(self) -> bool:
        """Whether requests must carry a token."""
        return self._tokens.required

    def identify(self, request: Request) -> str:
        """Return the client of a request; the log gets the name of its token.

        Raises:
            RefusalError: 401, it carries no token that is known, and must.
        """
        if not self._tokens.required:
            return self._address(request)
        given = request.headers.get("authorization", "").encode("latin-1")  # the bytes that were sent
        scheme, _, credentials = given.partition(b" ")
        name = self._tokens.find(credentials.strip())
        if name is None or scheme.lower() != b"bearer":
            message = "send the token as a bearer token"
            raise RefusalError(401, "unauthorized", message, {"WWW-Authenticate": "Bearer"})
        request.state.client = name
        return f"token {name}"

    def check_rate(self, client: str) -> None:
        """Count an image of a client.

        Args:
            client: as `identify` returned it.

        Raises:
            RefusalError: 429, there were too many.
        """
        self._rate.take(client)

    def _address(self, request: Request) -> str:
        """Return the address that the request comes from; a proxy that is trusted says for whom it asks."""
        hops = [hop.strip() for hop in request.headers.get("x-forwarded-for", "").split(",")]
        address = request.client.host if request.client else ""
        while self._is_proxy(address) and hops and _parse(hops[-1]):
            address = hops.pop()
        parsed = _parse(address)
        if isinstance(parsed, ipaddress.IPv6Address):
            return str(ipaddress.ip_network((parsed, _SUBNET_BITS), strict=False))
        return address

    def _is_proxy(self, address: str) -> bool:
        parsed = _parse(address)
        return parsed is not None and any(parsed in network for network in self._proxies)


class RateLimit:
    """So many pieces per client and minute, which may come all at once; each client's allowance grows back evenly.

    Args:
        per_minute: 0: no limit.
        now: seconds of a clock that runs evenly.
    """

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._per_minute, self._now = per_minute, now
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # client -> allowance, when

    def take(self, client: str) -> None:
        """Take one piece of a client's allowance.

        Raises:
            RefusalError: 429, nothing is left; with the seconds until there is.
        """
        if not self._per_minute:
            return
        now, per_second = self._now(), self._per_minute / 60
        left, since = self._left.get(client, (float(self._per_minute), now))
        left = min(left + (now - since) * per_second, self._per_minute)
        allowed = left >= 1
        self._left[client] = (left - allowed, now)
        self._left.move_to_end(client)
        if len(self._left) > _COUNTED:
            self._left.popitem(last=False)
        if not allowed:
            wait_s = max(math.ceil((1 - left) / per_second), 1)
            message = f"a client may send {self._per_minute} images a minute: try again in {wait_s} s"
            raise RefusalError(429, "too_many_requests", message, {"Retry-After": str(wait_s)})


def _parse(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        return None
