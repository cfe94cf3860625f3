"""Makes the pilot of every test of the screens wait for the event loop instead of sleeping."""

from tests.tui import idle

idle.install()
