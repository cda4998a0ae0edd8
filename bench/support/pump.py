"""Bytes over one TCP connection. `pump.py take ADDRESS PORT` takes them and says how many; `pump.py give ADDRESS PORT
SECONDS` gives as many as it can and prints how many bytes a second arrived."""

import socket
import sys
import time

way, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
SIZE = 1 << 18

if way == "take":
    server = socket.create_server((address, port))
    print("ready", flush=True)
    room = memoryview(bytearray(SIZE))
    while True:
        client, _ = server.accept()
        total = 0
        while taken := client.recv_into(room):
            total += taken
        client.sendall(str(total).encode())
        client.close()

own = socket.create_connection((address, port))
piece = bytes(SIZE)
start = time.monotonic()
while time.monotonic() - start < float(sys.argv[4]):
    own.sendall(piece)
own.shutdown(socket.SHUT_WR)
total = int(own.recv(64))
print(total / (time.monotonic() - start))
