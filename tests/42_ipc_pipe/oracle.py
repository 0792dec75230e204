"""The article's Pipe, with every message answered so that the order of the lines is fixed."""

from multiprocessing import Pipe, Process


def say(line):
    print(line, flush=True)


def child(near, far):
    # The fork copied the parent's end too. While this copy is open, the parent cannot hang up.
    far.close()
    while True:
        try:
            message = near.recv()
        except EOFError:
            say("child: the parent has hung up")
            return
        except Exception:
            say("child: that was no message")
            near.send(None)
            continue
        say(f"child: the keys came in the order {', '.join(message)}")
        total = sum(message["numbers"])
        say(f"child: the {message['task']} is {total}")
        near.send(total)


def main():
    parent_end, child_end = Pipe()
    process = Process(target=child, args=(child_end, parent_end))
    process.start()
    child_end.close()
    for numbers in ([1, 2, 3], [], [10, -4]):
        say(f"parent: asks for the sum of {numbers}")
        parent_end.send({"task": "sum", "numbers": numbers})
        say(f"parent: was told {parent_end.recv()}")
    say("parent: sends a frame of nonsense")
    parent_end.send_bytes(b"nonsense")
    say(f"parent: was told {parent_end.recv()}")
    say("parent: asks for the sum of [40, 2]")
    parent_end.send({"task": "sum", "numbers": [40, 2]})
    say(f"parent: was told {parent_end.recv()}")
    say("parent: hangs up")
    parent_end.close()
    process.join()
    say(f"parent: the child ended with {process.exitcode}")


if __name__ == "__main__":
    main()
