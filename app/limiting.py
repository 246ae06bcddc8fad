"""Where it is counted how often a caller has asked."""

import time

from limits.aio.storage import MemoryStorage, Storage
from limits.storage import storage_from_string


def storage(address: str) -> Storage:
    """Where the counts are kept: `async+memory://` is this process, others are the library's."""
    made = storage_from_string(address)
    if not isinstance(made, Storage):
        raise ValueError("the storage of rate limits must be an asynchronous one")
    return made


class SweptMemory(MemoryStorage):
    """Fixed windows in memory, at a cost that does not grow with the callers.

    The library's own looks at every window at every request. Here they stand in the order in which they began, and
    those at the front are dropped when they are over. Whoever names `async+memory://` gets this one.
    """

    STORAGE_SCHEME = ["async+memory"]  # noqa: RUF012 - as the library reads it

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        now = time.time()
        count = await self.get(key) + amount
        self.storage[key] = count
        if count == amount:
            self.expirations[key] = now + expiry
        while (first := next(iter(self.expirations))) != key and self.expirations[first] <= now:
            del self.expirations[first], self.storage[first]
        return count
