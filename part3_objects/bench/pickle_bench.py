"""How fast is loads() of part 3, next to the unpickler of this Python, which is written in C?

Usage: python3 pickle_bench.py BUILD/part3_objects/loads_bench

Both load the same pickles, one after the other, three times each; the fastest round of each counts, in milliseconds of
processor time.
"""
import pickle
import subprocess
import sys
import time

OBJECTS = {
    'list of 100,000 ints': list(range(100_000)),
    'list of 100,000 floats': [i / 7 for i in range(100_000)],
    'list of 70,000 strs': [f'text {i}' for i in range(70_000)],
    'list of 20,000 dicts': [{'id': i, 'name': f'name {i}'} for i in range(20_000)],
    'dict of 100,000 ints': {i: i for i in range(100_000)},
    'dict of 70,000 strs': {f'key {i}': i for i in range(70_000)},
    'list of 40,000 tuples': [(i, [i]) for i in range(40_000)],
    'bytes of 1 MB': bytes(1_000_000),
    'str of 1 MB': 'x' * 1_000_000,
    'str of 300,000 Chinese': '\u4f60\u597d' * 150_000,
}


def fastest_round(pickled):
    fastest = float('inf')
    begin = now = time.process_time()
    while now < begin + 0.3:
        pickle.loads(pickled)
        after = time.process_time()
        fastest, now = min(fastest, after - now), after
    return fastest


def fastest_round_of_ours(program, pickled):
    return float(subprocess.run([program], input=pickled, stdout=subprocess.PIPE, check=True).stdout)


def main():
    [program] = sys.argv[1:]
    print(f'{"object":24}{"pickle":>10}{"loads()":>10}{"Python":>10}{"times":>8}')
    for name, value in OBJECTS.items():
        pickled = pickle.dumps(value, 4)
        rounds = [(fastest_round_of_ours(program, pickled), fastest_round(pickled)) for _ in range(3)]
        ours, pythons = (min(column) * 1000 for column in zip(*rounds))
        print(f'{name:24}{len(pickled):10,}{ours:10.3f}{pythons:10.3f}{ours / pythons:8.2f}', flush=True)


if __name__ == '__main__':
    main()
