"""What is measured: the words for build/bench/load, and what of its answer
is kept."""
import collections
import json
import subprocess

# name: for people and the keys of results; words: for load; keep: from its
# answer to {metric: value}; main: the metric that is compared; more: whether
# more of it is better.
Point = collections.namedtuple("Point", "case name words keep main unit more")


def _bulk(answer):
    mb = answer["up_mb"] + answer["down_mb"]
    gb = mb * answer["seconds"] / 1000 or 1e-9
    return {"MB/s": mb, "server s/GB": answer["server_cpu"] / gb,
            "client s/GB": answer["client_cpu"] / gb}


def _ping(answer):
    return {"p50 us": answer["p50_us"], "p99 us": answer["p99_us"],
            "p99.9 us": answer["p999_us"]}


def _rate(answer):
    return {"conn/s": answer["rate"], "server us": answer["server_us"],
            "client us": answer["client_us"]}


def _udp(answer):
    return {"answered/s": answer["answered"], "sent/s": answer["sent"],
            "lost": answer["lost"]}


def bulk(case, name, *words):
    return Point(case, name, ["bulk", *words], _bulk, "MB/s", "MB/s", True)


def ping(case, name, *words):
    return Point(case, name, ["ping", *words], _ping, "p50 us", "µs", False)


def _streams(n, way):
    return bulk("bulk", f"{n} {way}", "--streams", n, "--way", way)


def _in_flight(n):
    return Point("rate", f"{n} at a time", ["rate", "--flight", n], _rate,
                 "conn/s", "conn/s", True)


DELAY_WARM_MS = 600  # what opens its window needs round trips

POINTS = {
    "bulk": [_streams(n, way) for n in (1, 8)
             for way in ("down", "up", "both")],
    "latency": [ping("latency", "alone"),
                ping("latency", "beside bulk", "--beside")],
    "rate": [_in_flight(n) for n in (1, 16, 64)],
    "udp": [Point("udp", "512 bytes, 32 under way",
                  ["udp", "--size", 512, "--flight", 32], _udp,
                  "answered/s", "/s", True)],
    "slow": [bulk("slow", "7 fast beside 1 slow", "--streams", 8, "--slow",
                  1)],
    "delay": [bulk("delay", "1 down, 50 ms", "--warm", DELAY_WARM_MS)],
}

# What --quick leaves out.
SLOW_POINTS = {"1 both", "8 both", "1 up", "8 up", "1 at a time",
               "64 at a time"}


def load(program, words, timeout=60):
    """The answer of the load program; None and why when there is none."""
    done = subprocess.run([program, *map(str, words)], text=True,
                          capture_output=True, timeout=timeout)
    if done.returncode != 0:
        return None, done.stderr.strip()
    return json.loads(done.stdout.splitlines()[-1]), None


def sample(program, point, tunnel, service, window):
    """One measurement: {metric: value}, or None and why not."""
    words = [*point.words, "--to", tunnel.port, "--service", service,
             "--window", int(window * 1000)]
    for end in ("server", "client"):
        pids = tunnel.pids(getattr(tunnel, end))
        if pids:
            words += [f"--{end}-pids", ",".join(map(str, pids))]
    try:
        answer, why = load(program, words)
    except subprocess.TimeoutExpired:
        return None, "no end after 60 s"
    return (point.keep(answer), None) if answer else (None, why)
