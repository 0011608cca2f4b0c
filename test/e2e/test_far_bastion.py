"""The far side of tunnels: a worker behind a bastion."""
import collections
import queue
import socket
import struct
import threading
import time

from far import Ends, Far, both_ways, ends_first
from lib import Failure, check, free_port, tcp_proxy, until, waits
from pairs import Silent
from socks import (DENIED, NO_HOST, OK, UDP, Asked, real_frpc, real_frps)
from test_offer import NAME, SECRET, offer, visitor
from wire import (CHUNK, EchoServer, Relay, SinkServer, SourceServer, digest,
                  echo, pattern, read_exactly, read_to_end)

GONE = f"worker '{NAME}' is not there: no client of '127.0.0.1:%d' offers it"


def far(t, server, *words, to=(), secret=SECRET, worker=NAME, **kw):
    port = server if isinstance(server, int) else server.conf["bindPort"]
    return Far(t, f"bastion=127.0.0.1:{port}", f"worker={worker}",
               f"secret={secret}", *words, to=to, **kw)


def stand(t, allow="1-65535", server=None):
    server = server or t.frps()
    return server, offer(t, server.conf["bindPort"], allow)


def whole(f, data):
    """Both ways and each end alone; stock servers do not keep those."""
    check(both_ways(f.ports[0], data) ==
          f"{len(data)} {digest(data)}\n".encode())


def test_a_worker_is_reached_with_a_mux_and_without(t):
    sink, back, ends = SinkServer(), EchoServer(), Ends()
    data = pattern(1024 * 1024)
    for mux, tls in (("1", "1"), ("0", "1"), ("0", "0")):
        server = t.frps({"transport.tcpMux": mux == "1"}, name=f"s{mux}{tls}")
        port = server.conf["bindPort"]
        t.frpc(port, conf={
            "transport.tcpMux": mux == "1", "proxies": [{
                "name": NAME, "type": "stcp", "secretKey": SECRET,
                "plugin": {"type": "offer", "allow": "1-65535"}}]},
            name=f"worker{mux}{tls}")
        f = far(t, server, f"mux={mux}", f"tls={tls}",
                to=(sink.port, back.port, ends.port),
                name=f"far{mux}{tls}")
        f.up()
        check(f.rtt() < 15000000)
        whole(f, data)
        check(both_ways(f.ports[1], data) == data)
        ends_first(f.ports[2], ends, data)
        f.end()


def test_a_stock_server_in_the_middle_loses_nothing(t):
    back = EchoServer()
    server, _ = stand(t, server=real_frps(t))
    f = far(t, server, to=(back.port,))
    f.up()
    check(f.rtt() >= 0)
    for n in (1, 100, 1024 * 1024):
        check(echo(f.ports[0], pattern(n)) == pattern(n), n)
    at = f.mark()
    server.kill()
    f.wait("^state waiting ", since=at)
    server = server.again()
    f.tell("retry")
    f.up(since=at)
    check(echo(f.ports[0], b"again") == b"again")


def test_a_bastion_that_comes_back_is_found_again(t):
    back = EchoServer()
    server, worker = stand(t)
    f = far(t, server, to=(back.port,))
    f.up()
    at = f.mark()
    server.kill()
    lost = f.wait(r"^state waiting \d+ (.*)$", since=at).group(1)
    check(lost.startswith("the connection to bastion '127.0.0.1:"), lost)
    check(f.failed() == f.stat()[3])
    why = f.wait(r"^state waiting \d+ (bastion .*)$", since=at).group(1)
    check(why == f"bastion '127.0.0.1:{server.conf['bindPort']}' cannot be "
          "reached: connection refused", why)
    server = server.again()
    f.up(since=at, timeout=40)
    check(f.stat()[0] == 1)
    check(echo(f.ports[0], b"back") == b"back")


def test_a_worker_that_comes_back_is_found_again_and_the_login_stays(t):
    back = EchoServer()
    server, worker = stand(t)
    port = server.conf["bindPort"]
    f = far(t, server, to=(back.port,))
    f.up()
    at = f.mark()
    worker.kill()
    f.wait(r"^state waiting \d+ worker 'vps-42' does not answer: the stream "
           "has ended$", since=at)
    f.wait(r"^state waiting \d+ " + GONE % port + "$", since=at)
    check(f.failed() == GONE % port)
    offer(t, port, "1-65535", name="again")
    f.up(since=at)
    check(echo(f.ports[0], b"back") == b"back")
    check(not f.proc.says("^step connecting .*") or
          len([x for x in f.proc.lines if x.startswith("step connecting")])
          == 1)


@waits
def test_a_worker_that_falls_silent_is_noticed(t):
    server = t.frps()
    way = Silent(server.conf["bindPort"])
    offer(t, way.port, "1-65535")
    f = far(t, server)
    f.up()
    check(f.rtt() >= 0)
    at = f.mark()
    way.blackhole()
    f.wait(r"^state waiting \d+ worker 'vps-42' does not answer", since=at,
           timeout=45)
    way.heal()
    f.up(since=at, timeout=45)


