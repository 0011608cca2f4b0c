"""Real OpenSSH through a tunnel with our program on both ends."""
import getpass
import hashlib
import os
import shutil
import subprocess

import lib

SCP_MIB = 100


def find(name):
    path = shutil.which(
        name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        raise lib.Skip(f"there is no {name} here")
    return path


def key(path):
    subprocess.run([find("ssh-keygen"), "-q", "-t", "ed25519", "-N", "",
                    "-f", path], check=True)
    return path


def start_sshd(dir, more=""):
    """sshd as the current user, with its own host key; its port. more: lines
    of its settings."""
    sshd, port = find("sshd"), lib.free_port()
    host = key(os.path.join(dir, "host_key"))
    mine = key(os.path.join(dir, "user_key"))
    if os.getuid() == 0:
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
    conf = os.path.join(dir, "sshd_config")
    with open(conf, "w") as f:
        f.write(f"""Port {port}
ListenAddress 127.0.0.1
HostKey {host}
PidFile none
AuthorizedKeysFile {mine}.pub
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
MaxStartups 100
Subsystem sftp internal-sftp
{more}
""")
    p = lib.Proc([sshd, "-D", "-e", "-f", conf], name="sshd")
    p.wait_line("Server listening on")
    return port


def file_digest(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def run(server, client, dir):
    ssh, scp = find("ssh"), find("scp")
    row = lib.tcp_proxy("ssh", start_sshd(dir))
    bind, port = lib.free_port(), row["remotePort"]
    lib.Frps(server, {"bindAddr": "127.0.0.1", "bindPort": bind}, dir)
    lib.Frpc(client, {"serverAddr": "127.0.0.1", "serverPort": bind,
                      "proxies": [row]}, dir)
    common = ["-F", "none", "-i", os.path.join(dir, "user_key"),
              "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
              "-o", "StrictHostKeyChecking=accept-new", "-o",
              f"UserKnownHostsFile={os.path.join(dir, 'known_hosts')}"]
    user = getpass.getuser()
    host = f"{user}@127.0.0.1"

    def remote(*words):
        return subprocess.run(
            [ssh, *common, "-p", str(port), *words], timeout=30, text=True,
            capture_output=True, stdin=subprocess.DEVNULL)

    def sent():
        done = remote(host, "echo hello; exit 7")
        lib.check(done.stdout == "hello\n", f"ssh: {done.stderr}")
        lib.check(done.returncode == 7, f"exit status {done.returncode}")

    def terminal():
        try:
            for end in os.openpty():
                os.close(end)
        except OSError:
            print("no pseudo terminals here: ssh -t is left out")
            return
        done = remote("-tt", host, "test -t 0 && echo a terminal; exit 3")
        lib.check("a terminal" in done.stdout, f"ssh -t: {done.stderr}")
        lib.check(done.returncode == 3, f"exit status {done.returncode}")

    def copied():
        here, there = os.path.join(dir, "here"), os.path.join(dir, "there")
        with open(here, "wb") as f:
            for i in range(SCP_MIB):
                f.write(lib.pattern(1024 * 1024, i))
        for source, to in ((here, f"{host}:{there}"),
                           (f"{host}:{there}", here + ".back")):
            subprocess.run([scp, "-q", *common, "-P", str(port), source, to],
                           check=True, timeout=120)
        want = file_digest(here)
        for path in (there, here + ".back"):
            lib.check(file_digest(path) == want, f"{path} is not the same")

    def forwarded():
        service, near = lib.EchoServer(), lib.free_port()
        p = lib.Proc([ssh, "-v", *common, "-p", str(port), "-N", "-L",
                      f"127.0.0.1:{near}:127.0.0.1:{service.port}", host])
        p.wait_line("Entering interactive session|pledge: ")
        data = lib.pattern(5 * 1024 * 1024)
        lib.check(lib.echo(near, data) == data, "-L: other bytes came back")

    for step in (sent, terminal, copied, forwarded):
        step()
