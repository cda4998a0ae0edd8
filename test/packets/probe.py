"""Sends and receives in many network namespaces from one process: a socket belongs to the namespace that it was made in.

Reads orders, a line of JSON each, and obeys them one after the other:

    {"listen": [...]}     listens, on each address and port named
    {"flows": [...]}      sends a first packet each; a flow with "keep" stays open when it is answered
    {"again": [3, 5]}     says something more on kept flows

and writes one line for each answer to a flow: {"flow": 3, "answer": "m1abcde 10.0.1.4"}, who answered and from whom he
heard; {"flow": 3, "answer": null} where it was refused. The answer to a query is its bytes in hexadecimal. When all of an
order was done it writes {"done": 2}, counting orders from 0. Ends with its input.
"""

import ctypes
import json
import os
import selectors
import socket
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
NETWORK = 0x40000000
KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}

selector = selectors.DefaultSelector()
kept = {}


def enter(namespace):
    """The calling thread, of which there is one, goes on in a namespace."""
    descriptor = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        if LIBC.setns(descriptor, NETWORK) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter {namespace}")
    finally:
        os.close(descriptor)


def tell(**what):
    print(json.dumps(what), flush=True)


def listen(order):
    enter(order["namespace"])
    own = socket.socket(socket.AF_INET, KINDS[order["protocol"]])
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    own.setblocking(False)
    own.bind((order["address"], order["port"]))
    name = order["namespace"]
    if order["protocol"] == "tcp":
        own.listen(256)
        selector.register(own, selectors.EVENT_READ, lambda: accept(own, name))
    else:
        selector.register(own, selectors.EVENT_READ, lambda: echo(own, name))


def accept(own, name):
    client, (peer, _) = own.accept()
    answer = f"{name} {peer}".encode()
    client.setblocking(False)
    client.sendall(answer)
    selector.register(client, selectors.EVENT_READ, lambda: repeat(client, answer))


def repeat(client, answer):
    """Answers every word; ends when the client does."""
    try:
        if client.recv(64):
            client.sendall(answer)
            return
    except ConnectionError:
        pass
    selector.unregister(client)
    client.close()


def echo(own, name):
    _, sender = own.recvfrom(64)
    own.sendto(f"{name} {sender[0]}".encode(), sender)


def send(flow):
    enter(flow["namespace"])
    own = socket.socket(socket.AF_INET, KINDS[flow["protocol"]])
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    own.setblocking(False)
    own.bind((flow["source"], flow["sourcePort"]))
    own.connect_ex((flow["destination"], flow["port"]))
    if flow["protocol"] == "udp":
        own.send(bytes.fromhex(flow["payload"]))
    selector.register(own, selectors.EVENT_READ, lambda: answered(own, flow))


def answered(own, flow):
    try:
        answer = own.recv(4096)
        tell(flow=flow["flow"], answer=answer.hex() if flow["query"] else answer.decode())
        if flow.get("keep"):
            kept[flow["flow"]] = own
            return
    except ConnectionRefusedError:
        tell(flow=flow["flow"], answer=None)
    except OSError as error:
        # Nobody refused: the flow is told by who dropped it.
        if error.errno not in (110, 113):
            raise
    selector.unregister(own)
    own.close()


def again(flow):
    kept[flow].send(b"again")


DEEDS = {"listen": listen, "flows": send, "again": again}
pending = b""
done = 0


def obey():
    global pending, done
    read = os.read(0, 1 << 16)
    if not read:
        sys.exit()
    *lines, pending = (pending + read).split(b"\n")
    for line in lines:
        for deed, orders in json.loads(line).items():
            for order in orders:
                DEEDS[deed](order)
        tell(done=done)
        done += 1


selector.register(0, selectors.EVENT_READ, obey)
while True:
    for key, _ in selector.select():
        key.data()
