"""nginx in front of a server: it ends TLS and passes WebSocket on."""
import os
import shutil

from proc import Proc, Skip, until
from wire import dial, free_port

CONF = """\
daemon off;
master_process off;
pid {dir}/nginx.pid;
error_log stderr notice;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {dir}/nginx.body;
    proxy_temp_path {dir}/nginx.proxy;
    fastcgi_temp_path {dir}/nginx.fastcgi;
    uwsgi_temp_path {dir}/nginx.uwsgi;
    scgi_temp_path {dir}/nginx.scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {cert};
        ssl_certificate_key {key};
        location /~!frp {{
            proxy_pass http://127.0.0.1:{behind};
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_read_timeout 1h;
        }}
    }}
}}
"""


class Front(Proc):
    """On .port, before the server on the port behind."""

    def __init__(self, dir, behind, cert, key):
        nginx = shutil.which("nginx", path=os.environ.get("PATH", "") +
                             ":/usr/sbin:/sbin")
        if not nginx:
            raise Skip("there is no nginx here (Debian: nginx-light)")
        self.port = free_port()
        path = os.path.join(dir, "nginx.conf")
        with open(path, "w") as f:
            f.write(CONF.format(dir=dir, port=self.port, cert=cert, key=key,
                                behind=behind))
        super().__init__([nginx, "-p", dir, "-e", "stderr", "-c", path],
                         cwd=dir, name="nginx")
        until(self._listens, what="nginx to listen")

    def _listens(self):
        try:
            dial(self.port).close()
            return True
        except ConnectionRefusedError:
            return False
