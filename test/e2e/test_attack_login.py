"""Logins that come twice, or on a link beside others, or whose speaker is gone
(see test_attack.py): the first session lives, and so does everybody else."""
import contextlib

from attacked import (LINKS, ROUNDS, World, connect, is_over, lives,
                      undisturbed)
from frp import (LOGIN, LOGIN_RESP, Control, login_body, message, packed,
                 port_in)
from lib import check, in_thread, until, waits
from meanwhile import reset, stopped
from mux import data, ping, syn
from pairs import every_way


def refused(link, **login):
    """A Login on a stream of that link, and the end of the stream."""
    s = link.open(packed(LOGIN, login_body(**login)))
    kind, said = message(s)
    check(kind == LOGIN_RESP and said.get("error"), f"{kind} {said}")
    check(s.recv(1) == b"", "the stream goes on")


def test_a_second_login_on_a_link_is_refused_and_the_first_one_lives(t):
    def work(mux, tls, name):
        w = World(t, mux, tls, name)
        with undisturbed(w):
            c, link = w.control()
            remote = port_in(c.proxy("mine"))
            for run_id in (c.run_id, c.run_id, "another", ""):
                refused(link, run_id=run_id)
                lives(c, link, remote)
    every_way(work, LINKS)


def test_of_two_logins_at_once_on_a_link_one_is_a_session(t):
    def work(mux, tls, name):
        w = World(t, mux, tls, name)
        text = packed(LOGIN, login_body(run_id="feedfeed"))
        with undisturbed(w):
            link = w.link()
            first, second = link.open(), link.open()
            link.s.sendall(data(first.id, text) + data(second.id, text))
            said = [message(s)[1] for s in (first, second)]
            check([bool(x.get("error")) for x in said] == [False, True], said)
    every_way(work, LINKS)


def test_a_login_that_waits_for_another_client_owns_its_link_already(t):
    """It waits for a silent holder of its client id; meanwhile another one
    comes on the link, and is refused at once."""
    def work(mux, tls, name):
        w = World(t, mux, tls, name)
        with undisturbed(w):
            for order in (1, -1):
                _, silent = w.control(client_id="me")
                silent.silent = True
                link = w.link()
                pair = [link.open(), link.open()][::order]
                text = packed(LOGIN, login_body(client_id="me"))
                pair[0].sendall(text)
                pair[1].sendall(packed(LOGIN, login_body(run_id="other")))
                kind, said = message(pair[1])
                check(kind == LOGIN_RESP and said.get("error"), said)
                kind, said = message(pair[0])
                check(kind == LOGIN_RESP and not said.get("error"), said)
                reset(link.s)
                reset(silent.s)
    every_way(work, LINKS)


def test_a_link_that_logged_in_twice_leaves_nothing_behind(t):
    """Its run id and its names are free when it is gone."""
    def work(mux, tls, name):
        w = World(t, mux, tls, name)
        with undisturbed(w):
            for _ in range(3):
                c, link = w.control(run_id="feedfeed")
                with contextlib.suppress(ConnectionError):
                    refused(link, run_id=c.run_id)
                    c.proxy("mine")
                reset(link.s)
            c, link = w.control(run_id="feedfeed")
            check(not c.error, c.said)
            lives(c, link, port_in(c.proxy("mine")))
    every_way(work, LINKS)


def test_a_login_with_a_held_client_id_that_is_gone_harms_nobody(t):
    def work(mux, tls, name):
        w = World(t, mux, tls, name, clientID="me")
        login = packed(LOGIN, login_body(client_id="me"))
        with undisturbed(w) as still:
            for _ in range(ROUNDS):
                s = connect(w.port, tls)
                with stopped(w.pid):
                    s.sendall(syn(1) + ping() + data(1, login) if mux else
                              login)
                    reset(s)
                still()
    every_way(work)


def greeted(w):
    """A link with a silent stream, and a session that came after that."""
    link = w.link()
    silent = link.open()
    c = Control(w.port, over=link.open())
    return link, silent, c, port_in(c.proxy("mine"))


def test_garbage_on_an_older_stream_of_a_link_ends_that_stream_only(t):
    def work(mux, tls, name):
        w = World(t, mux, tls, name)
        with undisturbed(w):
            link, silent, c, remote = greeted(w)
            silent.sendall(b"\xff" * 20)
            check(is_over(silent))
            lives(c, link, remote)
    every_way(work, LINKS)


def test_a_link_may_go_with_a_stream_that_was_always_silent(t):
    def work(mux, tls, name):
        w = World(t, mux, tls, name)
        with undisturbed(w) as still:
            for how in (reset, lambda s: s.close()):
                link, *_ = greeted(w)
                since = w.server.mark()
                how(link.s)
                w.server.wait_line("client exit success", since=since)
                still()
    every_way(work, LINKS)


@waits
def test_a_stream_of_a_link_that_stays_silent_ends_alone(t):
    def work(mux, tls, name):
        w = World(t, mux, tls, name)
        with undisturbed(w):
            link, silent, c, remote = greeted(w)
            check(is_over(silent))
            lives(c, link, remote)
    every_way(work, LINKS)


def lives_on(link):
    """It answers pings, to its end."""
    with contextlib.suppress(OSError, ValueError):
        while True:
            link.pump()


def test_of_two_logins_that_wait_for_a_silent_holder_one_comes_in(t):
    def work(mux, tls, name):
        w = World(t, mux, tls, name)
        with undisturbed(w):
            _, silent = w.control(client_id="me")
            silent.silent = True
            waiting = [w.link().open(packed(LOGIN, login_body(
                client_id="me", run_id=f"feed{i}"))) for i in range(2)]
            for s in waiting:
                in_thread(lives_on, s.mux)
            until(lambda: all(s.got for s in waiting), what="two answers")
            said = [message(s)[1].get("error") for s in waiting]
            check(said.count(None) == 1, said)
            reset(silent.s)
    every_way(work, LINKS)
