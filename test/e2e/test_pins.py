"""Several pins at once, so that a server's key can be changed."""
import json

from lib import STARTED, EchoServer, check, echo, tcp_proxy
from people import TOKEN, Stand, pin_of, private

ZERO, ONES = "sha256:" + "0" * 64, "sha256:" + "1" * 64
PIN = "transport.tls.pin"


def two_keys(t, conf=None):
    """A server, and what has its port when it is started with another key;
    both pins."""
    old = t.frps(conf)
    pins = [pin_of(old)]
    old.stop()
    new = t.frps(dict(old.conf, stateDir="new"), name="new")
    pins.append(pin_of(new))
    new.stop()
    check(pins[0] != pins[1])
    return old, new, pins


def test_a_client_with_both_pins_stays_while_the_key_changes(t):
    old, new, pins = two_keys(t)
    first = old.again()
    rows = [tcp_proxy(f"echo{i}", EchoServer().port) for i in range(3)]
    forms = ({PIN: pins}, {PIN: ",".join(pins)}, {PIN: pins, "transport."
             "tcpMux": True})
    clients = [t.frpc(first, [row], conf, name=f"client{i}")
               for i, (row, conf) in enumerate(zip(rows, forms))]
    marks = [c.mark() for c in clients]
    first.kill()
    new.again()
    for c, mark, row in zip(clients, marks, rows):
        c.wait_line(STARTED, since=mark)
        check(echo(row["remotePort"], b"hello") == b"hello")


def test_each_way_of_giving_a_pin_takes_several(t):
    server = t.frps()
    pins = f"{ZERO},{pin_of(server)}"
    port = str(server.conf["bindPort"])
    for words in (("tcp", "--server_addr", "127.0.0.1", "--server_port", port,
                   "--proxy_name", "a", "--local_port", "1",
                   "--tls-pin", pins),
                  ("--name", "b", "--local-port", "1",
                   "--port-forwarding-config", "type=frp,server=127.0.0.1:"
                   f"{port},pin=" + pins.replace(",", ",pin="))):
        t.run("frpc", *words).wait_line(STARTED)
    conf = t.write("frpc.json", json.dumps({
        "serverAddr": "127.0.0.1", "serverPort": int(port),
        "transport": {"tls": {"pin": pins.split(",")}},
        "proxies": [{"name": "c", "type": "tcp", "localPort": 1}]}))
    t.run("frpc", "-c", conf).wait_line(STARTED)


def test_people_give_several_pins_too(t):
    service = EchoServer()
    s = Stand(t, service.port)
    pins = f"{ZERO},{pin_of(s.server)}"
    as_list = str(pins.split(",")).replace("'", '"')
    text = open(s.config).read()
    for words, env, value in ((("--pin", pins), {}, ""),
                              ((), {"CULVERT_PIN": pins}, ""),
                              ((), {}, f"pin = {as_list}\n"),
                              ((), {}, f'pin = "{pins}"\n')):
        private(t, "config.toml", text.replace("[workers",
                                               value + "[workers"))
        p = s.said("connect", "--stdio", "gpu-1", service.port, *words,
                   env=env, stdin=b"hello")
        check(p.returncode == 0 and p.stdout == b"hello", p.stderr)


def test_a_mismatch_names_the_key_and_those_that_were_expected(t):
    server = t.frps()
    pin = pin_of(server)
    for pins, text in (((ZERO,), ZERO), ((ZERO, ONES), f"{ZERO} or {ONES}"),
                       ([ZERO, ONES] * 8, f"{ZERO} or {ONES} or 14 others")):
        client = t.frpc(server, [], {PIN: list(pins)}, name="wrong")
        check(client.wait() == 1)
        client.wait_line("connect to server error: TLS handshake failed: "
                         f"server's pin is {pin}, not the expected {text}$")


def test_any_other_form_of_pins_is_an_error(t):
    form = "pin must be \"sha256:\" and 64 hex digits"
    for value, why in (([], "the list is empty"), ("x", form),
                       (f"{ZERO}, {ZERO}", form), ([ZERO, ""], form),
                       ([ZERO] * 17, "there are more than 16 pins"),
                       ([f"{ZERO},{ZERO}"], "has a comma in it")):
        client = t.frpc(1, [], {PIN: value})
        check(client.wait() == 1 and why in client.text, client.text)
        check(PIN in client.text, client.text)
    s = Stand(t, frps=1)
    for value, status in ((ZERO + ",", 255), (",".join([ZERO] * 17), 255)):
        s.refused("^Error: .*pin", "connect", "--stdio", "gpu-1", 1, "--pin",
                  value, status=status)
    check(TOKEN not in s.said("connect", "--stdio", "gpu-1", 1).stderr)


def test_an_option_without_a_pin_is_no_word_for_any_server(t):
    """As of a shell's variable that is not set."""
    secret, at = private(t, "secret", "s"), "127.0.0.1:1"
    link = ("--server_addr", "127.0.0.1", "--server_port", "1")
    for words, status in (
            (("frpc", "tcp", *link, "--proxy_name", "a", "--local_port", "1",
              "--tls-pin", ""), 1),
            (("frpc", "offer", "a", "--server", at, "--allow", "1",
              "--secret-file", secret, "--pin", ""), 1),
            (("bench", "--server", at, "--pin", ""), 2),
            (("forward", "a", "1", "--server", at, "--secret-file", secret,
              "--pin", ""), 1)):
        p = t.run(*words)
        check(p.wait() == status and "the pin is '': give" in p.text, p.text)
    p = t.run("forward", "a", "1", "--server", at, "--secret-file", secret,
              "--ca", "")
    check(p.wait() == 1 and "--ca is '': name a file" in p.text, p.text)
