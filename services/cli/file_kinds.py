"""File kinds owns telling by its first bytes what a file is: text of some encoding, or nothing that is read here."""

import os
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from pathlib import Path

from services.cli.failures import BadInputFailure

UTF_8 = "utf-8-sig"
"""UTF-8, with a byte order mark or without."""

_MARKS = (
    (BOM_UTF32_LE, "utf-32"),
    (BOM_UTF32_BE, "utf-32"),
    (BOM_UTF8, UTF_8),
    (BOM_UTF16_LE, "utf-16"),
    (BOM_UTF16_BE, "utf-16"),
)
"""By byte order mark how a file is decoded, the mark left out; one mark begins with another, and stands before it."""

_UTF_8_NAMES = ("", "utf8", "utf8sig")
_PARQUET_ENDINGS = frozenset({".parquet", ".pq"})
_PARQUET = b"PAR1"
_FOREIGN = (
    (b"\x1f\x8b", "compressed with gzip; unpack it first"),
    (b"BZh91AY&SY", "compressed with bzip2; unpack it first"),
    (b"\xfd7zXZ\x00", "compressed with xz; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd; unpack it first"),
    (b"PK\x03\x04", "a zip archive or a workbook (.xlsx, .ods); unpack it, or save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "a workbook (.xls); save the sheet as CSV"),
)
_LONGEST_BEGINNING = 16


def is_parquet(path: Path) -> bool:
    """Whether a file is Parquet, by its ending."""
    return path.suffix.lower() in _PARQUET_ENDINGS


def mark_of(path: Path) -> str:
    """Return how a file is decoded by the byte order mark that it begins with, '' where it has none."""
    begin = _beginning(path)
    return next((decoder for mark, decoder in _MARKS if begin.startswith(mark)), "")


def encoding_of(path: Path, encoding: str = "") -> str:
    """Return how a CSV file is decoded: by its mark, by the encoding that is named, or as UTF-8."""
    named = UTF_8 if encoding.replace("-", "").replace("_", "") in _UTF_8_NAMES else encoding
    return mark_of(path) or named


def refuse_unreadable(path: Path, encoding: str = "") -> None:
    """Refuse what is no file, may not be read, or is neither CSV nor Parquet by its first bytes."""
    if path.is_fifo() or (str(path) == "-" and not path.exists()):
        raise BadInputFailure(f"{path}: not a file but a pipe, which cannot be read twice; write it to a file first")
    if not path.is_file():
        raise BadInputFailure(f"{path}: not a file" if path.exists() else f"{path}: no such file")
    if not os.access(path, os.R_OK):
        raise BadInputFailure(f"{path}: not readable: permission denied")
    _refuse_foreign(path)
    if encoding and is_parquet(path):
        raise BadInputFailure(f"{path}: --encoding is for CSV; Parquet says itself how it is written")


def _refuse_foreign(path: Path) -> None:
    begin = _beginning(path)
    for sign, what in _FOREIGN:
        if begin.startswith(sign):
            raise BadInputFailure(f"{path}: {what}")
    if is_parquet(path):
        if begin and not begin.startswith(_PARQUET):
            raise BadInputFailure(f"{path}: not Parquet, whatever its name says; a name with .csv is read as CSV")
    elif begin.startswith(_PARQUET) and _ending(path) == _PARQUET:
        raise BadInputFailure(f"{path}: Parquet, whatever its name says; a name with .parquet is read as that")


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LONGEST_BEGINNING)


def _ending(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(-len(_PARQUET), os.SEEK_END)
        return file.read()
