"""The article's fetch, gather and Semaphore, without aiohttp and with an answer to every failure: a real server answers."""

import asyncio


class Site:
    """The server. It counts how often it is asked for each path."""

    def __init__(self):
        self.asked = {}

    async def answer(self, reader, writer):
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        self.asked[path] = self.asked.get(path, 0) + 1
        status, body = 200, f"this is {path}"
        if path.startswith("/page"):
            await asyncio.sleep(0.02)
        elif path == "/busy" and self.asked[path] < 3:
            status, body = 503, "later"
        elif path == "/missing":
            status, body = 404, "not here"
        elif path == "/silent":
            # Until the client has gone.
            await reader.read()
        if path not in ("/broken", "/silent"):
            writer.write(f"HTTP/1.1 {status} So\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
            await writer.drain()
        writer.close()


class Status(Exception):
    pass


class Fetcher:
    def __init__(self, port, limit, timeout, retries):
        self.port, self.timeout, self.retries = port, timeout, retries
        self.semaphore = asyncio.Semaphore(limit)
        self.attempts = self.in_flight = self.most = 0

    async def exchange(self, path):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            status = int(head.split()[1])
            if status != 200:
                raise Status(status)
            length = int(head.split(b"Content-Length:")[1].split()[0])
            return (await reader.readexactly(length)).decode()
        finally:
            writer.close()

    async def attempt(self, path):
        async with self.semaphore:
            self.attempts += 1
            self.in_flight += 1
            self.most = max(self.most, self.in_flight)
            try:
                return await asyncio.wait_for(self.exchange(path), self.timeout)
            finally:
                self.in_flight -= 1

    async def fetch(self, path):
        for retry in range(self.retries + 1):
            try:
                return await self.attempt(path)
            except Status as error:
                result = f"status {error}"
                if error.args[0] < 500:
                    break
            except asyncio.TimeoutError:
                result = "it took too long"
            except (OSError, EOFError):
                result = "the connection broke"
            if retry < self.retries:
                await asyncio.sleep(0.001 * 2**retry)
        return result


async def show(title, paths, *, port, limit=10, timeout=60, retries=0):
    print(title)
    fetcher = Fetcher(port, limit, timeout, retries)
    results = await asyncio.gather(*(fetcher.fetch(path) for path in paths))
    for path, result in zip(paths, results):
        print(f"  {path}: {result}")
    print(f"  {fetcher.attempts} attempts, at most {fetcher.most} at once")


async def main():
    site = Site()
    server = await asyncio.start_server(site.answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    pages = [f"/page{number}" for number in range(10)]
    await show("ten pages, three at once", pages, port=port, limit=3)
    mixed = ["/a", "/missing", "/broken", "/b"]
    await show("two of four fail", mixed, port=port, limit=1)
    await show("with two retries", ["/missing", "/busy", "/broken"], port=port, limit=1, retries=2)
    await show("a server that says nothing, one retry", ["/silent"], port=port, timeout=0.1, retries=1)
    # The server sees that, too.
    await asyncio.sleep(0.05)
    server.close()


asyncio.run(main())
