"""The article's queue, with sentinels instead of `while not queue.empty()`, and each part joined before the next begins."""

from multiprocessing import JoinableQueue, Process, Value


def say(line):
    print(line, flush=True)


def produce(queue, closed, numbers):
    for number in numbers:
        if closed.value:
            say(f"producer: {number} is refused")
        else:
            queue.put(number)
            say(f"producer: put {number}")


def consume(queue):
    while (number := queue.get()) is not None:
        say(f"consumer: {number} squared is {number * number}")
        queue.task_done()
    queue.task_done()
    say("consumer: there will be no more")


def run(target, *arguments):
    process = Process(target=target, args=arguments)
    process.start()
    process.join()


def main():
    # `multiprocessing.Queue` of Python 3.11 has no `close` that its other users hear of: a flag and a sentinel stand in for it.
    queue, closed = JoinableQueue(8), Value("b", 0)
    run(produce, queue, closed, range(1, 6))
    closed.value = 1
    queue.put(None)
    say("main: the queue is closed")
    run(produce, queue, closed, [6])
    run(consume, queue)
    queue.join()
    say("main: everything has been dealt with")


if __name__ == "__main__":
    main()
