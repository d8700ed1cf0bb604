"""Values between two processes: small ones as messages, their arrays without detours.

An array is received straight into its final place while no other thread of the receiver is held
up: a training that computes meanwhile does not notice.
"""

from __future__ import annotations

import pickle
import socket
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from typing import Any

import numpy as np
from typing_extensions import Self


@dataclass(frozen=True, eq=False)
class Channel:
    """One end of a line to another process; it can be handed to one that is being started.

    Attributes:
        messages: for values without their arrays; readable when there is something to receive.
        arrays: for the arrays, byte by byte.
    """

    messages: Connection
    arrays: socket.socket

    @classmethod
    def pair(cls) -> tuple[Self, Self]:
        """Return the two ends of a new line."""
        messages, arrays = Pipe(), socket.socketpair()
        return cls(messages[0], arrays[0]), cls(messages[1], arrays[1])

    def send(self, value: Any) -> None:
        """Send anything that can be pickled.

        Raises:
            OSError: the other end is closed.
        """
        buffers: list[pickle.PickleBuffer] = []
        head = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
        raw = [buffer.raw() for buffer in buffers]
        self.messages.send((head, [view.nbytes for view in raw]))
        for view in raw:
            self.arrays.sendall(view)

    def receive(self) -> Any:
        """Wait for the next value. Its arrays can be written to.

        Raises:
            EOFError, OSError: the other end is closed.
        """
        head, sizes = self.messages.recv()
        # Unlike bytearray, NumPy does not clear what is about to be overwritten.
        buffers = [np.empty(size, np.uint8) for size in sizes]
        for buffer in buffers:
            self._fill(buffer.data)
        return pickle.loads(head, buffers=buffers)  # a process of our own sent it

    def _fill(self, view: memoryview) -> None:
        while view.nbytes:
            count = self.arrays.recv_into(view)
            if count == 0:
                raise EOFError("the other end is closed")
            view = view[count:]

    def close(self) -> None:
        """Close this end."""
        self.messages.close()
        self.arrays.close()
