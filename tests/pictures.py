"""Photos for tests, made on the spot."""

from __future__ import annotations

import io

from PIL import Image


def picture(width: int = 640, height: int = 480) -> Image.Image:
    """Return a picture that is red on the left and blue on the right."""
    made = Image.new("RGB", (width, height), (200, 30, 30))
    made.paste((30, 30, 200), (width // 2, 0, width, height))
    return made


def as_file(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
