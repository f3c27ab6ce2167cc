"""A real RTSP server, run by the system's Python: ``rtsp_server.py [--play FILE] [USER PASSWORD]``.

Serves /test (H.264, 160x120, 15 fps; or an MP4 file's H.264, once), over TCP only, and prints its
port. With a user it asks for one. Exits with status 3 where GStreamer is not installed.
"""

import argparse
import sys

try:
    import gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtsp", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtsp, GstRtspServer
except (ImportError, ValueError) as error:
    print(error, file=sys.stderr)
    sys.exit(3)

FILE_PIPELINE = '( filesrc location="{file}" ! qtdemux ! rtph264pay name=pay0 pt=96 )'
TEST_PIPELINE = (
    "( videotestsrc is-live=true pattern=ball ! video/x-raw,width=160,height=120,framerate=15/1 "
    "! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=5 ! rtph264pay name=pay0 pt=96 )"
)


def require_login(server, factory, user, password):
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_role("viewer")
    permissions.add_permission_for_role("viewer", "media.factory.access", True)
    permissions.add_permission_for_role("viewer", "media.factory.construct", True)
    factory.set_permissions(permissions)
    server.set_auth(auth)


def main(play, login):
    Gst.init(None)
    if not Gst.ElementFactory.find("x264enc"):
        print("no element x264enc", file=sys.stderr)
        sys.exit(3)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(FILE_PIPELINE.format(file=play) if play else TEST_PIPELINE)
    factory.set_protocols(GstRtsp.RTSPLowerTrans.TCP)
    factory.set_shared(True)
    if login:
        require_login(server, factory, *login)
    server.get_mount_points().add_factory("/test", factory)
    server.attach(None)
    print(server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--play")
    parser.add_argument("login", nargs="*")
    arguments = parser.parse_args()
    main(arguments.play, arguments.login)
