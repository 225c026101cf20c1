"""What a script imports as `extism`: the names of Extism's own kit for Python, as far as they are needed here."""

import sys

import extism_ffi as ffi

input_bytes = ffi.input_bytes
input_str = ffi.input_str
output_bytes = ffi.output_bytes
output_str = ffi.output_str


class LogLevel:
    Error = 4
    Warn = 3
    Info = 2
    Debug = 1


def log(level, message):
    ffi.log(level, message)


def plugin_fn(function):
    """Marks a function that the host may call; the build reads the mark."""
    return function


class _Number(float):
    """A number with a fraction or an exponent, which is written out with the digits that it was read with."""

    def __new__(cls, text):
        number = float.__new__(cls, text)
        number.text = text
        return number


def _loads(text):
    return ffi.json_loads(text, _Number)


def _dumps(value):
    return ffi.json_dumps(value, _Number)


def input_json():
    return _loads(input_str())


def output_json(value):
    output_str(_dumps(value))


class Config:
    @staticmethod
    def get(key):
        return ffi.config_get(key)

    @staticmethod
    def get_json(key):
        text = ffi.config_get(key)
        return None if text is None else _loads(text)


class Var:
    @staticmethod
    def get_bytes(key):
        return ffi.var_get(key)

    @staticmethod
    def get_str(key):
        value = ffi.var_get(key)
        return None if value is None else value.decode()

    @staticmethod
    def get_json(key):
        value = ffi.var_get(key)
        return None if value is None else _loads(value.decode())

    @staticmethod
    def set(key, value):
        ffi.var_set(key, value.encode() if isinstance(value, str) else value)


class _Lines:
    """Where `print` goes: each line to the log."""

    def __init__(self, level):
        self._level = level
        self._rest = ""

    def write(self, text):
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            log(self._level, line)
        return len(text)

    def flush(self):
        pass


# There is no clock: whoever asks for one is told so, and not broken off.
sys.modules["time"] = None
sys.stdout = _Lines(LogLevel.Info)
sys.stderr = _Lines(LogLevel.Warn)
