"""A world that one module shares: its tests only read, or undo what they do."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from app.config import Settings
from app.db import Database
from tests.policy.scenes import Scene, set_scene
from tests.worlds import World


@pytest.fixture(scope="module")
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.fixture(scope="module")
async def here(client: httpx.AsyncClient, settings: Settings, owner: Database) -> World:
    """A municipality for the whole module."""
    return await World.found(owner, settings.data_dir, client)


@pytest.fixture(scope="module")
async def elsewhere(client: httpx.AsyncClient, settings: Settings, owner: Database) -> World:
    """Another municipality for the whole module, with people of the same names."""
    return await World.found(owner, settings.data_dir, client)


@pytest.fixture(scope="module")
async def scene(here: World, database: Database) -> Scene:
    """Families and cases in every state, with everything that a case can hold."""
    return await set_scene(here, database)
