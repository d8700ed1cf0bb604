"""Values between two processes over a pair of pipes, their arrays without detours.

An array is received straight into its final place, and no other thread of the receiver is held
up meanwhile: a training that computes does not notice.
"""

from __future__ import annotations

import pickle
import struct
from dataclasses import dataclass
from io import FileIO
from typing import Any

import numpy as np

_LENGTH = struct.Struct("<Q")


@dataclass(frozen=True, eq=False)
class Channel:
    """One end of a line to another process.

    Attributes:
        reader, writer: pipes, unbuffered.
    """

    reader: FileIO
    writer: FileIO

    def send(self, value: Any) -> None:
        """Send anything that can be pickled.

        Raises:
            OSError, ValueError: the other end, or this one, is closed.
        """
        buffers: list[pickle.PickleBuffer] = []
        body = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
        raw = [buffer.raw() for buffer in buffers]
        head = pickle.dumps((body, [view.nbytes for view in raw]))
        for view in (memoryview(_LENGTH.pack(len(head)) + head), *raw):
            self._write(view)

    def receive(self) -> Any:
        """Wait for the next value. Its arrays can be written to.

        Raises:
            EOFError, OSError, ValueError: the other end, or this one, is closed.
        """
        (length,) = _LENGTH.unpack(self._read(_LENGTH.size))
        body, sizes = pickle.loads(self._read(length))  # a process of our own sent it
        return pickle.loads(body, buffers=[self._read(size) for size in sizes])

    def _write(self, view: memoryview) -> None:
        while view.nbytes:
            view = view[self.writer.write(view) :]

    def _read(self, size: int) -> memoryview:
        # Unlike bytearray, NumPy does not clear what is about to be overwritten.
        buffer = np.empty(size, np.uint8).data
        view = buffer
        while view.nbytes:
            count = self.reader.readinto(view)
            if not count:
                raise EOFError("the other end is closed")
            view = view[count:]
        return buffer

    def close(self) -> None:
        """Close this end."""
        self.writer.close()
        self.reader.close()
