"""A hostile visitor, who knows the secrets: attacks a server and, through it,
the owners of services."""
import contextlib

import speech
from aes import Seal
from client import Client
from lib import free_port
from speech import DATAGRAMS
from udp import secret_proxy
from wire import dial
from wires import Link, data, odd_frames, syn
from world import FILTERED, World, check_session

SECRET = "s3cret"
FILTERS = {"use_encryption": True, "use_compression": True}


class VisitorWorld(World):
    """With an owner of services of each kind."""

    def with_owner(self):
        self.with_server()
        echo, datagrams = self.calm.echo.port, self.calm.datagrams.port
        self.closed, self.port = free_port(), free_port()
        rows = [secret_proxy("s", "stcp", echo),
                secret_proxy("sf", "stcp", echo, **FILTERED),
                secret_proxy("closed", "stcp", self.closed),
                secret_proxy("u", "sudp", datagrams),
                secret_proxy("uf", "sudp", datagrams, **FILTERED)]
        self.targets = [echo, datagrams, self.closed, 9]
        allow = ",".join(map(str, self.targets))
        rows.append({"name": "offer", "type": "stcp", "secretKey": SECRET,
                     "plugin": {"type": "offer", "allow": allow,
                                "allowRemote": str(self.port)}})
        self.keys = {row["name"]: row["secretKey"] for row in rows}
        self.owner = self.client("owner", rows)
        return self

    def check_served(self):
        super().check_served()
        check_session(self.owner)


