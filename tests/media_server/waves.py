"""WAV files to hand in, and what is heard in one."""

import io
import wave
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


def tone(seconds: float, *, rate: int = 16_000, channels: int = 1) -> bytes:
    """A WAV file with a tone in it."""
    times = np.arange(round(seconds * rate)) / rate
    samples = (np.sin(times * 2 * np.pi * 440) * 12_000).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as output:
        output.setnchannels(channels)
        output.setsampwidth(2)
        output.setframerate(rate)
        output.writeframes(np.repeat(samples, channels).tobytes())
    return file.getvalue()


def samples_of(path: Path) -> tuple[int, npt.NDArray[Any]]:
    """Rate and samples of a file that must be mono with 16 bits."""
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        return file.getframerate(), np.frombuffer(file.readframes(file.getnframes()), "<i2")


def beeps(path: Path, *, loud: int = 4_000) -> list[float]:
    """When each beep begins, milliseconds of the file."""
    rate, samples = samples_of(path)
    heard = np.flatnonzero(np.abs(samples.astype(int)) > loud) * 1000 / rate
    return [float(at) for before, at in zip([-1e9, *heard], heard, strict=False) if at - before > 200]
