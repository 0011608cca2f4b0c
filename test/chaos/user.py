"""A hostile user: attacks the ports that everybody can reach."""
import contextlib
import socket

import speech
from attack import Attack
from lib import free_port, tcp_proxy
from speech import framed, odd_socks, socks
from udp import secret_proxy, udp_proxy, visitor
from visitor import VisitorWorld
from wires import Over, connected, quiet, reset, shut
from world import FILTERED, check_session

BURST = 200


class UserWorld(VisitorWorld):
    """The owner has public ports too, and a guest the ways to the private."""

    def with_guest(self):
        self.with_owner()
        echo, datagrams = self.calm.echo.port, self.calm.datagrams.port
        rows = [tcp_proxy("t", echo), tcp_proxy("tf", echo, **FILTERED),
                tcp_proxy("nothing", self.closed),
                {"name": "socks", "type": "tcp", "remotePort": free_port(),
                 "plugin": {"type": "socks5"}},
                udp_proxy("d", datagrams),
                udp_proxy("df", datagrams, **FILTERED)]
        self.public = self.client("public", rows)
        secret = [secret_proxy(name, type, 1, secretKey=self.keys[name])
                  for name, type in (("s", "stcp"), ("sf", "stcp"),
                                     ("offer", "stcp"), ("u", "sudp"),
                                     ("uf", "sudp"))]
        ways = [visitor(row, **(FILTERED if row["name"].endswith("f") else
                                {})) for row in secret]
        self.guest = self.client("guest", visitors=ways)
        at = [row["remotePort"] for row in rows]
        to = [row["bindPort"] for row in ways]
        self.streams = at[:4] + to[:3]
        self.socks = [at[3], to[2]]
        self.offer = to[2]
        self.udp = at[4:] + to[3:]
        return self

    def check_served(self):
        super().check_served()
        for p in (self.public, self.guest):
            check_session(p)


class User(Attack):
    @classmethod
    def world(cls, t, mux, tls):
        return UserWorld(t, mux, tls).with_guest()

    def any_port(self):
        return self.dice.choice(self.world.streams)

    def target(self):
        return self.dice.choice(self.world.targets)

    def payload(self):
        return self.dice.choice([
            b"x", self.dice.randbytes(self.some(60000)),
            b"GET / HTTP/1.1\r\n\r\n", self.asked(), bytes(65536)])

    def asked(self):
        if self.dice.random() < 0.3:
            return odd_socks(self.dice, self.world.targets)
        return socks(self.dice, "127.0.0.1", self.target(),
                     self.dice.choice([1, 1, 1, 3]),
                     self.dice.choice([b"", b"early"]))

    def come_and_reset(self):
        port = self.any_port()
        for _ in range(self.some(20)):
            reset(connected(port).s)

    def come_and_go(self):
        port = self.any_port()
        for _ in range(self.some(20)):
            connected(port).s.close()

    def say_and_leave(self):
        with self.line(self.any_port()) as raw:
            for _ in range(self.some(5)):
                raw.send(self.payload())

    def talk(self):
        with self.line(self.any_port()) as raw:
            for _ in range(self.some(5)):
                raw.send(self.payload())
                raw.recv()

    def half_close(self):
        with self.line(self.any_port()) as raw:
            raw.send(self.payload())
            shut(raw.s, self.dice.choice([socket.SHUT_WR, socket.SHUT_RD]))
            if self.dice.random() < 0.5:
                raw.recv()

    def burst(self):
        """Many at once, who all go in one way."""
        port, users = self.any_port(), []
        try:
            with contextlib.suppress(Over):
                for _ in range(self.dice.choice([20, BURST])):
                    users.append(connected(port))
                    if self.dice.random() < 0.3:
                        users[-1].send(self.asked())
        finally:
            end = self.dice.choice([reset, quiet])
            for raw in users:
                end(raw.s)

    def drink_nothing(self):
        """An echo of much, which is not read."""
        with self.line(self.any_port()) as raw:
            if raw.s.getsockname()[1] % 4:
                raw.send(b"x")
                return
            for _ in range(self.some(32)):
                raw.send(bytes(65536))

    def ask_and_reset(self):
        """All in one piece, and gone."""
        port = self.dice.choice(self.world.socks)
        for _ in range(self.some(12)):
            raw = connected(port)
            with contextlib.suppress(Over):
                raw.send(self.asked())
            reset(raw.s)

    def ask(self):
        with self.line(self.dice.choice(self.world.socks)) as raw:
            raw.send(self.asked())
            for _ in range(self.dice.randrange(3)):
                raw.recv()
            for _ in range(self.dice.randrange(3)):
                raw.send(self.payload())

    def byte_by_byte(self):
        with self.line(self.dice.choice(self.world.socks)) as raw:
            for byte in self.asked():
                raw.send(bytes([byte]))

    def whole_request(self, raw):
        raw.send(b"\5\1\0")
        raw.recv()
        raw.send(socks(self.dice, "127.0.0.1", self.world.targets[0])[3:])
        raw.recv()
        raw.send(b"hello")
        raw.recv()

    def cut_request(self):
        self.walk(self.whole_request, self.dice.choice(self.world.socks))

    def flipped(self):
        spoil = speech.flips(self.dice, 30)
        with self.line(self.dice.choice(self.world.socks),
                       spoil=spoil) as raw:
            self.whole_request(raw)

    def associate(self):
        """Datagrams in frames, right and wrong, to one of the targets."""
        with self.line(self.world.offer) as raw:
            raw.send(socks(self.dice, "127.0.0.1", self.target(), 3))
            if self.dice.random() < 0.7:
                raw.recv()
            for _ in range(self.some(30)):
                raw.send(framed(self.dice))

    def datagrams(self):
        self.world.shoot(self.dice.choice(self.world.udp), self.dice,
                         self.some(BURST))

    def datagrams_and_answers(self):
        """One source that reads what comes."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.02)
            s.connect(("127.0.0.1", self.dice.choice(self.world.udp)))
            for _ in range(self.some(10)):
                s.send(self.dice.choice([
                    b"", b"REPLY 65507", b"REPLY 0", b"MUTE",
                    self.dice.randbytes(self.some(65507))]))
            s.recv(65536)

    def table(self):
        return [
            (6, self.come_and_reset), (3, self.come_and_go),
            (8, self.say_and_leave), (6, self.talk), (6, self.half_close),
            (1, self.burst), (3, self.drink_nothing),
            (10, self.ask_and_reset), (8, self.ask), (2, self.byte_by_byte),
            (10, self.cut_request), (4, self.flipped), (5, self.associate),
            (4, self.datagrams), (4, self.datagrams_and_answers),
            (6, self.touch_kept), (1, self.change_mood)]
