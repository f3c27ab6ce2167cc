"""An RTSP server with many cameras, for tests: ``/usr/bin/python3 tools/rtsp/server.py cam0 cam1``.

Each camera shows colour bars that go by, or the H.264 of an MP4 file without end; they are coded
once, so that cameras cost next to nothing. Prints its port, then answers each command that it
reads, one a line in the shell's quotes, with ``ok`` or what is wrong:

    login USER PASSWORD [basic|digest]   who may watch, all cameras
    freeze NAME         the same picture goes on
    black NAME          so does a black one
    resize NAME W H     the picture is another one, of this size
    rate NAME FPS       so many pictures a second
    mute NAME           no pictures, but the connection stays
    corrupt NAME SHARE  this share of the pictures has wrong bytes
    loss NAME SHARE     this share of the RTP packets is lost
    delay NAME MS       RTP packets leave so much later
    drop NAME           the connections are cut
    restore NAME        all as at the start
    quit                so does the end of the input

Needs GStreamer and Python's bindings to it, which are packages of the system and not of PyPI: see
.ci/debian-packages.txt. Exits with status 3 where they are not installed.
"""

import argparse
import shlex
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

try:
    import film
    from mount import TRANSPORTS, Mount
    from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # type: ignore[import-not-found]  # isort: skip
except (ImportError, ValueError) as error:
    print(error, file=sys.stderr)
    sys.exit(3)

_ELEMENTS = ("x264enc", "appsrc", "videotestsrc", "rtph264pay", "qtdemux", "h264parse", "netsim")
_TICK_MS = 4
_ROLE = "viewer"


class Server:
    """Cameras by name."""

    def __init__(self, mounts: dict[str, Mount], host: str, port: int) -> None:
        self._mounts = mounts
        self._server = GstRtspServer.RTSPServer()
        self._server.set_address(host)
        self._server.set_service(str(port))
        for name, mount in mounts.items():
            self._server.get_mount_points().add_factory(f"/{name}", mount.factory)
        self._server.connect("client-connected", self._greet)
        if not self._server.attach(None):
            raise OSError(f"cannot listen on {host}:{port}")
        self.port = self._server.get_bound_port()
        GLib.timeout_add(_TICK_MS, self._tick)

    def obey(self, line: str) -> str:
        """Carry out a command; return the answer."""
        try:
            verb, *words = shlex.split(line)
            if verb == "login":
                self._require_login(*words)
            else:
                _COMMANDS[verb](self._mounts[words[0]], *words[1:])
        except (KeyError, IndexError, TypeError, ValueError) as error:
            return f"error: {line!r}: {error!r}"
        return "ok"

    def _tick(self) -> bool:
        for mount in self._mounts.values():
            mount.tick()
        return True

    def _greet(self, _: Any, client: Any) -> None:
        client.connect("play-request", self._remember)
        client.connect("closed", self._forget)

    def _remember(self, client: Any, context: Any) -> None:
        self._mounts[context.uri.abspath.strip("/").split("/")[0]].clients.add(client)

    def _forget(self, client: Any) -> None:
        for mount in self._mounts.values():
            mount.clients.discard(client)

    def _require_login(self, user: str, password: str, method: str = "basic") -> None:
        auth, token = GstRtspServer.RTSPAuth(), GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", _ROLE)
        if method == "digest":
            auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
            auth.add_digest(user, password, token)
        else:
            auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
        for mount in self._mounts.values():
            mount.factory.set_permissions(_permissions())
        self._server.set_auth(auth)


def _permissions() -> Any:
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_role(_ROLE)
    for right in ("access", "construct"):
        permissions.add_permission_for_role(_ROLE, f"media.factory.{right}", True)
    return permissions


def _freeze(mount: Mount) -> None:
    mount.film = mount.film.still()


def _black(mount: Mount) -> None:
    mount.film = film.black(mount.film.width, mount.film.height)


def _resize(mount: Mount, width: str, height: str) -> None:
    mount.film = film.moving(int(width), int(height), round(mount.fps), kbps=2000)


def _rate(mount: Mount, fps: str) -> None:
    mount.fps = float(fps)


def _mute(mount: Mount) -> None:
    mount.muted = True


def _corrupt(mount: Mount, share: str) -> None:
    mount.corrupt = float(share)


def _loss(mount: Mount, share: str) -> None:
    mount.disturb(loss=float(share), delay_ms=mount.delay_ms)


def _delay(mount: Mount, milliseconds: str) -> None:
    mount.disturb(loss=mount.loss, delay_ms=int(milliseconds))


def _drop(mount: Mount) -> None:
    GLib.idle_add(mount.drop)


_COMMANDS: dict[str, Callable[..., None]] = {
    "freeze": _freeze,
    "black": _black,
    "resize": _resize,
    "rate": _rate,
    "mute": _mute,
    "corrupt": _corrupt,
    "loss": _loss,
    "delay": _delay,
    "drop": _drop,
    "restore": Mount.restore,
}


def listen(server: Server, quit_loop: Callable[[], None]) -> None:
    """Obey what is read until the end."""
    for line in sys.stdin:
        if line.strip() == "quit":
            break
        print(server.obey(line.strip()), flush=True)
    quit_loop()


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", default=["cam0"], metavar="NAME")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="default: any that is free")
    parser.add_argument("--size", default="160x120", metavar="WxH")
    parser.add_argument("--fps", type=int, default=15)
    parser.add_argument("--kbps", type=int, default=2000, help="of what is drawn")
    parser.add_argument("--play", type=Path, metavar="FILE", help="show this instead")
    parser.add_argument("--once", action="store_true", help="end with it")
    parser.add_argument("--transport", choices=TRANSPORTS, default="both")
    return parser


def main() -> int:
    """Serve until told to quit."""
    args = make_parser().parse_args()
    warnings.filterwarnings("ignore", ".*no property named 'pt'")  # netsim is no payloader
    Gst.init(None)
    if missing := [name for name in _ELEMENTS if not Gst.ElementFactory.find(name)]:
        print(f"GStreamer has no {', '.join(missing)}", file=sys.stderr)
        return 3
    width, _, height = args.size.partition("x")
    shown = film.read(args.play) if args.play else None
    shown = shown or film.moving(int(width), int(height), args.fps, args.kbps)
    mounts = {name: Mount(shown, once=args.once, transport=args.transport) for name in args.names}
    server = Server(mounts, args.host, args.port)
    print(server.port, flush=True)
    loop = GLib.MainLoop()
    threading.Thread(target=listen, args=(server, loop.quit), daemon=True).start()
    loop.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