def test_each_trouble_has_its_own_words(t):
    server = t.frps({"auth.token": "right"})
    port = server.conf["bindPort"]
    t.frpc(port, conf={"auth.token": "right", "proxies": [
        {"name": NAME, "type": "stcp", "secretKey": SECRET,
         "plugin": {"type": "offer", "allow": "22"}}]}, name="worker")

    def over(*words, **kw):
        f = far(t, kw.pop("at", port), "once=1", *words, **kw)
        return f.wait("^state over (.*)$").group(1)

    free, bastion = free_port(), f"bastion '127.0.0.1:{port}'"
    check(over(at=free) == f"bastion '127.0.0.1:{free}' cannot be reached: "
          "connection refused")
    said = over("token=wrong")
    check(said.startswith(f"{bastion} refused the login: ") and
          said.endswith("(is the token right?)"), said)
    check(over("token=right", worker="vps-43") ==
          (GONE % port).replace(NAME, "vps-43"))
    check(over("token=right", secret="wrong") == "the secret is not that of "
          f"worker '{NAME}' at '127.0.0.1:{port}'")
    said = over("token=right", "user=other", f"server_user=")
    check("is not there" in said, said)
    f = far(t, server, "token=right", to=(9,))
    f.up()
    check(f.failed() == f"port 9 is not offered by '{NAME}'")
    check(f.stat()[3] == "")


def test_a_refused_login_waits_for_a_person(t):
    server = t.frps({"auth.token": "right"})
    f = far(t, server, "token=wrong")
    ms = f.wait(r"^state waiting (\d+) .*refused the login").group(1)
    check(int(ms) >= 30000, ms)
    at = f.mark()
    f.tell("retry")
    f.wait(r"^state waiting \d+ .*refused the login", since=at)


def test_waits_grow(t):
    f = far(t, free_port())
    waits = []
    for i in range(4):
        at = f.mark()
        line = f.wait(r"^state waiting (\d+) ", times=i + 1)
        waits.append(int(line.group(1)))
    check(waits[0] <= 1000 and 2000 < waits[3] <= 8000, waits)


def test_a_plain_service_is_led_to_whatever_is_asked_for(t):
    back = EchoServer()
    server = t.frps()
    t.frpc(server, [{"name": NAME, "type": "stcp", "secretKey": SECRET,
                     "localIP": "127.0.0.1", "localPort": back.port}])
    f = far(t, server, "plain=1", to=("nowhere.invalid:1",))
    f.up()
    check(echo(f.ports[0], pattern(100000)) == pattern(100000))
    check(f.stat()[1] == -1)


def test_a_worker_that_knows_no_echo_is_up(t):
    back = EchoServer()
    server = t.frps()
    real_frpc(t, server, proxies=[
        {"name": NAME, "type": "stcp", "secretKey": SECRET,
         "plugin": {"type": "socks5"}}]).wait_line("start proxy success")
    f = far(t, server, to=(back.port,))
    f.up()
    check(echo(f.ports[0], b"hello") == b"hello")
    check(f.stat()[1] == -1)


def test_users_of_a_public_port_are_led_here(t):
    back = EchoServer()
    server, _ = stand(t)
    port, taken = free_port(), free_port()
    t.frpc(server, [tcp_proxy("taken", back.port, taken)], name="other")
    f = far(t, server, f"remote=public@{port}:127.0.0.1:{back.port}",
            f"remote=public@{taken}:127.0.0.1:{back.port}",
            f"remote=public@0:127.0.0.1:{back.port}")
    f.wait(rf"^remote 0 127.0.0.1:{port}$")
    check("port already used" in f.wait("^remote 1 - (.*)$").group(1))
    third = int(f.wait(r"^remote 2 127.0.0.1:(\d+)$").group(1))
    f.up()
    for p in (port, third):
        check(echo(p, pattern(100000)) == pattern(100000))
    at = f.mark()
    server.kill()
    f.wait("^remote 0 - the connection to bastion", since=at)
    f = Far(t, f"bastion=127.0.0.1:{port}", "worker=x", "secret=y",
            f"remote=0.0.0.0@{port}:127.0.0.1:1", name="bound")
    f.wait("^no far side: '0.0.0.0:.* leave '0.0.0.0' out, or say public:")


