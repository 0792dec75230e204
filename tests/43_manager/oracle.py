"""The article's Manager, with the workers one after the other so that the order of the lines is fixed."""

from multiprocessing import Manager, Process


def say(line):
    print(line, flush=True)


def worker(squares, numbers, number):
    squares[str(number)] = number * number
    numbers.append(number)


def main():
    manager = Manager()
    squares, numbers, counts = manager.dict(), manager.list(), manager.dict()
    for number in range(4):
        process = Process(target=worker, args=(squares, numbers, number))
        process.start()
        process.join()
        say(f"worker {number} ended with {process.exitcode}: {len(squares)} squares, {len(numbers)} numbers")
    for number in range(4):
        say(f"the square of {numbers[number]} is {squares[str(number)]}")
    try:
        squares["4"]
    except KeyError:
        say("the square of 4: no such key")
    try:
        numbers[4]
    except IndexError:
        say("number 4: no such element")
    say(f"popped {numbers.pop()}, then {numbers.pop()}: {len(numbers)} numbers")
    say(f"took out {squares.pop('3')}: {len(squares)} squares")
    counts["n"] = 0
    one, other = counts["n"], counts["n"]
    counts["n"] = one + 1
    counts["n"] = other + 1
    say(f"two read {one}, and each put back 1 more: {counts['n']}")
    manager.shutdown()
    try:
        len(numbers)
    except (EOFError, OSError):
        say("the manager has gone")


if __name__ == "__main__":
    main()
