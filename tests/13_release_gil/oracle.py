"""The two threads of the transcript on Python's own recursive lock, and the product in plain Python: prints the transcript.

CPython's RLock can be let go from any depth and taken back to it: _release_save and _acquire_restore exist for
Condition.wait, which needs just what allow_threads does.
"""

import threading
from contextlib import contextmanager


class Gil:
    def __init__(self):
        self.lock = threading.RLock()

    @contextmanager
    def held(self):
        with self.lock:
            yield

    @contextmanager
    def let_go(self):
        saved = self.lock._release_save()
        try:
            yield
        finally:
            self.lock._acquire_restore(saved)


class Python(threading.Thread):
    """A thread that stops until it is told to go on, and tells when it is about to wait."""

    def __init__(self, part):
        super().__init__()
        self.part = part
        self.told = threading.Semaphore(0)
        self.arrived = threading.Semaphore(0)
        self.start()
        self.arrived.acquire()

    def run(self):
        self.part(self)
        self.arrived.release()

    def stop(self):
        self.arrived.release()
        self.told.acquire()

    def go_on(self):
        self.told.release()
        self.arrived.acquire()


gil = Gil()
total = 0


def load(thread):
    with gil.held():
        print("loader: has the GIL")
        with gil.held():
            thread.stop()
            print("loader: lets go of the GIL")
            with gil.let_go():
                thread.stop()
                print("loader: wants the GIL back")
                thread.arrived.release()
            print(f"loader: has the GIL, total {total}")
        thread.stop()
        print("loader: leaves")


def count(thread):
    global total
    print("counter: wants the GIL")
    thread.arrived.release()
    with gil.held():
        print("counter: has the GIL")
        thread.stop()
        total += 1
        print("counter: leaves")


loader = Python(load)
counter = Python(count)
loader.go_on()
counter.arrived.acquire()
loader.go_on()
counter.go_on()
loader.arrived.acquire()
loader.go_on()
loader.join()
counter.join()


def dot(a, b):
    return [[sum(x * y for x, y in zip(row, column)) for column in zip(*b)] for row in a]


for row in dot([[1, 2], [3, 4], [5, 6]], [[1, 0, 2, -1], [0, 1, 2, 1]]):
    print("".join(f"{cell:>3}" for cell in row))
