"""Prints the body of the transcript, with `threading` and `queue.Queue`.

The snippet of the article, with an end: the workers are told by `shutdown`, which came with Python 3.13. An older Python gets
it from the class below, which follows 3.13's and does what this program needs of it.
"""

import queue
import threading
import time

if hasattr(queue, "ShutDown"):
    Queue, ShutDown = queue.Queue, queue.ShutDown
else:

    class ShutDown(Exception):
        pass

    class Queue(queue.Queue):
        is_shutdown = False

        def put(self, item):
            with self.not_full:
                while not self.is_shutdown and 0 < self.maxsize <= self._qsize():
                    self.not_full.wait()
                if self.is_shutdown:
                    raise ShutDown
                self._put(item)
                self.unfinished_tasks += 1
                self.not_empty.notify()

        def get(self, block=True):
            with self.not_empty:
                while not self._qsize():
                    if self.is_shutdown:
                        raise ShutDown
                    if not block:
                        raise queue.Empty
                    self.not_empty.wait()
                item = self._get()
                self.not_full.notify()
                return item

        def shutdown(self, immediate=False):
            with self.mutex:
                self.is_shutdown = True
                if immediate:
                    while self._qsize():
                        self._get()
                        if self.unfinished_tasks > 0:
                            self.unfinished_tasks -= 1
                    self.all_tasks_done.notify_all()
                self.not_empty.notify_all()
                self.not_full.notify_all()


def until(condition):
    while not condition():
        time.sleep(0.001)


def waiting_to_put(tasks):
    return len(tasks.not_full._waiters) > 0


def a_full_queue():
    print("a producer of 5 items, room for 2")
    tasks, put = Queue(maxsize=2), []

    def produce():
        for item in range(5):
            tasks.put(item)
            put.append(item)

    producer = threading.Thread(target=produce)
    producer.start()

    def status(what):
        # At rest: the producer waits for room, or has ended.
        until(lambda: not producer.is_alive() or tasks.full() and waiting_to_put(tasks))
        print(f"  {what}: {len(put)} put, {tasks.qsize()} in the queue")

    status("nothing taken")
    for _ in range(5):
        status(f"took {tasks.get()}")
    producer.join()


def workers():
    print("three workers, ten tasks")
    tasks, done, ends = Queue(maxsize=2), [], []

    def work():
        try:
            while True:
                task = tasks.get()
                done.append(task * task)
                tasks.task_done()
        except ShutDown as end:
            ends.append(end)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for task in range(10):
        tasks.put(task)
    tasks.join()
    print(f"  all done: {sorted(done)}")
    try:
        tasks.task_done()
        print("  one more task_done: no error")
    except ValueError as error:
        print(f"  one more task_done: {error}")
    tasks.shutdown()
    for thread in threads:
        thread.join()
    print(f"  workers that ended with ShutDown: {len(ends)}")


def full_queue():
    tasks, ends = Queue(maxsize=2), []
    tasks.put("a")
    tasks.put("b")

    def produce():
        try:
            tasks.put("c")
            ends.append("got in")
        except ShutDown as end:
            ends.append(type(end).__name__)

    producer = threading.Thread(target=produce)
    producer.start()
    until(lambda: waiting_to_put(tasks))
    return tasks, producer, ends


def take(tasks):
    try:
        return tasks.get(block=False)
    except (queue.Empty, ShutDown) as error:
        return type(error).__name__


def a_gentle_end():
    tasks, producer, ends = full_queue()
    print("a gentle end")
    tasks.shutdown()
    producer.join()
    print(f"  the producer that waited: {ends[0]}")
    print(f"  taken: {take(tasks)}, {take(tasks)}, {take(tasks)}")


def an_immediate_end():
    tasks, producer, ends = full_queue()
    print("an immediate end")
    tasks.shutdown(immediate=True)
    producer.join()
    print(f"  the producer that waited: {ends[0]}")
    print(f"  taken: {take(tasks)}")
    tasks.join()
    print("  join returned")


a_full_queue()
workers()
a_gentle_end()
an_immediate_end()
