"""Our own copies of photos: what is in them, and what is refused."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageCms, ImageFile

from app.photos.making import PhotoRefused, make_photo
from tests.pictures import (
    KINDS,
    PLANTED,
    as_file,
    assert_says_nothing,
    picture,
    planted,
    told_by,
)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_planted_survives(kind: str, tmp_path: Path) -> None:
    source = planted(kind, tmp_path)
    # The test of the test: it is all there, and this would find it.
    found = told_by(source, tmp_path)
    assert found["XMP-exif:GPSLatitude"]
    assert found["GPS:GPSLatitude"]
    assert PLANTED in str(found)
    with pytest.raises(AssertionError):
        assert_says_nothing(source, tmp_path)
    made = make_photo(source)
    assert_says_nothing(made.image, tmp_path)
    assert_says_nothing(made.thumbnail, tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_the_picture_is_the_same(kind: str) -> None:
    made = make_photo(as_file(picture(), KINDS[kind]))
    assert (made.width_px, made.height_px) == (640, 480)
    image = opened(made.image)
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (640, 480))
    left, right = image.getpixel((100, 200)), image.getpixel((540, 200))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert left[0] > 150 > left[2]
    assert right[2] > 150 > right[0]


def test_large_pictures_are_made_smaller() -> None:
    made = make_photo(as_file(picture(4_000, 3_000)))
    assert (made.width_px, made.height_px) == (1_600, 1_200)
    assert opened(made.image).size == (1_600, 1_200)
    assert opened(made.thumbnail).size == (400, 300)


def test_small_pictures_stay_small() -> None:
    made = make_photo(as_file(picture(20, 10)))
    assert opened(made.image).size == opened(made.thumbnail).size == (20, 10)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_stand_upright(orientation: int) -> None:
    """The red half is where a viewer that heeds the orientation would show it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    made = opened(make_photo(as_file(picture(640, 320), exif=exif)).image)
    is_turned = orientation >= 5
    assert made.size == ((320, 640) if is_turned else (640, 320))
    red_is_first = orientation in {1, 4, 5, 6}
    first = made.getpixel((160, 20) if is_turned else (20, 160))
    assert isinstance(first, tuple)
    assert (first[0] > first[2]) == red_is_first


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_pngs_of_every_kind(mode: str) -> None:
    image = Image.new("I;16", (60, 40), 65_535) if mode == "I;16" else picture(60, 40).convert(mode)
    made = opened(make_photo(as_file(image, "PNG")).image)
    assert (made.mode, made.size) == ("RGB", (60, 40))
    if mode == "I;16":
        assert made.getpixel((5, 5)) == (255, 255, 255)


def test_what_can_be_seen_through_is_white() -> None:
    image = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    assert opened(make_photo(as_file(image, "PNG")).image).getpixel((5, 5)) == (255, 255, 255)


def test_other_colours_become_srgb() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    made = make_photo(as_file(picture(60, 40), icc_profile=profile))
    assert b"ICC_PROFILE" not in made.image
    cmyk = make_photo(as_file(picture(60, 40).convert("CMYK")))
    assert opened(cmyk.image).mode == "RGB"


def refused(data: bytes, words: str) -> None:
    with pytest.raises(PhotoRefused, match=words) as said:
        make_photo(data)
    assert str(said.value).endswith(".")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize("side", [7_100, 30_000, 2**31 - 1])
def test_bombs_are_refused_by_their_header(side: int) -> None:
    """A few bytes that say they are a picture of a gigabyte."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1_000_000))
    bomb = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )
    refused(bomb, "million pixels|no photo")


def test_text_that_swells_is_refused_or_left_out() -> None:
    swollen = chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(bytes(80_000_000)))
    image = as_file(picture(), "PNG")
    refused(image[:33] + swollen + image[33:], "no photo|broken")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6])
def test_files_that_were_cut_off_are_refused(kind: str, share: float) -> None:
    # Noise, so that pixels are most of the file.
    whole = as_file(Image.effect_noise((400, 300), 90).convert("RGB"), KINDS[kind])
    # As the library that prints leaves it behind.
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    refused(whole[: int(len(whole) * share)], "broken|no photo")


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"%PDF-1.4", b"<svg xmlns='http://www.w3.org/2000/svg'/>", bytes(1_000)],
)
def test_what_is_no_photo_is_refused(data: bytes) -> None:
    refused(data, "no photo")


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "BMP", "ICO"])
def test_other_pictures_are_refused(kind: str) -> None:
    refused(as_file(picture(64, 64), kind), "no photo")
