"""Section 2.1, made runnable: what CPython prints for the program in transcript.rs."""

import asyncio


async def greet(name, delay):
    try:
        print(f"{name}: begins")
        await asyncio.sleep(delay)
        print(f"{name}: goes on")
        return f"hello from {name}"
    except asyncio.CancelledError:
        print(f"{name}: is given up")
        raise


async def break_off(name):
    try:
        print(f"{name}: begins")
        await asyncio.sleep(0.002)
        raise ValueError(f"{name} broke")
    finally:
        print(f"{name}: cleans up")


async def two_after_another():
    print(await greet("B", 0.004))
    print(await greet("C", 0.002))


async def two_at_once():
    for greeting in await asyncio.gather(greet("D", 0.04), greet("E", 0.16)):
        print(greeting)


async def with_patience():
    try:
        print(await asyncio.wait_for(greet("G", 3600), 0.005))
    except asyncio.TimeoutError:
        print("no time left for G")


print("== calling runs nothing")
coroutine = greet("A", 0.002)
never = greet("nobody", 0.002)
never.close()
print(f"a {type(coroutine).__name__}, and nothing has run")
print(asyncio.run(coroutine))

print("== one after the other")
asyncio.run(two_after_another())

print("== two at once")
asyncio.run(two_at_once())

print("== an error comes out where the coroutine is run")
try:
    asyncio.run(break_off("F"))
except ValueError as error:
    print(f"failed: {error}")

print("== giving up")
asyncio.run(with_patience())