def test_a_far_side_is_freed_in_every_state(t):
    back = EchoServer()
    server, worker = stand(t)
    f = far(t, server, to=(back.port,))
    for i in range(5):  # while connecting, or a little later
        f.tell("again")
        f.up(times=1, since=f.mark())
    held = socket.create_connection(("127.0.0.1", f.ports[0]))
    held.sendall(b"x")
    check(held.recv(1) == b"x")
    f.tell("again")
    try:
        check(held.recv(1) == b"")
    except ConnectionResetError:
        pass
    f.up(since=f.mark())
    at = f.mark()
    worker.kill()
    f.wait("^state waiting", since=at)
    f.tell("again")
    f.wait(r"^state waiting \d+ worker .* is not there", since=f.mark())
    server.kill()
    f.wait(r"^state waiting \d+ bastion ", since=at)
    f.tell("again")
    f.wait(r"^state waiting \d+ bastion ", since=f.mark())
    f.end()


def test_calls_leave_no_descriptor_behind(t):
    back = EchoServer()
    server, _ = stand(t, f"{back.port}")
    f = far(t, server, to=(back.port, 9))
    f.up()
    f.rtt()
    before = f.proc.fd_count()
    for i in range(200):
        check(echo(f.ports[0], b"hello") == b"hello")
    for i in range(20):
        f.failed(1)
    until(lambda: f.proc.fd_count() <= before, what="no more descriptors")


class Hasty(Relay):
    """Hangs up on a visitor who speaks before the answer; the mux is without
    TLS, and frames are passed on one by one."""

    def __init__(self, *args):
        self.hung_up = 0
        self.said = collections.defaultdict(bytes)
        self.answered = set()
        super().__init__(*args)

    def _is_hasty(self, stream):
        """Only the first byte of a stream is a message's type: a "v" later
        is any byte, as of what a login's stream says sealed."""
        said = self.said[stream]
        if stream in self.answered or said[:1] != b"v" or len(said) < 9:
            return False
        return len(said) > 9 + struct.unpack(">Q", said[1:9])[0]

    def _pump(self, source, sink):
        try:
            answers = source.getpeername()[1] == self.target
            while len(head := read_exactly(source, 12)) == 12:
                _, kind, _, stream, n = struct.unpack(">BBHII", head)
                body = read_exactly(source, n) if kind == 0 and n else b""
                if answers and body:
                    self.answered.add(stream)
                elif not answers:
                    self.said[stream] += body
                if not answers and self._is_hasty(stream):
                    self.hung_up += 1
                    reset = struct.pack(">BBHII", 0, 1, 8, stream, 0)
                    source.sendall(reset)
                    sink.sendall(reset)
                else:
                    sink.sendall(head + body)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            source.close()
            sink.close()


def test_a_server_of_frp_hears_nothing_of_the_worker_before_its_answer(t):
    back = EchoServer()
    server, _ = stand(t, server=real_frps(t))
    way = Hasty(server.conf["bindPort"])
    f = far(t, way.port, "tls=0", to=(back.port,))
    f.up()
    for i in range(3):
        check(echo(f.ports[0], b"hello") == b"hello")
    check(way.hung_up == 0, way.hung_up)


class Slow(Relay):
    """Each way takes a second."""

    def _pump(self, source, sink):
        line = queue.Queue()

        def pass_on():
            while True:
                at, part = line.get()
                time.sleep(max(0, at - time.monotonic()))
                try:
                    if not part:
                        sink.shutdown(socket.SHUT_WR)
                        return
                    sink.sendall(part)
                except OSError:
                    return

        threading.Thread(target=pass_on, daemon=True).start()
        part = b"x"
        while part:
            try:
                part = source.recv(CHUNK)
            except OSError:
                part = b""
            line.put((time.monotonic() + 1, part))


@waits
def test_a_call_takes_one_round_trip_and_two_where_frp_is_between(t):
    source = SourceServer(b"banner")
    for name, server, trips in (("ours", t.frps(), 1),
                                ("stock", real_frps(t), 2)):
        stand(t, server=server)
        f = far(t, Slow(server.conf["bindPort"]).port, to=(source.port,),
                name=f"far{name}")
        f.up()
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", f.ports[0])) as s:
            check(s.recv(6) == b"banner")
        took = time.monotonic() - began
        check(2 * trips <= took < 2 * trips + 1.9, f"{name}: {took}")
        server.stop()


def test_the_echo_is_always_allowed_and_bounded(t):
    server, _ = stand(t, "22")
    at = visitor(t, server)
    a = Asked(at, "Echo.Culvert.invalid", 1, early=b"early")
    check(a.code == OK)
    check(read_exactly(a.s, 5) == b"early")
    a.s.shutdown(socket.SHUT_WR)
    check(read_to_end(a.s) == b"")
    a = Asked(at, "echo.culvert.invalid", 1, UDP)
    check(a.code == NO_HOST or a.code == DENIED, a.code)
    # one who sends and never reads is cut off
    a = Asked(at, "echo.culvert.invalid", 1)
    check(a.code == OK)
    a.s.settimeout(30)
    try:
        for i in range(2000):
            a.s.sendall(bytes(65536))
        raise Failure("it has taken 128 MiB")
    except (ConnectionError, BrokenPipeError):
        pass
