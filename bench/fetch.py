"""Downloads one file many times at once and throws it away: the client of `bench.downloads`, in a process of its own.

    python -m bench.fetch PORT PATH TOKEN OCTETS TIMES

Says in one line how many seconds passed from the first request to the last octet. Sockets and one buffer, nothing else:
the less the client costs, the more of the machine is left for the server.
"""

import selectors
import socket
import sys
import time

BUFFER = 1 << 20
HEAD_ENDS = b"\r\n\r\n"


class Download:
    """One connection, one request."""

    def __init__(self, port: int, request: bytes, octets: int) -> None:
        self.connection = socket.create_connection(("127.0.0.1", port))
        self._request = request
        self._head = b""
        self._missing = octets

    def begin(self) -> None:
        """Ask."""
        self.connection.sendall(self._request)
        self.connection.setblocking(False)

    def receive(self, buffer: memoryview) -> bool:
        """Take what came; True once the last octet has. Raises RuntimeError for anything but the whole file."""
        received = self.connection.recv_into(buffer)
        if not received:
            raise RuntimeError(f"the connection ended with {self._missing} octets missing: {self._head[:300]!r}")
        if HEAD_ENDS not in self._head:
            head, _, body = (self._head + bytes(buffer[:received])).partition(HEAD_ENDS)
            self._head = head + HEAD_ENDS
            if not head.startswith(b"HTTP/1.1 200 "):
                raise RuntimeError(head.decode(errors="replace"))
            received = len(body)
        self._missing -= received
        return self._missing == 0


def fetch(port: int, path: str, token: str, octets: int, times: int) -> float:
    """Download at once; returns seconds."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    downloads = [Download(port, request, octets) for _ in range(times)]
    buffer = memoryview(bytearray(BUFFER))
    with selectors.DefaultSelector() as selector:
        began = time.perf_counter()
        for download in downloads:
            download.begin()
            selector.register(download.connection, selectors.EVENT_READ, download)
        running = len(downloads)
        while running:
            for key, _ in selector.select(60):
                if key.data.receive(buffer):
                    selector.unregister(key.fileobj)
                    key.data.connection.close()
                    running -= 1
        return time.perf_counter() - began


def main() -> None:
    """Fetch and say how long it took."""
    port, path, token, octets, times = sys.argv[1:]
    print(fetch(int(port), path, token, int(octets), int(times)))


if __name__ == "__main__":
    main()
