"""A network between browser and server: each request arrives later, and what is answered comes at a certain rate.

Browsers slow pages down by themselves, but not their workers, which fetch most of what a search needs.
"""

import asyncio
import threading
from contextlib import contextmanager
from urllib.parse import urlsplit


@contextmanager
def network(url: str, request_ms: float, bytes_a_ms: float):
    """The address of the same site with `request_ms` added to each request, and to each new connection."""
    network = Network(url, request_ms, bytes_a_ms)
    try:
        yield network.url
    finally:
        network.close()


class Network:
    def __init__(self, url: str, request_ms: float, bytes_a_ms: float):
        self.site = urlsplit(url)
        self.delay, self.rate = request_ms / 1000, bytes_a_ms * 1000
        # The line is one for all connections: until when it is taken.
        self.taken_until = 0.0
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        server = asyncio.run_coroutine_threadsafe(asyncio.start_server(self.connected, "127.0.0.1", 0), self.loop).result()
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{self.site.path}"

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        await asyncio.sleep(self.delay)
        answers, requests = await asyncio.open_connection(self.site.hostname, self.site.port)
        await asyncio.gather(self.pass_on(reader, requests, self.late), self.pass_on(answers, writer, self.sent))

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, wait):
        try:
            # A request's head is one piece, as browsers send it.
            while piece := await reader.read(1 << 14):
                await wait(len(piece))
                writer.write(piece)
                await writer.drain()
        except ConnectionError:
            pass  # The browser has gone, or does not want the rest.
        finally:
            writer.close()

    async def late(self, _: int):
        await asyncio.sleep(self.delay)

    async def sent(self, size: int):
        now = self.loop.time()
        self.taken_until = max(self.taken_until, now) + size / self.rate
        await asyncio.sleep(self.taken_until - now)
