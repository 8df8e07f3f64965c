"""Pictures one after the other as GIF (Pillow) or MP4 (ffmpeg)."""

import io
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from rnnviz.errors import ExportError
from rnnviz.words import N_, Words

NO_FFMPEG = N_(
    "MP4 needs ffmpeg on the machine that runs rnnviz: install it (Debian: apt-get install ffmpeg; "
    "or pip install imageio-ffmpeg), or take HTML or GIF."
)
HOLD = 1.2
"""Seconds that the last frame stays."""
SLOW = 120.0
"""Seconds that ffmpeg may take after the last frame."""
COLOURS = 255


def gif(pictures: Iterable[bytes], path: Path, size: tuple[int, int], rate: float) -> None:
    """Write PNGs as a GIF that goes round and round.

    All frames share one set of colours, that of the first, the middle and the last together, so
    that what stands still does not flicker.

    Parameters
    ----------
    pictures : iterable of bytes
        PNG, all of one size.
    rate : float
        Frames a second.
    """
    frames = [Image.open(io.BytesIO(each)).convert("RGB") for each in pictures]
    picked = [frames[0], frames[len(frames) // 2], frames[-1]]
    sheet = Image.new("RGB", (size[0], size[1] * len(picked)))
    for number, each in enumerate(picked):
        sheet.paste(each, (0, number * size[1]))
    colours = sheet.quantize(COLOURS, method=Image.Quantize.MEDIANCUT)
    made = [each.quantize(palette=colours, dither=Image.Dither.NONE) for each in frames]
    pause = round(1000 / rate)
    lasting = [pause] * (len(made) - 1) + [max(pause, round(1000 * HOLD))]
    made[0].save(path, "GIF", save_all=True, append_images=made[1:], duration=lasting, loop=0)


def mp4(pictures: Iterable[bytes], path: Path, size: tuple[int, int], rate: float) -> None:
    """Write PNGs as an MP4 (H.264) that every browser and slide program plays.

    Raises
    ------
    ExportError
        If there is no ffmpeg, or it fails.
    """
    command = [
        find_ffmpeg(), "-y", "-loglevel", "error", "-f", "image2pipe", "-framerate", f"{rate:g}",
        "-c:v", "png", "-i", "-", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "18",
        "-vf", f"tpad=stop_mode=clone:stop_duration={HOLD:g},pad=ceil(iw/2)*2:ceil(ih/2)*2",
        "-movflags", "+faststart", "-f", "mp4", str(path),
    ]  # fmt: skip
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=said, stderr=said)
        assert process.stdin is not None
        try:
            for each in pictures:
                process.stdin.write(each)
            process.stdin.close()
            status = process.wait(SLOW)
        except BrokenPipeError:  # it has ended, and said why
            status = process.wait(SLOW)
        except subprocess.TimeoutExpired:
            raise ExportError("ffmpeg took too long: animate fewer steps, or take GIF.") from None
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if status:
            said.seek(0)
            why = said.read(400).decode("utf-8", "replace").strip().splitlines()
            raise ExportError(
                "ffmpeg could not make the MP4 ({reason}): take GIF or HTML.",
                reason=why[-1][:160] if why else Words("no more"),
            )


def find_ffmpeg() -> str:
    """Return the path of an ffmpeg: the system's, or that of the package imageio-ffmpeg.

    Raises
    ------
    ExportError
        If there is none.
    """
    found = shutil.which("ffmpeg")
    if found:
        return found
    try:
        import imageio_ffmpeg

        path: str = imageio_ffmpeg.get_ffmpeg_exe()
        return path
    except (ImportError, RuntimeError):
        raise ExportError(NO_FFMPEG) from None
