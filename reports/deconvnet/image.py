"""The image that the network looks at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib import cbook
from PIL import Image, ImageOps

from reports.recording.options import UsageError

Array = npt.NDArray[np.uint8]


def load(path: Path | None, size: int) -> Array:
    """Read an image file as RGB [size, size, 3] of 0 to 255; its longer side is cut at both ends.

    Without a path, this is the photograph that comes with matplotlib.

    Raises:
        UsageError: if there is no such file, or if it is no image.
    """
    place = path or _sample()
    if not place.is_file():
        msg = f"--image {place}: there is no such file; give the path of an image"
        raise UsageError(msg)
    try:
        with Image.open(place) as opened:
            upright: Any = ImageOps.exif_transpose(opened)
            image = ImageOps.fit(upright.convert("RGB"), (size, size), Image.Resampling.LANCZOS)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        msg = f"--image {place}: not an image that Pillow can read: {error}"
        raise UsageError(msg) from None
    return np.asarray(image, dtype=np.uint8)


def _sample() -> Path:
    """Return the path of the photograph of Grace Hopper, a work of the US Navy, that comes with matplotlib."""
    try:
        return Path(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))
    except OSError:
        msg = "this matplotlib comes without its sample photograph: give an image with --image"
        raise UsageError(msg) from None
