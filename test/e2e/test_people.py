"""How people's commands find a worker: options, environment, settings."""
import os
import re
import subprocess

from lib import EchoServer, check
from people import NAME, SECRET, TOKEN, Stand, know, pin_of, private
from told import said

NOTHING = {"CULVERT_CONFIG": "/dev/null"}


def reaches(s, port, *words, env=None, who=NAME):
    p = s.said("connect", "--stdio", who, port, *words, stdin=b"hello",
               env=env)
    check(p.returncode == 0 and p.stdout == b"hello", f"{words} {env}: "
          f"{p.stderr}")


def told(s, regex, *words, env=None, who=NAME):
    s.refused(f"^Error: .*{regex}", "connect", "--stdio", who, 1, *words,
              status=255, env=env)


def test_all_can_come_from_options_the_environment_or_the_file(t):
    echo = EchoServer()
    s = Stand(t, echo.port)
    at = f"127.0.0.1:{s.port}"
    reaches(s, echo.port)
    reaches(s, echo.port, "--server", at, "--token-file", s.token,
            "--secret-file", s.secret, env=NOTHING)
    reaches(s, echo.port, env=dict(NOTHING, CULVERT_SERVER=at,
            CULVERT_TOKEN=TOKEN, CULVERT_SECRET=SECRET))


def test_options_win_over_the_environment_and_that_over_the_file(t):
    echo = EchoServer()
    s = Stand(t, echo.port)
    at = f"127.0.0.1:{s.port}"
    other = private(t, "other", "wrong")
    wrong = {"CULVERT_SERVER": "127.0.0.1:1", "CULVERT_TOKEN": "wrong",
             "CULVERT_SECRET": "wrong"}
    told(s, "127.0.0.1:1' cannot be reached", env=wrong)
    told(s, "refused the login",
         env={"CULVERT_TOKEN": "wrong"})
    told(s, "the secret is not that", env={"CULVERT_SECRET": "wrong"})
    told(s, "refused the login", "--token-file", other)
    told(s, "the secret is not that", "--secret-file", other,
         env={"CULVERT_SECRET": SECRET})
    reaches(s, echo.port, "--server", at, "--token-file", s.token,
            "--secret-file", s.secret, env=wrong)
    # an empty variable is as none
    reaches(s, echo.port, env={k: "" for k in wrong})


def test_what_is_said_of_one_bastion_is_not_used_with_another(t):
    echo = EchoServer()
    s = Stand(t, echo.port)
    other = t.frps(name="other")
    know(t, other)
    told(s, "worker 'gpu-1' is not there", "--server",
         f"127.0.0.1:{other.conf['bindPort']}")
    check(not s.server.says("127.0.0.9"), "")
    # the same bastion by another way of writing it is the same
    reaches(s, echo.port, "--server", f"[127.0.0.1]:{s.port}")


def test_bastions_have_names(t):
    echo = EchoServer()
    s = Stand(t, echo.port)
    lab = t.frps({"auth": {"token": "lab"}}, name="lab")
    know(t, lab)
    private(t, "config.toml", f"""
[bastion]
server = "127.0.0.1:{lab.conf['bindPort']}"
token = "lab"
[bastions.right]
server = "127.0.0.1:{s.port}"
tokenFile = "~/token"
[workers.gpu-1]
secretFile = "~/secret"
[workers.gpu-2]
secret = "{SECRET}"
bastion = "right"
""")
    told(s, f"'gpu-1' is not there: no client of '127.0.0.1:"
            f"{lab.conf['bindPort']}'")
    reaches(s, echo.port, "--bastion", "right")
    told(s, f"'gpu-2' is not there: no client of '127.0.0.1:{s.port}'",
         who="gpu-2")
    told(s, "there is no .bastions.left. in", "--bastion", "left")
    told(s, "either --server or --bastion", "--bastion", "right", "--server",
         "x")


def test_the_file_is_found_where_such_files_are(t):
    echo = EchoServer()
    s = Stand(t, echo.port)
    text = open(s.config).read()
    os.makedirs(t.path("xdg", "culvert"))
    os.makedirs(t.path(".config", "culvert"))
    env = {"CULVERT_CONFIG": ""}
    told(s, "is not known: there is no .workers.gpu-1. in "
            f"'{t.dir}/.config/culvert/config.toml'", env=env)
    private(t, ".config/culvert/config.toml", text)
    reaches(s, echo.port, env=env)
    env["XDG_CONFIG_HOME"] = t.path("xdg")
    told(s, "is not known", env=env)
    private(t, "xdg/culvert/config.toml", text)
    reaches(s, echo.port, env=env)
    private(t, "given.toml", "")
    told(s, "is not known", "--config", t.path("given.toml"))
    told(s, "is not known", env={"CULVERT_CONFIG": "~/given.toml"})
    # one that is named must be there
    told(s, "open /no/such: no such file", "--config", "/no/such")
    told(s, "open /no/such: no such file", env={"CULVERT_CONFIG": "/no/such"})


