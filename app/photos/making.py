"""Make a photo of ours from whatever file somebody sent: its pixels, and nothing else of it.

The file's name, EXIF, position, XMP, IPTC, comments, colour profile and embedded preview end here:
what is stored is painted anew on an empty picture.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pillow_heif
from PIL import Image, ImageCms, ImageFile, ImageOps

LONGEST_SIDE_PX = 1_600
THUMBNAIL_SIDE_PX = 400
QUALITY = 82
# A phone's largest camera has 50; more is read from the header and refused undecoded.
MOST_PIXELS = 50_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
# A picture of 50 megapixels takes 200 MB while it is made smaller.
_ROOM = threading.BoundedSemaphore(2)
# Whoever waits for room holds a connection, which everybody else's pages need too.
MOST_AT_ONCE = 6
_QUEUE = threading.BoundedSemaphore(MOST_AT_ONCE)
_SRGB = ImageCms.createProfile("sRGB")

pillow_heif.register_heif_opener(thumbnails=False)


class PhotoRefused(ValueError):
    """A file is no photo we take; the message says what to do."""


class TooManyWait(Exception):
    """So many photos are being made that nobody else may wait for it."""


@contextmanager
def place_in_queue() -> Iterator[None]:
    """Hold one of the few places of those who make photos; raises TooManyWait, and never waits."""
    if not _QUEUE.acquire(blocking=False):
        raise TooManyWait
    try:
        yield
    finally:
        _QUEUE.release()


@dataclass(frozen=True, slots=True)
class MadePhoto:
    """A JPEG file of at most 1,600 pixels a side, its size, and one of at most 400."""

    image: bytes
    thumbnail: bytes
    width_px: int
    height_px: int


def make_photo(data: bytes) -> MadePhoto:
    """Return our copy of a JPEG, PNG, WebP or HEIC file.

    Turned upright, in sRGB, without a byte of what the file says about itself. Raises
    PhotoRefused for anything else, for files that are cut off, and for more than 50 megapixels.
    """
    with _ROOM, _opened(data) as picture:
        try:
            painted = _painted(picture)
            small = painted.copy()
            small.thumbnail((THUMBNAIL_SIDE_PX, THUMBNAIL_SIDE_PX), Image.Resampling.LANCZOS)
            return MadePhoto(_as_jpeg(painted), _as_jpeg(small), painted.width, painted.height)
        except Exception:  # noqa: BLE001 - decoders of broken files raise all there is
            raise PhotoRefused(
                "This photo is broken or was cut off on its way. Take it again, or send another."
            ) from None


def _opened(data: bytes) -> Image.Image:
    """Open a file by its header; no pixel is decoded."""
    too_many = PhotoRefused(
        f"This photo has more than {MOST_PIXELS // 1_000_000} million pixels. Send a smaller one."
    )
    # WeasyPrint sets this when it is first used: half a photo would then be taken for a whole one.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise too_many from None
    except Exception:  # noqa: BLE001 - decoders of broken files raise all there is
        raise PhotoRefused(
            "This is no photo we can read. Send a JPEG, PNG, WebP or HEIC file."
        ) from None
    if picture.width * picture.height > MOST_PIXELS:
        picture.close()
        raise too_many
    return picture


def _painted(picture: Image.Image) -> Image.Image:
    """Return the pixels, upright, small enough and in sRGB, on a picture that knows nothing."""
    side = (LONGEST_SIDE_PX, LONGEST_SIDE_PX)
    # JPEG files can be decoded at a half, a quarter or an eighth of their size.
    picture.draft("RGB", side)
    picture.load()
    profile = picture.info.get("icc_profile")
    shown = _upright(picture)
    if shown.mode in {"P", "PA", "LA", "La", "RGBa"} or "transparency" in shown.info:
        shown = shown.convert("RGBA")
    elif shown.mode.startswith(("I", "F")):
        # Sixteen bits of grey.
        shown = shown.convert("I").point(lambda grey: grey / 257).convert("L")
    elif shown.mode == "1":
        shown = shown.convert("L")
    shown.thumbnail(side, Image.Resampling.LANCZOS)
    alpha = shown.getchannel("A") if shown.mode == "RGBA" else None
    colours = _in_srgb(shown, profile)
    painted = Image.new("RGB", shown.size, "white")
    painted.paste(colours, mask=alpha)
    return painted


def _upright(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # noqa: BLE001 - nonsense where the orientation should be
        return picture


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    colours = picture.convert("RGB") if picture.mode == "RGBA" else picture
    if profile:
        try:
            converted = ImageCms.profileToProfile(
                colours, ImageCms.ImageCmsProfile(io.BytesIO(profile)), _SRGB, outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError, ValueError):
            converted = None
        if converted is not None:
            return converted
    return colours.convert("RGB")


def _as_jpeg(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return file.getvalue()
