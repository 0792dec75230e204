"""Prints the body of the transcript, with `asyncio`.

The snippet of the article, made to end: one sentinel for each consumer, put when the last producer has ended. What the
article's version does not have is written out here: `asyncio.TaskGroup` (Python 3.11) cancels the others when one fails, and
waits for them. The clock is virtual, as the transcript's is: when nothing can run, it jumps to the next timer.
"""

import asyncio
import selectors

END = object()


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock stands still while anything can run."""

    def __init__(self):
        super().__init__(JumpingSelector(self))
        self.now = 0.0

    def time(self):
        return self.now


class JumpingSelector(selectors.DefaultSelector):
    def __init__(self, loop):
        super().__init__()
        self.loop = loop

    def select(self, timeout=None):
        if timeout is not None and timeout > 0:
            # Two timers of one moment may differ in the last digit.
            self.loop.now = round(self.loop.now + timeout, 6)
            timeout = 0
        return super().select(timeout)


class Refused(Exception):
    def __init__(self, item, handled, why):
        super().__init__(f'item "{item}" failed after {handled} were handled: {why}')


async def run(sources, consumers, capacity, work):
    buffer = asyncio.Queue(maxsize=capacity)
    produced, handled = [0] * len(sources), [0] * consumers

    async def produce(number, source):
        async for item in source:
            await buffer.put(item)
            produced[number] += 1

    async def consume(number):
        while (item := await buffer.get()) is not END:
            try:
                await work(item)
            except ValueError as error:
                raise Refused(item, sum(handled), error) from error
            handled[number] += 1

    async def end(producers):
        await asyncio.wait(producers)
        for _ in range(consumers):
            await buffer.put(END)

    async with asyncio.TaskGroup() as group:
        producers = [group.create_task(produce(*pair)) for pair in enumerate(sources)]
        for number in range(consumers):
            group.create_task(consume(number))
        group.create_task(end(producers))
    return produced, handled


async def source(name, count):
    for number in range(count):
        await asyncio.sleep(1)
        yield f"{name}{number}"


class Log:
    def title(self, title):
        self.begun = asyncio.get_running_loop().time()
        print(title)

    def line(self, line):
        print(f"  {asyncio.get_running_loop().time() - self.begun:.2f} s  {line}")


log = Log()


async def one_of_each():
    log.title("one producer, one consumer, room for 2")

    async def work(item):
        await asyncio.sleep(1.5)
        log.line(f"consumed {item}")

    produced, handled = await run([source("a", 5)], 1, 2, work)
    log.line(f"produced {produced}, handled {handled}")


async def a_failure():
    log.title("the consumer refuses an item")

    async def work(item):
        await asyncio.sleep(1.5)
        if item == "a3":
            raise ValueError("too big")
        log.line(f"consumed {item}")

    try:
        await run([source("a", 1000)], 1, 2, work)
    except* Refused as group:
        log.line(group.exceptions[0])


async def several_of_each():
    log.title("three producers, two consumers, room for 2")
    items = []

    async def work(item):
        items.append(item)
        await asyncio.sleep(0.5)

    produced, handled = await run([source("a", 2), source("b", 3), source("c", 4)], 2, 2, work)
    log.line(f"produced {produced}, handled {sum(handled)} by {len(handled)}")
    log.line(" ".join(sorted(items)))


async def given_up():
    log.title("given up after 4 s")

    async def work(item):
        try:
            await asyncio.sleep(1.25)
        except asyncio.CancelledError:
            log.line(f"dropped {item}")
            raise
        log.line(f"consumed {item}")

    try:
        async with asyncio.timeout(4):
            await run([source("a", 1000)], 1, 2, work)
        end = "it has ended"
    except TimeoutError:
        end = "nothing goes on"
    await asyncio.sleep(1)
    log.line(end)


async def main():
    await one_of_each()
    await a_failure()
    await several_of_each()
    await given_up()


loop = VirtualLoop()
loop.run_until_complete(main())
loop.run_until_complete(loop.shutdown_asyncgens())
loop.close()