class Visitor(Client):
    @classmethod
    def world(cls, t, mux, tls):
        return VisitorWorld(t, mux, tls).with_owner()

    def key(self, name):
        return self.world.keys[name]

    def hello(self, name=None, run_id="", **more):
        """A NewVisitorConn with the right secret."""
        name = name or self.dice.choice(list(self.world.keys))
        if not more and name in ("sf", "uf"):
            more = FILTERS
        if name in ("u", "uf") and self.dice.random() < 0.5:
            more = {**more, **DATAGRAMS}
        return speech.visit(name, self.key(name), run_id, **more)

    def target(self):
        return self.dice.choice(self.world.targets)

    def asked(self):
        """A SOCKS request to the offer, mostly a right one."""
        if self.dice.random() < 0.3:
            return speech.odd_socks(self.dice, self.world.targets)
        if self.dice.random() < 0.3:
            return self.asked_for_a_port()
        return speech.socks(self.dice, "127.0.0.1", self.target(),
                            self.dice.choice([1, 1, 3]),
                            self.dice.choice([b"", b"early"]))

    def asked_for_a_port(self):
        """Some of them by the same name; with what a session may be."""
        name = "%032x" % self.dice.randrange(4) + self.dice.choice(
            ["", "", ".4", ".6", ".5"])
        port = self.dice.choice([0, self.world.port, self.world.port, 22])
        frames = b"".join(odd_frames(self.dice, [2, 4, 1])
                          for _ in range(self.dice.randrange(4)))
        return speech.socks(self.dice, name, port, 2, frames)

    def use_the_port(self):
        """With somebody who comes to it, perhaps."""
        with self.visited(self.hello("offer") + speech.socks(
                self.dice, "%032x" % 1, self.world.port, 2)) as s:
            s.recv()
            with contextlib.suppress(OSError), dial(self.world.port) as user:
                user.sendall(b"hello")
                for _ in range(self.some(6)):
                    s.send(odd_frames(self.dice, [2, 4, 1]))
                s.recv()

    def stuff(self):
        return self.dice.choice([
            self.asked, self.asked, self.payload,
            lambda: Seal(self.key("sf"))(self.payload()),
            lambda: speech.SNAPPY + self.payload(),
            lambda: speech.framed(self.dice) * self.some(20),
            lambda: speech.datagram(self.dice) * self.some(20)])()

    @contextlib.contextmanager
    def visited(self, hello):
        """A stream that begins so: of somebody logged in, or a stranger's."""
        if self.dice.random() < 0.5:
            with self.foe() as f, self.stream(f, hello) as s:
                yield s
            return
        with self.line() as raw:
            wire = self.laid(raw)
            if self.mux:
                yield wire.open(hello)
            else:
                wire.send(hello)
                yield wire

    def come_and_reset(self):
        for _ in range(self.some(8)):
            with self.visited(self.hello()):
                pass

    def early(self):
        """Payload right behind, perhaps before the answer is read."""
        with self.visited(self.hello() + self.stuff()) as s:
            if self.dice.random() < 0.5:
                s.recv()
                s.send(self.stuff())

    def wait_and_say(self):
        with self.visited(self.hello()) as s:
            s.recv()
            for _ in range(self.some(6)):
                s.send(self.stuff())
            if self.dice.random() < 0.5:
                s.recv()

    def ask_offer(self):
        with self.visited(self.hello("offer") + self.asked()) as s:
            for _ in range(self.dice.randrange(3)):
                s.recv()
            for _ in range(self.dice.randrange(3)):
                s.send(self.stuff())

    def ask_offer_and_go(self):
        for _ in range(self.some(8)):
            with self.visited(self.hello("offer") + self.asked()):
                pass

    def wrong(self):
        name = self.dice.choice([*self.world.keys, *self.world.calm.names,
                                 "nobody"])
        run_id = self.dice.choice(["", "unknown", *self.run_ids])
        hello = speech.visit(name, "guess", run_id, **self.filters())
        with self.visited(hello + self.stuff()):
            pass

    def other_filters(self):
        """Than those of the owner's side."""
        with self.visited(self.hello(**self.filters())) as s:
            for _ in range(3):
                s.send(self.stuff())
            s.recv()

    def hello_of_offer(self, raw):
        wire = self.laid(raw)
        hello = self.hello("offer") + speech.socks(
            self.dice, "127.0.0.1", self.world.targets[0])
        s = wire.open(hello) if isinstance(wire, Link) else wire
        if s is wire:
            wire.send(hello)
        for _ in range(3):
            s.recv()
        s.send(b"hello")
        s.recv()

    def hello_of_datagrams(self, raw):
        wire = self.laid(raw)
        hello = self.hello("uf", use_encryption=True) + Seal(
            self.key("uf"))(speech.datagram(self.dice) * 2)
        if isinstance(wire, Link):
            wire.open(hello).recv()
        else:
            wire.send(hello)
            wire.recv()

    def cut_offer(self):
        self.walk(self.hello_of_offer)

    def cut_datagrams(self):
        self.walk(self.hello_of_datagrams)

    def flipped(self):
        spoil = speech.flips(self.dice, self.dice.choice([30, 300, 3000]))
        with self.line(spoil=spoil) as raw:
            self.dice.choice([self.hello_of_offer,
                              self.hello_of_datagrams])(raw)

    def many_on_a_link(self):
        """Visits of all kinds on one link, which then ends."""
        with self.line() as raw:
            wire = self.laid(raw)
            if not self.mux:
                return
            ids = list(range(1, 2 * self.dice.randrange(2, 30), 2))
            parts = []
            if self.dice.random() < 0.7:
                parts.append(syn(ids[-1] + 2) + data(
                    ids[-1] + 2, speech.login(self.fresh_id())))
            parts += [syn(id) + data(id, self.hello() + self.dice.choice(
                [b"", self.stuff()])) for id in ids]
            if self.dice.random() < 0.5:
                parts += [odd_frames(self.dice, ids) for _ in ids]
            self.in_pieces(wire, parts)

    def drink_nothing(self):
        """An echo of much, which is not read."""
        if self.dice.random() < 0.7:
            return
        with self.visited(self.hello("s")) as s:
            for _ in range(self.some(16)):
                s.send(bytes(16384))

    def sip(self):
        """A byte at a time."""
        hello = self.hello("offer") + self.asked()
        with self.visited(hello[:1]) as s:
            for i in range(1, len(hello)):
                s.send(hello[i:i + 1])

    def table(self):
        return [
            (8, self.come_and_reset), (8, self.early),
            (8, self.wait_and_say), (10, self.ask_offer),
            (6, self.use_the_port),
            (8, self.ask_offer_and_go), (3, self.wrong),
            (4, self.other_filters), (10, self.cut_offer),
            (5, self.cut_datagrams), (5, self.flipped),
            (4, self.many_on_a_link), (1, self.drink_nothing),
            (1, self.sip), (3, self.odd_frames), (4, self.touch_kept),
            (1, self.change_mood),
            (2, self.half_goodbye)]
