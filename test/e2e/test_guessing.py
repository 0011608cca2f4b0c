"""Whoever guesses tokens and secrets hears that they are wrong later and
later, and fills no log; whoever is right never waits for that."""
import select
import time

from frp import (LOGIN, LOGIN_RESP, NEW_WORK, Control, auth_key, login_body,
                 message, packed, port_in)
from lib import EchoServer, check, dial
from mux import Mux
from pairs import closing
from test_strangers import seconds_to_the_end

TOKEN = {"auth.token": "right"}
BARE = {**TOKEN, "transport.tcpMux": False}
FREE = 2  # wrong ones that are answered at once
VISITOR, VISITOR_RESP = b"v", b"3"


def wrong_login(port):
    """A connection that has said a wrong token."""
    s = dial(port)
    s.sendall(packed(LOGIN, login_body("wrong")))
    return s


def wrong_visit(name="secret", secret="guess"):
    now = int(time.time())
    return packed(VISITOR, {"proxy_name": name, "timestamp": now,
                            "sign_key": auth_key(secret, now)})


def use_up(port, say=wrong_login, n=FREE + 5):
    """So many wrong ones; the last of them are to be held for long."""
    all = [say(port) for _ in range(n)]
    for s in all[:FREE]:
        check(message(s)[1].get("error"), "a wrong one is not refused")
    return all


def answered(s):
    return bool(select.select([s], [], [], 0)[0])


def test_a_wrong_token_is_told_late_and_a_right_one_at_once(t):
    port = t.frps(BARE).conf["bindPort"]
    with closing(use_up(port)) as wrong:
        c = Control(port, "right")
        check(not c.error, c.said)
        check(not answered(wrong[-1]), "the last guess knows already")
        began = time.monotonic()
        kind, said = message(wrong[-1])
        check(kind == LOGIN_RESP and said.get("error"), said)
        check(time.monotonic() - began > 0.5, "it knew too soon")


def test_a_link_has_one_login(t):
    """The right token behind a wrong one is not looked at."""
    port = t.frps(TOKEN).conf["bindPort"]
    link = Mux(dial(port))
    for token in ("wrong", "right", "right"):
        s = link.open(packed(LOGIN, login_body(token)))
        kind, said = message(s)
        check(kind == LOGIN_RESP and said.get("error"), f"{token}: {said}")
    check(not Control(port, "right", mux=True).error)


def with_secrets(t):
    """A server whose client has two secret services; and its port."""
    server = t.frps(TOKEN)
    port = server.conf["bindPort"]
    c = Control(port, "right", mux=True)
    for name in ("secret", "other"):
        said = c.proxy(name, type="stcp", sk="right")
        check(not said.get("error"), said)
    return port, c


def test_wrong_secrets_of_strangers_are_told_late(t):
    port, c = with_secrets(t)
    links = []

    def say(port):
        links.append(Mux(dial(port)))
        return links[-1].open(wrong_visit())
    use_up(port, say)
    s = Mux(dial(port)).open(wrong_visit("other", "right"))
    kind, said = message(s)
    check(kind == VISITOR_RESP and not said.get("error"), said)
    check(not closed_or_told(links[-1]), "the last guess knows already")


def closed_or_told(link):
    """Reads what there is."""
    while answered(link.s):
        link.pump()
    return any(s.got or s.ended or s.broken for s in link.streams.values())


def test_guesses_of_one_name_on_a_link_keep_no_other_name_waiting(t):
    port, c = with_secrets(t)
    link = Mux(dial(port))
    guesser = Control(port, "right", over=link.open())
    check(not guesser.error, guesser.said)
    guesses = [link.open(wrong_visit()) for _ in range(300)]
    kind, said = message(link.open(wrong_visit("other", "right")))
    check(kind == VISITOR_RESP and not said.get("error"), said)
    told = [s for s in guesses if s.got]
    check(len(told) <= FREE + 2, f"{len(told)} guesses are answered")
    # Of one name some wait; what is more is closed, and not looked at.
    link.wait_pong()
    ended = [s for s in guesses if s.broken and not s.got]
    check(len(ended) >= 200, f"only {len(ended)} are closed")


def test_who_waits_for_guesses_keeps_his_place_when_all_are_taken(t):
    """Four answers are held, and sixty visits wait until one is told."""
    port, c = with_secrets(t)
    link = Mux(dial(port))
    guesser = Control(port, "right", over=link.open())
    check(not guesser.error, guesser.said)
    for s in [link.open(wrong_visit()) for _ in range(FREE + 4)]:
        check(message(s)[1].get("error"), "a wrong one is not refused")
    for _ in range(4):
        link.open(wrong_visit())
    for s in [link.open(wrong_visit("secret", "right")) for _ in range(60)]:
        kind, said = message(s)
        check(kind == VISITOR_RESP and not said.get("error"), said)


def test_visits_of_a_service_that_is_away_are_answered_at_once(t):
    """Its client comes back, and then they are served at once, too."""
    port, c = with_secrets(t)
    link = Mux(dial(port))
    check(not Control(port, "right", over=link.open()).error)
    for _ in range(40):
        kind, said = message(link.open(wrong_visit("away", "right")))
        check(kind == VISITOR_RESP and "doesn't exist" in said["error"], said)
    check(not c.proxy("away", type="stcp", sk="right").get("error"))
    kind, said = message(link.open(wrong_visit("away", "right")))
    check(kind == VISITOR_RESP and not said.get("error"), said)


def test_guesses_fill_no_log(t):
    server = t.frps(TOKEN)
    port = server.conf["bindPort"]
    whats = (packed(LOGIN, login_body("wrong")), wrong_visit(),
             packed(NEW_WORK, {"run_id": "none"}), packed(b"p", {}))
    with closing([dial(port) for _ in range(16)]) as links:
        for i, s in enumerate(links):
            link = Mux(s)
            for _ in range(20):
                link.open(whats[i % 4])
            link.wait_pong()
        for _ in range(20):
            with dial(port) as s:
                s.sendall(b"\x16\x03\x01\x00\x05hello")
                seconds_to_the_end(s)
    server.stop()
    for line in ("register control error", "register visitor conn error",
                 "No client control found", "Error message type",
                 "TLS handshake failed"):
        n = sum(f"] {line}" in x or f": {line}" in x
                for x in server.text.splitlines())
        check(0 < n <= 7, f"{n} lines: {line}")
    check("client login info" not in server.text, "told before it is known")
    server.wait_line(r"left out \d+ more lines like \"TLS handshake failed\"")
