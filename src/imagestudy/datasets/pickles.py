"""Pickles that hold byte strings, whole numbers, lists and arrays of bytes, and nothing else.

Not read by Python's unpickler: even one that admits no name hashes whatever a pickle makes a key,
and nested tuples of a hundred bytes keep it busy for ever, or crash it.
"""

import pickletools
from typing import Any, NamedTuple

import numpy as np

from imagestudy.errors import StudyError

BYTES, DTYPE, ARRAY, NEW_ARRAY = "_codecs encode", "numpy dtype", "numpy ndarray", "new array"
NAMES = {
    BYTES: BYTES,
    DTYPE: DTYPE,
    ARRAY: ARRAY,
    "numpy.core.multiarray _reconstruct": NEW_ARRAY,
    "numpy._core.multiarray _reconstruct": NEW_ARRAY,
}
# Opcodes whose argument is the value that they put on the stack.
VALUES = {
    *("BININT", "BININT1", "BININT2", "BINUNICODE", "SHORT_BINBYTES", "BINBYTES"),
}
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


def read(data: bytes) -> Any:
    """What the pickle `data` holds; text of Python 2 as bytes, arrays as uint8 arrays.

    A `StudyError` says what in it this format never needs; a damaged pickle may raise anything.
    """
    reader = _Reader(len(data))
    for opcode, argument, _ in pickletools.genops(data):
        reader.take(opcode.name, argument)
    return reader.stack.pop()


class _Global(NamedTuple):
    """A name that a pickle asks for; it stands for itself and is never called."""

    name: str


class _Array:
    """An array of bytes, empty until its state is known."""

    content = np.empty(0, np.uint8)


class _Reader:
    """The stack and the memory of a pickle's opcodes."""

    def __init__(self, size: int) -> None:
        self.stack: list[Any] = []
        self._marks: list[int] = []
        self._memory: dict[int, Any] = {}
        # Text that is told once and made bytes again and again would fill the memory.
        self._left = size

    def take(self, opcode: str, argument: Any) -> None:
        """Do what one opcode says."""
        stack = self.stack
        if opcode in VALUES:
            stack.append(argument)
        elif opcode in ("SHORT_BINSTRING", "BINSTRING"):
            stack.append(argument.encode("latin-1"))
        elif opcode in CONSTANTS:
            stack.append(CONSTANTS[opcode])
        elif opcode in ("BINPUT", "LONG_BINPUT"):
            self._memory[argument] = stack[-1]
        elif opcode in ("BINGET", "LONG_BINGET"):
            stack.append(self._memory[argument])
        elif opcode == "MARK":
            self._marks.append(len(stack))
        elif opcode == "EMPTY_LIST":
            stack.append([])
        elif opcode == "EMPTY_DICT":
            stack.append({})
        elif opcode == "APPENDS":
            items = self._since_mark()
            _of(list, stack[-1]).extend(_plain(each) for each in items)
        elif opcode == "APPEND":
            item = stack.pop()
            _of(list, stack[-1]).append(_plain(item))
        elif opcode in ("SETITEM", "SETITEMS"):
            items = self._since_mark() if opcode == "SETITEMS" else [stack.pop(-2), stack.pop()]
            for key, value in zip(items[::2], items[1::2], strict=True):
                _of(dict, stack[-1])[_of(bytes, key)] = _plain(value)
        elif opcode in TUPLES:
            start = len(stack) - TUPLES[opcode]
            stack[start:] = [tuple(stack[start:])]
        elif opcode == "TUPLE":
            stack.append(tuple(self._since_mark()))
        elif opcode == "GLOBAL":
            stack.append(_global(argument))
        elif opcode == "REDUCE":
            arguments = _of(tuple, stack.pop())
            stack.append(self._made(_of(_Global, stack.pop()).name, arguments))
        elif opcode == "BUILD":
            state = _of(tuple, stack.pop())
            _build(stack[-1], state)
        elif opcode not in ("PROTO", "STOP"):
            raise StudyError(f"the pickle has the opcode {opcode}, which this format never needs")

    def _since_mark(self) -> list[Any]:
        start = self._marks.pop()
        items = self.stack[start:]
        del self.stack[start:]
        return items

    def _made(self, name: str, arguments: tuple[Any, ...]) -> Any:
        if name == BYTES:
            text, encoding = arguments
            if encoding not in ("latin1", b"latin1"):
                raise StudyError(f"the pickle holds text in {encoding!r}; the format has 'latin1'")
            self._left -= len(text)
            if self._left < 0:
                raise StudyError("the pickle would unpack to more bytes than it has")
            return _of(str, text).encode("latin-1")
        if name == DTYPE:
            if arguments[0] not in (b"u1", "u1"):
                raise StudyError(
                    f"the pickle holds an array of type {arguments[0]!r}; the format has 'u1' only"
                )
            return _Global("u1")
        if name == NEW_ARRAY:
            return _Array()
        raise StudyError(f"the pickle calls {name}, which this format never does")


def _global(name: str) -> _Global:
    if name not in NAMES:
        asked = name.replace(" ", ".")
        raise StudyError(f"the pickle asks for {asked}, which this format never needs")
    return _Global(NAMES[name])


def _build(target: Any, state: tuple[Any, ...]) -> None:
    """Fill an array; the state of its type of number says nothing that is not known."""
    if isinstance(target, _Array):
        _, shape, _, _, content = state
        target.content = np.frombuffer(_of(bytes, content), np.uint8).reshape(_of(tuple, shape))


def _plain(value: Any) -> Any:
    """What may be held by a list or a dictionary: no tuple, no name."""
    if isinstance(value, _Array):
        return value.content
    return _of((bytes, str, int, list, dict), value)


def _of(kind: type | tuple[type, ...], value: Any) -> Any:
    if not isinstance(value, kind):
        raise StudyError(f"the pickle holds a value of type {type(value).__name__} out of place")
    return value
