"""Three readers and a writer on a read-write lock made of one threading.Condition, one step at a time.

The class of the article counts readers only. This one counts waiting writers too, so that a reader who comes later does not
overtake them. NOTES.md shows what happens without that.
"""

import threading
import time


class ReadWriteLock:
    def __init__(self):
        self.changed = threading.Condition()
        self.readers = 0
        self.writing = False
        self.waiting_writers = 0
        self.waiting_readers = 0

    def acquire_read(self):
        with self.changed:
            self.waiting_readers += 1
            self.changed.wait_for(lambda: not self.writing and self.waiting_writers == 0)
            self.waiting_readers -= 1
            self.readers += 1

    def release_read(self):
        with self.changed:
            self.readers -= 1
            if self.readers == 0:
                self.changed.notify_all()

    def acquire_write(self):
        with self.changed:
            self.waiting_writers += 1
            self.changed.wait_for(lambda: not self.writing and self.readers == 0)
            self.waiting_writers -= 1
            self.writing = True

    def downgrade(self):
        with self.changed:
            self.writing = False
            self.readers = 1
            self.changed.notify_all()


class Actor(threading.Thread):
    """A thread that goes on when it is told to, and can tell when it has come to a stop."""

    def __init__(self, name, part):
        super().__init__(name=name)
        self.part = part
        self.told = threading.Semaphore(0)
        self.stays = 0
        self.start()

    def run(self):
        self.part(self)

    def say(self, what):
        print(f"{self.name}: {what}", flush=True)

    def stay(self):
        self.stays += 1
        self.told.acquire()


lock = ReadWriteLock()
value = 0


def reader(actor):
    actor.say("asks")
    lock.acquire_read()
    actor.say(f"reads {value}")
    actor.stay()
    actor.say("leaves")
    lock.release_read()


def writer(actor):
    global value
    actor.say("asks")
    lock.acquire_write()
    value += 1
    actor.say(f"writes {value}")
    actor.stay()
    actor.say("downgrades")
    lock.downgrade()
    actor.stay()
    actor.say(f"still reads {value}")
    actor.say("leaves")
    lock.release_read()


def until(condition):
    while not condition():
        time.sleep(0.001)


first = Actor("reader 1", reader)
until(lambda: first.stays == 1)
second = Actor("reader 2", reader)
until(lambda: second.stays == 1)
changer = Actor("writer", writer)
until(lambda: lock.waiting_writers == 1)
late = Actor("reader 3", reader)
until(lambda: lock.waiting_readers == 1)

first.told.release()
first.join()
second.told.release()
until(lambda: changer.stays == 1)
changer.told.release()
until(lambda: changer.stays == 2 and late.stays == 1)
changer.told.release()
changer.join()
late.told.release()
late.join()
