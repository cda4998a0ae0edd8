/**
 * The Python program behind a `script` deployment, as text: it is written into each replica's own folder, because
 * tsc copies nothing but TypeScript and the standard library of Python is all that it needs.
 *
 *     python3 server.py SOCKET CODE_FOLDER ENTRY
 *
 * It calls the script's init() once, then listens and calls run(raw_data) for each POST /score, one thread a request
 * and no lock, as azureml-inference-server-http does; errors have that server's shape and headers too
 * (github.com/microsoft/azureml-inference-server: server/routes.py, api/aml_response.py).
 *
 * @module
 */

/** Source of the Python server. Runs on Python 3.7 and later. */
export const scriptServer = `
import importlib.util
import json
import os
import shutil
import signal
import socket
import socketserver
import sys
import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler, HTTPServer

SOCKET, CODE, ENTRY = sys.argv[1:4]
MAX_BODY = 16 * 2**20


def end_with_parent(pipe):
    """Waits until the supervisor is gone, then ends this whole process group."""
    while os.read(pipe, 4096):
        pass
    shutil.rmtree(os.path.dirname(SOCKET), ignore_errors=True)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def leave(*_):
    """Ends the process on SIGTERM. Removes its folder itself, in case the supervisor dies at this moment."""
    shutil.rmtree(os.path.dirname(SOCKET), ignore_errors=True)
    sys.exit(0)


def load():
    """Imports the script with its own folder first on the path and as the current folder."""
    path = os.path.join(CODE, ENTRY)
    folder = os.path.dirname(path)
    os.chdir(folder)
    sys.path[0] = folder
    if os.path.realpath(folder) != os.path.realpath(CODE):
        sys.path.insert(1, CODE)
    sys.argv[:] = [path]
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    for needed in ("init", "run"):
        if not callable(getattr(module, needed, None)):
            sys.exit("%s has no function %s()" % (ENTRY, needed))
    return module


class Server(socketserver.ThreadingMixIn, HTTPServer):
    address_family = socket.AF_UNIX
    daemon_threads = True
    request_queue_size = 4096

    def server_bind(self):
        # HTTPServer would look up a host name here.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    started = None

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path == "/":
            self.reply(200, "text/html; charset=utf-8", b"Healthy")
        elif path == "/score":
            self.refuse(405, "Method not allowed")
        else:
            self.refuse(404, "This model answers POST /score.")

    def do_POST(self):
        self.started = time.perf_counter()
        length = self.headers.get("Content-Length", "")
        if not length.isdigit():
            self.close_connection = True
            return self.refuse(411, "The request has no Content-Length.")
        body = self.body(int(length))
        if self.path.partition("?")[0] != "/score":
            return self.refuse(404, "This model answers POST /score.")
        if body is None:
            return self.refuse(413, "The body is over %d bytes." % MAX_BODY)
        try:
            raw_data = body.decode("utf-8")
        except UnicodeDecodeError as error:
            return self.refuse(400, "The body is not UTF-8: %s" % error)
        try:
            result = script.run(raw_data)
            # A str is JSON like everything else, and nothing is {}: both as Azure's own server answers.
            text = json.dumps({} if result is None else result)
        except Exception as error:
            traceback.print_exc()
            return self.refuse(500, str(error) or type(error).__name__, failed=True)
        self.reply(200, "application/json", text.encode("utf-8"))

    def body(self, length):
        """Returns the body, or None after reading past one that is too large."""
        if length <= MAX_BODY:
            return self.rfile.read(length)
        while length > 0:
            chunk = self.rfile.read(min(length, 2**16))
            if not chunk:
                break
            length -= len(chunk)
        return None

    def refuse(self, status, message, failed=False):
        self.reply(status, "application/json", json.dumps({"message": message}).encode("utf-8"), failed)

    def reply(self, status, kind, body, failed=False):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.started is not None:
            milliseconds = (time.perf_counter() - self.started) * 1e3
            self.send_header("x-ms-run-function-failed", str(failed))
            self.send_header("x-ms-run-fn-exec-ms", "%.3f" % milliseconds)
            print("%s %s %d %.1f ms" % (self.command, self.path, status, milliseconds), flush=True)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass  # reply() prints one line a score, and probes none


# The script must not read, and its own children must not hold, the pipe that tells of the supervisor's death.
pipe = os.dup(0)
nothing = os.open(os.devnull, os.O_RDONLY)
os.dup2(nothing, 0)
os.close(nothing)
threading.Thread(target=end_with_parent, args=(pipe,), daemon=True).start()

signal.signal(signal.SIGTERM, leave)
script = load()
script.init()
server = Server(SOCKET, Handler)
print("%s is ready" % ENTRY, flush=True)
server.serve_forever(poll_interval=3600)
`.trimStart();
