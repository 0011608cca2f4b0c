"""An attack: steps out of a table, drawn by a seeded dice, for some seconds.
What a step leaves open lives on for a while, among what the next ones do."""
import collections
import contextlib
import time

from wires import Link, Over, Tls, Ws, connected, quiet, reset, shut

KEPT = 60


class Walk:
    """A conversation that is cut one byte later each time; how long it is
    shows when it is whole."""

    def __init__(self):
        self.length, self.at = 0, 0

    def budget(self, dice):
        if not self.length:
            return None
        if not self.at:
            self.at = dice.randrange(self.length)
        self.at = self.at % (self.length + 1) + 1
        return self.at

    def told(self, raw):
        self.length = max(self.length, raw.sent)


class Attack:
    def __init__(self, world, dice):
        self.world, self.dice = world, dice
        self.mux, self.tls, self.port = world.mux, world.tls, world.port
        self.kept, self.counts = [], collections.Counter()
        self.took = collections.Counter()
        self.walks = {}

    def table(self):
        """(weight, step) pairs."""
        raise NotImplementedError

    def run(self, seconds):
        """Steps; what they have left open lives on, until close."""
        end = time.monotonic() + seconds
        weights, steps = zip(*self.table())
        while time.monotonic() < end:
            self.take(self.dice.choices(steps, weights)[0])
            self.world.look()

    def take(self, step):
        began = time.monotonic()
        with contextlib.suppress(Over, OSError):
            step()
        self.counts[step.__name__] += 1
        self.took[step.__name__] += time.monotonic() - began

    def close(self):
        for raw in self.kept:
            raw.s.close()
        self.kept = []

    # connections

    @contextlib.contextmanager
    def line(self, port=None, **kw):
        """A connection that is left in some way in the end."""
        raw = connected(port or self.port, **kw)
        try:
            yield raw
        finally:
            self.leave(raw)

    def leave(self, raw):
        """Reset, closed, ended one way, spoilt at the end or fallen silent."""
        how = self.dice.randrange(10)
        if how < 4:
            reset(raw.s)
        elif how < 6:
            raw.s.close()
        else:
            if how == 6:
                raw.left = None
                with contextlib.suppress(Over):
                    raw.send(self.dice.randbytes(self.dice.choice([1, 99])))
            elif how == 7:
                shut(raw.s)
            self.keep(raw)

    def keep(self, raw):
        self.kept.append(raw)
        if len(self.kept) > KEPT:
            old = self.kept.pop(self.dice.randrange(len(self.kept)))
            self.dice.choice([reset, quiet])(old.s)

    def touch_kept(self):
        """One of those left open says or ends something."""
        if not self.kept:
            return
        raw = self.kept.pop(self.dice.randrange(len(self.kept)))
        with contextlib.suppress(Over):
            if self.dice.random() < 0.3:
                raw.send(self.dice.randbytes(self.dice.choice([1, 12, 3000])))
        self.leave(raw)

    def change_mood(self):
        """Of the name server that our programs ask."""
        self.world.names.mood = self.dice.choice(
            ["", "silent", "servfail", "nxdomain", "truncate", "wrong_id"])

    # layers

    def dressed(self, raw):
        """In TLS or not, as this attack is, but for some."""
        odd = self.dice.random() < 0.15
        under = Ws(raw) if self.dice.random() < 0.05 else raw
        if self.tls == odd:
            return under
        if self.dice.random() < 0.5:
            under.send(b"\x17")
        return Tls(under)

    def laid(self, raw):
        """A link, or the connection itself when there is no mux."""
        wire = self.dressed(raw)
        return Link(wire) if self.mux else wire

    def walk_of(self, name):
        return self.walks.setdefault(name, Walk())

    def walk(self, talk, port=None):
        """That conversation, up to some byte."""
        walk = self.walk_of(talk.__name__)
        with self.line(port, budget=walk.budget(self.dice)) as raw:
            try:
                talk(raw)
            finally:
                walk.told(raw)

    def some(self, n):
        """A number up to n, small ones rather."""
        return int(n ** self.dice.random())
