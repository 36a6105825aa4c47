"""Photos for tests, made on the spot, and ExifTool to look into them."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image

pillow_heif.register_heif_opener()

KINDS = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "heic": "HEIF"}
# Words that must not survive, and a place (a back garden, say) nobody may learn.
PLANTED = "Planted"
LATITUDE, LONGITUDE = "53.79271", "-1.75319"
# What ExifTool says of any JPEG file: its name, its size, how it is coded.
HARMLESS = {"SourceFile", "ExifTool", "System", "File", "JFIF", "Composite"}
HARMLESS_TAGS = {"Composite:ImageSize", "Composite:Megapixels"}


def picture(width: int = 640, height: int = 480) -> Image.Image:
    """Return a picture that is red on the left and blue on the right."""
    made = Image.new("RGB", (width, height), (200, 30, 30))
    made.paste((30, 30, 200), (width // 2, 0, width, height))
    return made


def as_file(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    """Return a picture as the bytes of a file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def exiftool() -> str:
    """Return the program; the test is skipped where it is missing, never in CI."""
    found = shutil.which("exiftool")
    if found is None:
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail("there is no exiftool: make test installs it")
        pytest.skip("there is no exiftool: install Debian's libimage-exiftool-perl")
    return found


def planted(kind: str, folder: Path) -> bytes:
    """Return a photo with a position in EXIF and XMP, and more that must not stay."""
    file, small = folder / f"planted.{kind}", folder / "small.jpg"
    file.write_bytes(as_file(picture(), KINDS[kind]))
    small.write_bytes(as_file(picture(160, 120)))
    tags = [
        f"-EXIF:GPSLatitude={LATITUDE}", "-EXIF:GPSLatitudeRef=N",
        f"-EXIF:GPSLongitude={LONGITUDE.lstrip('-')}", "-EXIF:GPSLongitudeRef=W",
        f"-XMP-exif:GPSLatitude={LATITUDE}", f"-XMP-exif:GPSLongitude={LONGITUDE}",
        f"-EXIF:Artist={PLANTED}", f"-XMP-dc:Creator={PLANTED}",
        f"-EXIF:ImageDescription={PLANTED}", "-EXIF:Make=Camera",
        f"-IFD1:ThumbnailImage<={small}",
    ]  # fmt: skip
    if kind == "jpeg":
        tags += [f"-IPTC:City={PLANTED}", f"-Comment={PLANTED}"]
    if kind == "png":
        tags += [f"-PNG:Comment={PLANTED}"]
    subprocess.run(
        [exiftool(), "-q", "-m", "-overwrite_original", *tags, str(file)],
        check=True, capture_output=True,
    )  # fmt: skip
    return file.read_bytes()


def told_by(data: bytes, folder: Path) -> dict[str, object]:
    """Return everything ExifTool finds in a file, by group and tag."""
    file = folder / "look.bin"
    file.write_bytes(data)
    answer = subprocess.run(
        [exiftool(), "-j", "-a", "-u", "-G1", "-ee", str(file)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    [found] = json.loads(answer.stdout)
    return dict(found)


def assert_says_nothing(data: bytes, folder: Path) -> None:
    """Fail if a file says anything beyond how its pixels are coded."""
    found = told_by(data, folder)
    assert found["File:FileType"] == "JPEG"
    left = {
        name for name in found
        if name.partition(":")[0] not in HARMLESS
        or (name.startswith("Composite:") and name not in HARMLESS_TAGS)
        or name.endswith("Comment")
    }  # fmt: skip
    assert not left, {name: found[name] for name in left}
    for words in (PLANTED.encode(), b"Exif", b"ns.adobe.com", b"ICC_PROFILE", b"Photoshop"):
        assert words not in data
    assert data.count(b"\xff\xd8\xff") == 1, "a picture inside the picture"
