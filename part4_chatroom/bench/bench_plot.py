"""Draws what ./tutorial bench prints: ./tutorial bench | python3 part4_chatroom/bench/bench_plot.py > docs/speed.svg
and ./tutorial bench --backend | python3 part4_chatroom/bench/bench_plot.py > docs/idle.svg

Of the first, one panel for each size of the window; in each, what part of the floor's deliveries a second every server
reaches, over the number of clients. Of the second, what a message costs each server, over the number of idle guests;
on both axes each step is ten times the one before. Only Python's own library is needed.
"""
import math
import re
import sys

WIDTH, HEIGHT, LEFT, TOP, GAP = 330, 220, 50, 72, 70
COLOURS = {"floor": "#888888", "server": "#0b62a4", "python": "#c25b12"}
CALLS = {"select": "#0b62a4", "poll": "#c25b12", "epoll": "#2f7d32"}
ON_DARK = {"#0b62a4": "#6cb6ff", "#c25b12": "#f0a35e", "#2f7d32": "#7ee787"}


def read(lines):
    """{window: {server: [(clients, ratio), ...]}}"""
    panels, clients, window = {}, 0, 0
    for line in lines:
        if head := re.match(r"(\d+) clients, 1 speaking, windows of (\d+), 64 bytes", line):
            clients, window = map(int, head.groups())
        elif row := re.match(r"(\w+) +\d+ +(\d+\.\d+) ", line):
            panels.setdefault(window, {}).setdefault(row[1], []).append((clients, float(row[2])))
    return panels


def text(x, y, words, more=""):
    return f'<text x="{x:.0f}" y="{y:.0f}" {more}>{words}</text>'


def panel(window, servers, left):
    sizes = [clients for clients, _ in servers["floor"]]
    highest = max(1.2, *(ratio for points in servers.values() for _, ratio in points))
    x = {size: left + WIDTH * (i + 0.5) / len(sizes) for i, size in enumerate(sizes)}

    def y(ratio):
        return TOP + HEIGHT * (1 - ratio / highest)

    yield text(left, TOP - 12, f"{window} message{'s' * (window > 1)} at once", 'font-weight="bold"')
    for tick in range(int(highest / 0.2) + 1):
        ratio = tick / 5
        yield f'<line x1="{left}" x2="{left + WIDTH}" y1="{y(ratio):.1f}" y2="{y(ratio):.1f}" stroke="#dddddd"/>'
        yield text(left - 8, y(ratio) + 4, f"{ratio:.1f}", 'text-anchor="end"')
    for size in sizes:
        yield text(x[size], TOP + HEIGHT + 18, size, 'text-anchor="middle"')
    yield text(left + WIDTH / 2, TOP + HEIGHT + 38, "clients in the room", 'text-anchor="middle"')
    for name, points in servers.items():
        yield from curve([(x[size], y(ratio)) for size, ratio in points], COLOURS[name])


def curve(places, colour):
    path = " ".join(f"{px:.1f},{py:.1f}" for px, py in places)
    yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    for px, py in places:
        yield f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3.5" fill="{colour}"/>'


def read_idle(lines):
    """{call: [(idle guests, microseconds a message), ...]}"""
    rows = [re.match(r" *(\d+) " + r" +(-|[\d.]+ us)" * 3 + "$", line) for line in lines]
    return {call: [(int(row[1]), float(row[i].split()[0])) for row in rows if row and row[i] != "-"]
            for i, call in enumerate(CALLS, 2)}


def idle_panel(calls):
    sizes = [size for size, _ in calls["poll"]]
    costs = [math.log10(cost) for points in calls.values() for _, cost in points]
    least, most = math.floor(min(costs)), math.ceil(max(costs))
    left, right = LEFT + 40, LEFT + 2 * WIDTH

    def x(size):
        return left + 20 + (right - left - 40) * math.log10(size / sizes[0]) / math.log10(sizes[-1] / sizes[0])

    def y(cost):
        return TOP + HEIGHT * (most - math.log10(cost)) / (most - least)

    for cost in (10**power for power in range(least, most + 1)):
        yield f'<line x1="{left}" x2="{right}" y1="{y(cost):.1f}" y2="{y(cost):.1f}" stroke="#dddddd"/>'
        yield text(left - 8, y(cost) + 4, f"{cost:,} us", 'text-anchor="end"')
    for size in sizes:
        yield text(x(size), TOP + HEIGHT + 18, f"{size:,}", 'text-anchor="middle"')
    yield text((left + right) / 2, TOP + HEIGHT + 38, "idle guests", 'text-anchor="middle"')
    for call, points in calls.items():
        yield from curve([(x(size), y(cost)) for size, cost in points], CALLS[call])


def main():
    lines = list(sys.stdin)
    panels, calls = read(lines), read_idle(lines)
    if panels:
        title, colours = "Deliveries a second, as a part of what the bare loop of recv and send (the floor) delivers", COLOURS
        parts = [panel(window, servers, LEFT + i * (WIDTH + GAP)) for i, (window, servers) in enumerate(sorted(panels.items()))]
    elif any(calls.values()):
        title, colours = "The server's processor time for a message from one guest to one other", CALLS
        parts = [idle_panel(calls)]
    else:
        sys.exit("bench_plot.py: nothing to draw: give it what ./tutorial bench prints")
    width = LEFT + (len(panels) or 2) * (WIDTH + GAP)
    height = TOP + HEIGHT + 50
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13">')
    print("<style>\n@media (prefers-color-scheme: dark) {\n  rect { fill: #0d1117 }\n  text:not([fill]) { fill: #e6edf3 }")
    print("  line { stroke: #3d444d }")
    for light, dark in ON_DARK.items():
        if light in colours.values():
            print(f'  [fill="{light}"] {{ fill: {dark} }} [stroke="{light}"] {{ stroke: {dark} }}')
    print("}\n</style>")
    print('<rect width="100%" height="100%" fill="white"/>')
    print(text(LEFT, 18, title))
    for i, (name, colour) in enumerate(colours.items()):
        print(f'<circle cx="{LEFT + 90 * i + 5}" cy="36" r="4" fill="{colour}"/>')
        print(text(LEFT + 90 * i + 15, 40, name, f'fill="{colour}"'))
    for part in parts:
        print("\n".join(part))
    print("</svg>")


main()
