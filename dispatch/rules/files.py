"""Which files a ticket takes, told by their content alone, and what is done to them before they are kept."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from dispatch.errors import Invalid

FILE_LIMIT: Final = 10_000_000
"""Bytes of one file."""
NAME_LENGTH: Final = 120
_LONGEST_SIDE: Final = 4096
"""Pixels; a photograph of a contract is legible well below it."""
_MOST_PIXELS: Final = 60_000_000
_UNPACKED_LIMIT: Final = 100_000_000
_PARTS_LIMIT: Final = 2_000
_ZIP: Final = b"PK\x03\x04"
_OFFICE: Final = {
    "word/document.xml": ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "xl/workbook.xml": ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
_REFUSED: Final = (
    "只能上传照片（JPG、PNG、WebP）、录音（MP3、M4A、WAV、AMR、OGG、WebM）、PDF、Word（docx）或表格（xlsx）"
)


@dataclass(frozen=True, slots=True)
class Taken:
    """A file as it is kept."""

    kind: str
    """photo, sound, document."""
    media_type: str
    name: str
    content: bytes


def take_in(name: str, content: bytes) -> Taken:
    """Return a file fit to be kept; raises Invalid with a Chinese sentence.

    Its name and declared type are not believed. Photographs are drawn anew: where and with what
    they were taken goes, and so does anything that hides behind the picture.
    """
    if not content:
        raise Invalid({"file": "文件是空的，请重新选择"})
    if len(content) > FILE_LIMIT:
        raise Invalid({"file": f"每个文件最大{FILE_LIMIT // 1_000_000}MB"})
    for ending, media, is_it in _SOUNDS:
        if is_it(content):
            return Taken("sound", media, clean_name(name, ending), content)
    if content.startswith(_PICTURES):
        drawn, ending = _drawn_anew(content)
        media = "image/png" if ending == "png" else "image/jpeg"
        return Taken("photo", media, clean_name(name, ending), drawn)
    if content.startswith(b"%PDF-") and b"%%EOF" in content[-2048:]:
        return Taken("document", "application/pdf", clean_name(name, "pdf"), content)
    if content.startswith(_ZIP):
        ending, media = _office(content)
        return Taken("document", media, clean_name(name, ending), content)
    raise Invalid({"file": _REFUSED})


def clean_name(name: str, ending: str) -> str:
    """Return a file name without folders, control and direction marks, with the ending that its content has."""
    base = re.split(r"[/\\]", unicodedata.normalize("NFKC", name))[-1]
    base = "".join(each for each in base if unicodedata.category(each)[0] != "C" and each not in '<>:"|?*')
    stem = base.rsplit(".", 1)[0] if "." in base else base
    stem = stem.strip(" .")[: NAME_LENGTH - len(ending) - 1].strip(" .")
    return f"{stem or '附件'}.{ending}"


def _drawn_anew(content: bytes) -> tuple[bytes, str]:
    # Here: most processes never see a photograph.
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                raise Invalid({"file": "照片的像素太多，请缩小后再上传"})
            # A large photograph is unpacked at a fraction of its size where its format allows.
            opened.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))
            kept_format = "PNG" if opened.format == "PNG" else "JPEG"
            upright = ImageOps.exif_transpose(opened)
            upright.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
            flat = upright.convert(
                "RGBA" if kept_format == "PNG" and upright.has_transparency_data else "RGB"
            )
            # A picture without a past: information beside the pixels is not carried over.
            bare = Image.frombytes(flat.mode, flat.size, flat.tobytes())
    except Image.DecompressionBombError as error:
        raise Invalid({"file": "照片的像素太多，请缩小后再上传"}) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise Invalid({"file": "照片打不开，可能没有传完，请重新拍照上传"}) from error
    out = io.BytesIO()
    if kept_format == "PNG":
        bare.save(out, "PNG", optimize=False)
    else:
        bare.save(out, "JPEG", quality=88)
    return out.getvalue(), "png" if kept_format == "PNG" else "jpg"


def _office(content: bytes) -> tuple[str, str]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
            names = {each.filename for each in parts}
            unpacked = sum(each.file_size for each in parts)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Invalid({"file": _REFUSED}) from error
    if len(parts) > _PARTS_LIMIT or unpacked > _UNPACKED_LIMIT:
        raise Invalid({"file": "文件展开后太大，请另存为PDF再上传"})
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise Invalid({"file": "文件带有宏，请另存为不带宏的文件或PDF再上传"})
    for part, found in _OFFICE.items():
        if part in names and "[Content_Types].xml" in names:
            return found
    raise Invalid({"file": _REFUSED})


_PICTURES: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")
"""JPEG, PNG, WebP; a WAV begins like the last and has been told from it before."""


def _mp4_sound(content: bytes) -> bool:
    return content[4:8] == b"ftyp" and content[8:11] in (b"M4A", b"M4B", b"iso", b"mp4", b"3gp", b"das")


def _mp3(content: bytes) -> bool:
    return content.startswith(b"ID3") or (content[0] == 0xFF and content[1:2] in (b"\xfb", b"\xf3", b"\xf2"))


_SOUNDS: Final[tuple[tuple[str, str, Callable[[bytes], bool]], ...]] = (
    ("wav", "audio/wav", lambda content: content[:4] == b"RIFF" and content[8:12] == b"WAVE"),
    ("ogg", "audio/ogg", lambda content: content.startswith(b"OggS")),
    (
        "webm",
        "audio/webm",
        lambda content: content.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in content[:64],
    ),
    ("m4a", "audio/mp4", _mp4_sound),
    ("amr", "audio/amr", lambda content: content.startswith((b"#!AMR\n", b"#!AMR-WB\n"))),
    ("mp3", "audio/mpeg", _mp3),
)
