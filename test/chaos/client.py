"""A hostile client: attacks a server as a stranger, and logged in."""
import contextlib

import speech
from attack import Attack
from aes import Seal
from speech import TOKEN
from wires import (SYN, WINDOW, Link, Over, Ws, connected, data, frame,
                   message, odd_frames, quiet, reset, syn, ws_frame)
from world import World

FOES = 8


class Foe:
    """Somebody logged in, who knows the token."""

    def __init__(self, attack, raw, run_id, **login):
        self.raw, self.run_id, self.proxies = raw, run_id, []
        self.seal = Seal(TOKEN)
        hello = speech.login(run_id, **login)
        wire = attack.laid(raw)
        self.link = wire if isinstance(wire, Link) else None
        if self.link:
            self.control = self.link.open(hello)
        else:
            self.control = wire
            wire.send(hello)

    def say(self, *messages):
        self.control.send(self.seal(b"".join(messages)))

    def answer(self):
        """The LoginResp is taken."""
        message(self.control)
        return self


class Client(Attack):
    """Also what a visitor needs, who logs in like anyone."""

    def __init__(self, world, dice):
        super().__init__(world, dice)
        self.foes, self.run_ids = [], [speech.new_id(dice)]

    @classmethod
    def world(cls, t, mux, tls):
        return World(t, mux, tls).with_server()

    def close(self):
        for f in self.foes:
            f.raw.s.close()
        self.foes = []
        super().close()

    def fresh_id(self):
        self.run_ids = self.run_ids[-20:] + [speech.new_id(self.dice)]
        return self.run_ids[-1]

    def log_in(self, **login):
        raw = connected(self.port)
        try:
            return Foe(self, raw, self.fresh_id(), **login).answer()
        except Over:
            self.leave(raw)
            raise

    @contextlib.contextmanager
    def foe(self):
        """One of those logged in, or somebody new."""
        full = len(self.foes) >= FOES
        if full or self.foes and self.dice.random() < 0.8:
            f = self.foes.pop(self.dice.randrange(len(self.foes)))
        else:
            f = self.log_in()
        try:
            yield f
        except Over:
            self.leave(f.raw)
            raise
        if full and self.dice.random() < 0.2:
            self.leave(f.raw)
        else:
            self.foes.append(f)

    @contextlib.contextmanager
    def stream(self, f, early=b""):
        """Another stream of that client's, left in some way."""
        if not f.link:
            with self.line() as raw:
                wire = self.dressed(raw)
                wire.send(early)
                yield wire
            return
        s = f.link.open(early)
        yield s
        for end in self.dice.choice([(), (s.fin,), (s.rst,), (s.fin, s.rst),
                                     (s.rst, s.fin)]):
            end()

    def names(self):
        """Everybody's, and nobody's."""
        own = [name for f in self.foes for _, _, name in f.proxies]
        return self.world.calm.names + own + ["nobody", ""]

    def ports(self):
        calm = self.world.calm
        return self.world.spare + [calm.port, calm.udp, 0, -1, 70000]

    def message(self):
        if self.dice.random() < 0.15:
            return speech.broken(self.dice)
        return speech.anything(self.dice, self.names(), self.run_ids,
                               self.ports())

    # strangers

    def come_and_go(self):
        for _ in range(self.some(12)):
            with self.line():
                pass

    def garbage(self):
        with self.line() as raw:
            raw.send(self.dice.choice([
                b"\x16\x03\x01\x00\x05hello", b"\x17", b"\x17\x16\x03\x01",
                b"SSH-2.0-x\r\n", b"PRI * HTTP/2.0\r\n", Ws.ASK[:20],
                bytes(99),
                self.dice.randbytes(self.some(5000))]))

    def garbage_in_layers(self):
        with self.line() as raw:
            self.dressed(raw).send(self.dice.randbytes(self.some(5000)))

    def first_message(self):
        """As the first of a stream, many at once."""
        with self.line() as raw:
            wire = self.laid(raw)
            if not self.mux:
                wire.send(b"".join(self.message()
                                   for _ in range(self.some(5))))
                return
            wire.send(b"".join(syn(id) + data(id, self.message())
                               for id in range(1, 2 * self.some(40), 2)))

    def byte_by_byte(self):
        with self.line() as raw:
            wire = self.dressed(raw)
            hello = speech.login(self.fresh_id())
            if self.mux:
                hello = syn(1) + data(1, hello)
            for i in range(len(hello)):
                wire.send(hello[i:i + 1])

    def wrong_token(self):
        with self.line() as raw:
            Foe(self, raw, self.fresh_id(), token="wrong").answer()

    def websocket(self):
        """Its frames may be right, and what is in them too."""
        hello = speech.login(self.fresh_id())
        if self.mux:
            hello = syn(1) + data(1, hello)
        good = ws_frame(hello)
        with self.line() as raw:
            raw.send(self.dice.choice([
                Ws.ASK, Ws.ASK.replace(b"13", b"12"), Ws.ASK + good]))
            raw.send(self.dice.choice([
                good, good[:self.some(len(good))], good * 2,
                *(ws_frame(b"ab", opcode) for opcode in (0, 1, 8, 9, 10, 3)),
                ws_frame(hello, mask=False), b"\x82\xff" + b"\xff" * 8,
                b"\xf2" + good[1:], b"\x02" + good[1:] * 2, Ws.ASK]))

    def hello(self, raw):
        """The whole of a good beginning."""
        f = Foe(self, raw, self.fresh_id()).answer()
        port = self.world.spare[0]
        f.say(speech.proxy("walk", "tcp", port), speech.ping())
        f.control.recv()
        if f.link:
            f.link.open(speech.work(f.run_id))

    def cut_hello(self):
        self.walk(self.hello)

    def flipped_hello(self):
        spoil = speech.flips(self.dice, self.dice.choice([30, 300, 3000]))
        with self.line(spoil=spoil) as raw:
            self.hello(raw)

    # links

    def streams_and_logins(self):
        """Several on one link: silent ones, logins with one or many run ids,
        garbage on the first."""
        ids = list(range(1, 2 * self.dice.randrange(2, 30), 2))
        same = self.fresh_id()
        with self.line() as raw:
            wire = self.laid(raw)
            if not self.mux:
                wire.send(speech.login(same) * 3)
                return
            parts = [syn(id) for id in ids]
            for id in self.dice.sample(ids, min(len(ids), 5)):
                run_id = self.dice.choice([same, same, self.fresh_id()])
                parts.append(data(id, speech.login(run_id)))
            parts.append(data(1, self.dice.randbytes(20)))
            if self.dice.random() < 0.5:
                parts.append(odd_frames(self.dice, ids))
            self.in_pieces(wire, parts)

    def in_pieces(self, wire, parts):
        """All in one, or each alone."""
        if self.dice.random() < 0.5:
            parts = [b"".join(parts)]
        for part in parts:
            wire.send(part)

    def two_logins_on_a_link(self):
        with self.foe() as f:
            if f.link:
                again = speech.login(self.dice.choice([f.run_id, "other"]))
                for _ in range(self.dice.randrange(1, 4)):
                    f.link.open(again)
            else:
                f.control.send(speech.login(f.run_id))

    def odd_frames(self):
        with self.foe() as f:
            if f.link:
                ids = [1, 1, f.link.next - 2, 2, 0]
                for _ in range(self.some(6)):
                    f.link.send(odd_frames(self.dice, ids))
            else:
                f.control.send(self.dice.randbytes(30))

    def odd_frames_of_a_stranger(self):
        with self.line() as raw:
            self.dressed(raw).send(b"".join(
                odd_frames(self.dice, [1, 3]) for _ in range(5)))

    def many_streams(self):
        with self.foe() as f:
            if f.link:
                n = f.link.next
                f.link.next += 600
                self.in_pieces(f.link, [
                    frame(WINDOW, SYN, id) for id in range(n, n + 600, 2)])

    # logged in

    def come_back(self):
        """The same run id from somewhere else, and once more."""
        with self.foe() as f:
            for _ in range(self.some(6)):
                with self.line() as raw:
                    Foe(self, raw, f.run_id)

    def flash(self, *messages, **login):
        """A whole session, over right behind what it says."""
        raw = connected(self.port)
        try:
            f = Foe(self, raw, self.fresh_id(), **login)
            if messages and self.dice.random() < 0.95:
                f.answer()
            if messages:
                f.say(*messages)
        finally:
            self.dice.choice([reset, reset, quiet])(raw.s)

    def rush(self):
        self.flash(*(self.message() for _ in range(self.some(20))))

    def claims(self):
        """What others hold, and gone at once, again and again."""
        calm = self.world.calm
        for _ in range(self.dice.choice([1, 4, 12])):
            self.flash(speech.proxy(self.dice.choice(calm.names)),
                       speech.proxy("x", "tcp", calm.port),
                       speech.proxy("y", "udp", calm.udp))

    def claims_by_name(self):
        """The client id of another who is there."""
        for _ in range(self.dice.choice([1, 4, 12])):
            self.flash(client_id="calm")

    def claims_in_a_row(self):
        """Each holds a name and claims the next one's; then all go."""
        n, row = 2 + self.some(30), []
        base = speech.new_id(self.dice)
        try:
            for i in range(n):
                row.append(self.log_in())
                row[i].say(speech.proxy(f"{base}{i}", "stcp"))
            for i, f in enumerate(row):
                f.say(speech.proxy(f"{base}{(i + 1) % n}", "stcp"))
        finally:
            for f in row:
                self.leave(f.raw)

    def claims_of_who_goes(self):
        """What somebody holds whose connection breaks at that moment."""
        me = self.fresh_id()
        names = [f"{me} {i}" for i in range(4)]
        goes = self.log_in(client_id=me)
        with self.foe() as f, self.line() as raw:
            try:
                goes.say(*(speech.proxy(name, "stcp") for name in names))
                wire, hello = self.laid(raw), speech.login("", client_id=me)
                goes.control.recv()
                for _ in range(self.dice.randrange(6)):
                    f.say(*(speech.proxy(name, "stcp") for name in names))
                for _ in range(self.dice.randrange(4) if self.mux else 1):
                    wire.open(hello) if self.mux else wire.send(hello)
            finally:
                reset(goes.raw.s)

    def say_things(self):
        with self.foe() as f:
            f.say(*(self.message() for _ in range(self.some(12))))

    def spoil_control(self):
        with self.foe() as f:
            f.control.send(self.dice.randbytes(self.some(3000)))

    def close_foreign(self):
        with self.foe() as f:
            f.say(*(speech.packed(b"c", {"proxy_name": name})
                    for name in self.names()))

    def own_proxy(self):
        types = ["tcp", "tcp", "udp", "stcp", "sudp"]
        with self.foe() as f:
            type, port = self.dice.choice(types), 0
            if type in ("tcp", "udp"):
                port = self.dice.choice(self.world.spare)
            name = f"{f.run_id} {type} {port}"
            f.say(speech.proxy(name, type, port, **self.filters()))
            f.proxies.append((type, port, name))

    def filters(self):
        return {key: True for key in ("use_encryption", "use_compression")
                if self.dice.random() < 0.4} | self.dice.choice(
                    [{}, speech.DATAGRAMS])

    def payload(self):
        return self.dice.choice([
            b"", b"x", *speech.SPOILT, self.dice.randbytes(self.some(60000)),
            Seal(TOKEN)(speech.SPOILT[1]), speech.datagram(self.dice),
            speech.framed(self.dice)])

    def use_own(self):
        """User and service of an own port, both odd."""
        with self.foe() as f:
            kinds = [p for p in f.proxies if p[0] == "tcp"]
            if not kinds:
                return
            with self.line(self.dice.choice(kinds)[1]) as user:
                user.send(self.payload())
                with self.stream(f, speech.work(f.run_id)) as s:
                    self.begin_work(s)

    def begin_work(self, s):
        """Mostly only when told to: what comes before is refused."""
        if self.dice.random() < 0.8:
            s.recv()
        for _ in range(self.some(4)):
            s.send(self.payload())

    def use_own_datagrams(self):
        with self.foe() as f:
            ports = [p[1] for p in f.proxies if p[0] == "udp"]
            if not ports:
                return
            self.world.shoot(self.dice.choice(ports), self.dice,
                             self.some(20))
            with self.stream(f, speech.work(f.run_id)) as s:
                self.begin_work(s)

    def visit_own(self):
        with self.foe() as f:
            names = [p[2] for p in f.proxies if p[0] in ("stcp", "sudp")]
            if not names:
                return
            name = self.dice.choice(names)
            key = self.dice.choice([f"key of {name}"] * 3 + ["wrong"])
            hello = speech.visit(name, key, f.run_id, **self.filters())
            with self.stream(f, hello + self.payload()) as visitor:
                with self.stream(f, speech.work(f.run_id)) as s:
                    self.begin_work(s)
                    visitor.send(self.payload())

    def works(self):
        """Work streams that nobody asked for, of anybody."""
        with self.foe() as f:
            ids = [f.run_id, f.run_id, *self.run_ids, "unknown", ""]
            for _ in range(self.some(12)):
                with self.stream(f, speech.work(self.dice.choice(ids))):
                    pass

    def never_reads(self):
        """A user of an own port pours, and its service does not drink."""
        with self.foe() as f:
            ports = [p[1] for p in f.proxies if p[0] == "tcp"]
            if not ports or self.dice.random() < 0.7:
                return
            with self.line(self.dice.choice(ports)) as user:
                with self.stream(f, speech.work(f.run_id)):
                    for _ in range(self.some(8)):
                        user.send(bytes(65536))

    def half_goodbye(self):
        """A client that ends its own way only."""
        if self.foes:
            f = self.foes.pop()
            with contextlib.suppress(OSError):
                f.raw.s.shutdown(1)
            self.keep(f.raw)

    def table(self):
        return [
            (2, self.come_and_go), (3, self.garbage),
            (3, self.garbage_in_layers), (4, self.first_message),
            (1, self.byte_by_byte), (1, self.wrong_token),
            (3, self.websocket), (14, self.cut_hello),
            (6, self.flipped_hello), (5, self.streams_and_logins),
            (4, self.two_logins_on_a_link), (4, self.odd_frames),
            (4, self.odd_frames_of_a_stranger), (1, self.many_streams),
            (3, self.come_back), (5, self.rush), (4, self.claims),
            (2, self.claims_by_name), (1, self.claims_in_a_row),
            (4, self.claims_of_who_goes),
            (6, self.say_things), (2, self.spoil_control),
            (2, self.close_foreign), (8, self.own_proxy),
            (10, self.use_own), (5, self.use_own_datagrams),
            (6, self.visit_own), (4, self.works), (1, self.never_reads),
            (3, self.half_goodbye), (6, self.touch_kept)]
