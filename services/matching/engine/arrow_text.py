"""Arrow text owns the way of a text column out of the database as bytes, through Arrow's C data interface."""

import ctypes
from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np

from services.matching.engine.byte_texts import ByteTexts

_CAPSULE = b"arrow_array_stream"
_Offsets = np.dtype[Any]
_OFFSETS: dict[bytes, _Offsets] = {b"u": np.dtype(np.int32), b"U": np.dtype(np.int64)}
"""The type of the offsets in a column of text, by its format."""


class _Schema(ctypes.Structure):
    pass


class _Array(ctypes.Structure):
    pass


class _Stream(ctypes.Structure):
    pass


_Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_char_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(_Schema))),
    ("dictionary", ctypes.POINTER(_Schema)),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Schema))),
    ("private_data", ctypes.c_void_p),
]
_Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(_Array))),
    ("dictionary", ctypes.POINTER(_Array)),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Array))),
    ("private_data", ctypes.c_void_p),
]
_Stream._fields_ = [
    ("get_schema", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Stream), ctypes.POINTER(_Schema))),
    ("get_next", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Stream), ctypes.POINTER(_Array))),
    ("get_last_error", ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.POINTER(_Stream))),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Stream))),
    ("private_data", ctypes.c_void_p),
]
_pointer_in = ctypes.pythonapi.PyCapsule_GetPointer
_pointer_in.restype, _pointer_in.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]


def read_texts(connection: duckdb.DuckDBPyConnection, query: str) -> ByteTexts:
    """Return the one text column of a query, which has no nulls."""
    capsule = connection.sql(query).__arrow_c_stream__()
    stream = ctypes.cast(_pointer_in(capsule, _CAPSULE), ctypes.POINTER(_Stream))
    try:
        dtype = _offsets_of(stream)
        return ByteTexts.joined(list(_parts(stream, dtype)))
    finally:
        stream.contents.release(stream)


def _offsets_of(stream: "ctypes._Pointer[_Stream]") -> _Offsets:
    schema = _Schema()
    _succeed(stream, stream.contents.get_schema(stream, ctypes.byref(schema)))
    found = _OFFSETS.get(schema.children[0].contents.format)
    schema.release(ctypes.byref(schema))
    if found is None:
        raise TypeError("the column is no text")
    return found


def _parts(stream: "ctypes._Pointer[_Stream]", dtype: _Offsets) -> Iterator[ByteTexts]:
    while True:
        array = _Array()
        _succeed(stream, stream.contents.get_next(stream, ctypes.byref(array)))
        if not array.release:
            return
        column = array.children[0].contents
        begin = column.offset * dtype.itemsize
        offsets = np.frombuffer(
            ctypes.string_at(column.buffers[1] + begin, (column.length + 1) * dtype.itemsize), dtype
        )
        first, last = int(offsets[0]), int(offsets[-1])
        content = ctypes.string_at(column.buffers[2] + first, last - first) if last > first else b""
        array.release(ctypes.byref(array))
        yield ByteTexts.of(content, offsets.astype(np.int64) - first)


def _succeed(stream: "ctypes._Pointer[_Stream]", code: int) -> None:
    if code:
        message = stream.contents.get_last_error(stream)
        raise duckdb.Error((message or b"").decode(errors="replace") or f"error {code}")
