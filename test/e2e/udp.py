"""Datagrams: a service, users, and whether each gets its own in order."""
import random
import resource
import select
import socket
import time

from proc import Failure
from wire import free_port, in_thread, pattern

WAIT = 15
SO_RCVBUFFORCE = 33


def descriptors(n):
    """Room for so many, if the machine allows; how many there may be."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = n if hard == resource.RLIM_INFINITY else min(n, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most


def deep(s, n=64 << 20):
    """A socket that takes a burst: true if it may be that deep."""
    try:
        s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, n)
    except PermissionError:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, n)
    return s.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) >= n


def family_of(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET


class UdpEcho:
    """Sends back what comes; b"REPLY n" is answered with n bytes, and what
    begins with b"MUTE" not at all. .sources are those who ever sent."""

    def __init__(self, host="127.0.0.1", port=0):
        self.s = socket.socket(family_of(host), socket.SOCK_DGRAM)
        self.deep = deep(self.s)
        self.s.bind((host, port))
        self.port = self.s.getsockname()[1]
        self.sources, self.got, self.last = set(), 0, b""
        in_thread(self._serve)

    def _serve(self):
        while True:
            try:
                data, source = self.s.recvfrom(65536)
                self.sources.add(source)
                self.got += 1
                self.last = data
                if data.startswith(b"REPLY "):
                    data = bytes(int(data[6:]))
                if data.startswith(b"MUTE"):
                    continue
                self.s.sendto(data, source)
            except ConnectionRefusedError:
                continue
            except OSError:
                return

    def close(self):
        self.s.close()


class UdpUser:
    def __init__(self, port, host="127.0.0.1", timeout=WAIT):
        self.s = socket.socket(family_of(host), socket.SOCK_DGRAM)
        self.s.settimeout(timeout)
        self.s.connect((host, port))

    def send(self, data):
        self.s.send(data)

    def receive(self):
        """The next datagram, or None when none comes."""
        try:
            return self.s.recv(65536)
        except TimeoutError:
            return None

    def ask(self, data=b"are you there?"):
        self.send(data)
        return self.receive()

    def close(self):
        self.s.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def again_and_again(user, timeout=15):
    """Until an echo comes: for what is being restarted. How many it took."""
    user.s.settimeout(0.25)
    end, n = time.monotonic() + timeout, 0
    while time.monotonic() < end:
        n += 1
        data = b"%d of many" % n
        try:
            user.send(data)
            while (back := user.receive()) is not None:
                if back == data:
                    user.s.settimeout(WAIT)
                    return n
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise Failure(f"no echo of {n} datagrams in {timeout} s")


def check_burst(users, sizes, seed):
    """Everyone sends all of his before anyone reads."""
    want = {u: [pattern(n, seed + 97 * i + j)
                for j, n in enumerate(sizes)] for i, u in enumerate(users)}
    for j in range(len(sizes)):
        for u in users:
            u.send(want[u][j])
    for i, u in enumerate(users):
        for j, data in enumerate(want[u]):
            back = u.receive()
            if back is None:
                raise Failure(f"datagram {j} of {sizes} bytes of source {i} "
                              "never came back")
            if back != data:
                other = any(back in w for v, w in want.items() if v is not u)
                raise Failure(
                    f"source {i} got {len(back)} bytes instead of the "
                    f"{len(data)} of its datagram {j}"
                    f"{', somebody else s' if other else ''}")


def exchange(port, most=1400, users=8, rounds=6, host="127.0.0.1", seed=0):
    """Several sources at once, sizes of 1 to most bytes: each gets back its
    own, all of them, in order."""
    dice = random.Random(f"{most} {seed}")
    all = [UdpUser(port, host) for _ in range(users)]
    try:
        for r in range(rounds):
            check_burst(all, [dice.randint(1, min(most, 1400))
                              for _ in range(4)], r)
        check_burst(all[:2], [1, min(most, 1400)], rounds)
        # Large ones one by one: a socket's buffer holds only a few.
        for n in (1500, 4096, 9000, 16384, 32768, 65000, 65506, 65507):
            for u in all[:3] if 1500 <= n <= most else ():
                check_burst([u], [n], n)
    finally:
        for u in all:
            u.close()


def udp_proxy(name, local_port, remote_port=None, **more):
    row = {"name": name, "type": "udp", "localIP": "127.0.0.1",
           "localPort": local_port,
           "remotePort": free_port() if remote_port is None else remote_port}
    row.update(more)
    return row


def secret_proxy(name, type, local_port, **more):
    """An stcp or sudp service."""
    row = {"name": name, "type": type, "localIP": "127.0.0.1",
           "localPort": local_port, "secretKey": f"key of {name}"}
    row.update(more)
    return row


def visitor(service, bind_port=None, **more):
    """The way to a secret_proxy, as a row of visitors."""
    row = {"name": f"to {service['name']}", "type": service["type"],
           "serverName": service["name"], "secretKey": service["secretKey"],
           "bindAddr": "127.0.0.1",
           "bindPort": free_port() if bind_port is None else bind_port}
    row.update(more)
    return row


def many(port, n, seconds, most_waiting=256, hosts=("127.0.0.1",)):
    """n sources, each with a datagram there and back and then a second one:
    how many of these were lost, and the datagrams a second each way."""
    poll, users, lost = select.epoll(), {}, 0
    for i in range(n):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((hosts[i % len(hosts)], 0))
        s.setblocking(False)
        s.connect(("127.0.0.1", port))
        users[s.fileno()] = s
        poll.register(s, select.EPOLLIN)
    began = time.monotonic()
    for turn in range(2):
        left, waiting = list(users), {}
        while left or waiting:
            while left and len(waiting) < most_waiting:
                fd = left.pop()
                waiting[fd] = b"%d %d" % (turn, fd)
                users[fd].send(waiting[fd])
            events = poll.poll(2)
            if not events:
                lost += len(waiting)
                waiting = {}
            for fd, _ in events:
                got = users[fd].recv(100)
                if got != waiting.pop(fd, got):
                    raise Failure(f"a source got {got}")
            if time.monotonic() > began + seconds:
                raise Failure(f"{len(left)} sources are left over")
    took = time.monotonic() - began
    for s in users.values():
        s.close()
    return lost, 2 * n / took