def test_secrets_that_others_can_read_are_refused(t):
    echo = EchoServer()
    s = Stand(t, echo.port)
    for name, what in (("secret", "secretFile"), ("token", "tokenFile")):
        os.chmod(t.path(name), 0o640)
        told(s, f"{what} '{t.path(name)}' holds a secret, and others may use "
                f"it: chmod 600 '{t.path(name)}'")
        os.chmod(t.path(name), 0o600)
    open_ = private(t, "open", SECRET, 0o644)
    told(s, f"--secret-file '{open_}' holds", "--secret-file", open_)
    told(s, f"--token-file '{open_}' holds", "--token-file", open_)
    # the settings themselves only where they hold one
    os.chmod(s.config, 0o644)
    reaches(s, echo.port)
    with open(s.config, "a") as f:
        f.write(f'[workers.b]\nsecret = "{SECRET}"\n')
    told(s, f"the settings file '{s.config}' holds a secret.*chmod 600")


def test_secrets_may_come_through_a_pipe_and_are_no_arguments(t):
    echo = EchoServer()
    s = Stand(t, echo.port)
    p = subprocess.run(
        ["bash", "-c", f'"{os.path.abspath(t.bin)}" connect --stdio {NAME} '
         f"{echo.port} --secret-file <(echo {SECRET}) <<<hello"],
        env=s.env, capture_output=True, timeout=30)
    check(p.stdout == b"hello\n", p.stderr)
    for flag in ("--token", "--secret"):
        p = s.said("connect", "--stdio", NAME, flag, "x")
        check(p.returncode == 2 and f"unknown flag: {flag}" in p.stderr)


def test_files_that_are_none_are_told(t):
    s = Stand(t, 1)
    told(s, "--secret-file: open /no/such: no such file", "--secret-file",
         "/no/such")
    empty = private(t, "empty", " \n")
    told(s, f"--token-file: '{empty}' is empty", "--token-file", empty)
    private(t, "config.toml", "[workers.a]\nsecrt = 'x'\n")
    told(s, f"{s.config}:2: unknown key 'secrt' in .workers.a.; there are "
            "secret, secretFile")
    private(t, "config.toml", "[workers.a\n")
    told(s, f"{s.config}:1:11: ")
    private(t, "config.toml", "")
    told(s, "the worker's name 'a b'", who="a b")
    told(s, "which bastion. give --server, set .CULVERT_SERVER", env={
        "CULVERT_SECRET": SECRET})
    told(s, "bastion 'h:x': it is HOST, or HOST:PORT", "--server", "h:x",
         "--secret-file", s.secret)


def test_the_bastion_is_known_by_its_pin(t):
    echo = EchoServer()
    s = Stand(t, echo.port)
    right, wrong = pin_of(s.server), "sha256:" + 64 * "0"
    reaches(s, echo.port, "--pin", right)
    reaches(s, echo.port, env={"CULVERT_PIN": right})
    told(s, "pin", "--pin", wrong)
    told(s, "pin", env={"CULVERT_PIN": wrong})
    reaches(s, echo.port, "--pin", right, env={"CULVERT_PIN": wrong})
    private(t, "config.toml", open(s.config).read().replace(
        "[workers", f'pin = "{wrong}"\n[workers'))
    told(s, "pin")
    reaches(s, echo.port, "--pin", right)
    told(s, "pin", "--pin", "sha256:1")


def test_the_bastion_is_known_by_its_certificate(t):
    echo = EchoServer()
    s = Stand(t, echo.port)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
         "/CN=other", "-keyout", t.path("k"), "-out", t.path("ca.pem")],
        check=True, capture_output=True)
    told(s, "certificate|TLS", "--ca", t.path("ca.pem"))
    told(s, "open /no/such", "--ca", "/no/such")


def test_users_are_told_apart(t):
    echo = EchoServer()
    s = Stand(t)
    t.frpc(s.server, [{"name": NAME, "type": "stcp", "secretKey": SECRET,
                       "allowUsers": ["ann"], "plugin": {
                           "type": "offer", "allow": str(echo.port)}}],
           {"user": "bob", "auth": {"token": TOKEN}})
    told(s, "is not there")
    told(s, "is not for this user", "--server-user", "bob")
    reaches(s, echo.port, "--server-user", "bob", "--frp-user", "ann")
    private(t, "config.toml", open(s.config).read().replace(
        "[workers", 'user = "ann"\n[workers') + 'serverUser = "bob"\n')
    reaches(s, echo.port)
    told(s, "is not for this user", "--frp-user", "eve")


def test_transports_of_the_settings_are_used(t):
    echo = EchoServer()
    s = Stand(t, echo.port)
    text = open(s.config).read()
    for line in ('protocol = "websocket"', "tls = false"):
        private(t, "config.toml", text.replace("[workers", line +
                                               "\n[workers"))
        reaches(s, echo.port)
    private(t, "config.toml", text.replace("[workers", "tcpMux = false\n"
                                           "[workers"))
    told(s, "tcpMux")
    private(t, "config.toml", text.replace(
        "[workers", 'proxyURL = "http://127.0.0.1:1"\n[workers'))
    told(s, "cannot be reached")


def test_help_names_the_words_and_the_options(t):
    for name in ("connect", "forward"):
        p = said([t.bin, name, "--help"])
        check(p.returncode == 0 and p.stderr == "")
        check(re.search(rf"^  {name} WORKER .*\[flags\]$", p.stdout, re.M))
        for flag in ("--server", "--pin", "--config", "-v, --verbose"):
            check(f" {flag} " in p.stdout, flag)
    check("hand" not in said([t.bin]).stdout)
