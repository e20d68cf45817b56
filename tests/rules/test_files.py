"""What a ticket takes as evidence: told by content, drawn anew, under a name that is only a name."""

from __future__ import annotations

import io
import zipfile

import pytest
from PIL import Image

from dispatch.errors import Invalid
from dispatch.rules.files import FILE_LIMIT, NAME_LENGTH, clean_name, take_in

SECRET = b"GPS 36.65,117.12 of the dormitory"


def picture(kind: str = "JPEG", size: tuple[int, int] = (40, 30), *, marked: bool = False) -> bytes:
    """Return a small picture; `marked` has told its camera where it was."""
    image = Image.new("RGB", size, (180, 20, 20))
    exif = Image.Exif()
    if marked:
        exif[0x010E] = SECRET.decode()
        exif[0x0112] = 6
    out = io.BytesIO()
    image.save(out, kind, exif=exif)
    return out.getvalue()


def packed(**parts: bytes) -> bytes:
    """Return a ZIP with these parts; `__` in a name stands for a slash and `_DOT_` for a dot."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name.replace("__", "/").replace("_DOT_", "."), content)
    return out.getvalue()


DOCX = {"word__document_DOT_xml": b"<w/>"}


def docx(**more: bytes) -> bytes:
    out = io.BytesIO(packed(**DOCX, **more))
    with zipfile.ZipFile(out, "a") as file:
        file.writestr("[Content_Types].xml", "<Types/>")
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "kind", "media_type", "ending"),
    [
        (picture(), "photo", "image/jpeg", "jpg"),
        (picture("PNG"), "photo", "image/png", "png"),
        (picture("WEBP"), "photo", "image/jpeg", "jpg"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "sound", "audio/wav", "wav"),
        (b"OggS\0\x02", "sound", "audio/ogg", "ogg"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm", "sound", "audio/webm", "webm"),
        (b"\0\0\0\x20ftypM4A \0\0", "sound", "audio/mp4", "m4a"),
        (b"#!AMR\n\x3c", "sound", "audio/amr", "amr"),
        (b"ID3\x04\0", "sound", "audio/mpeg", "mp3"),
        (b"%PDF-1.7\n...\n%%EOF\n", "document", "application/pdf", "pdf"),
    ],
)
def test_evidence_is_known_by_its_content_alone(
    content: bytes, kind: str, media_type: str, ending: str
) -> None:
    taken = take_in("工资条.exe", content)
    assert (taken.kind, taken.media_type, taken.name) == (kind, media_type, f"工资条.{ending}")


def test_a_document_of_an_office_programme_is_taken_without_macros() -> None:
    assert take_in("合同.docx", docx()).name == "合同.docx"
    with pytest.raises(Invalid, match="宏"):
        take_in("合同.docx", docx(word__vbaProject_DOT_bin=b"x"))


@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>alert(1)</script></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
        b"MZ\x90\0",
        b"%PDF-1.7 and no end",
        b"PK\x03\x04 but no archive",
        packed(index_DOT_html=b"<script>"),
        b"\xff\xd8\xff\xe0 cut short",
        b"\x89PNG\r\n\x1a\n cut short",
        b"\x1a\x45\xdf\xa3matroska",
        b"\xff",
    ],
)
def test_anything_else_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        take_in("照片.jpg", content)
    assert refused.value.fields["file"]


def test_an_empty_file_and_one_that_is_too_large_are_refused() -> None:
    with pytest.raises(Invalid, match="空"):
        take_in("a.pdf", b"")
    with pytest.raises(Invalid, match="10MB"):
        take_in("a.pdf", b"%PDF-" + bytes(FILE_LIMIT) + b"%%EOF")


def test_a_photograph_forgets_where_it_was_taken_and_stands_upright() -> None:
    source = picture(marked=True)
    assert SECRET in source
    taken = take_in("现场.jpg", source)
    assert SECRET not in taken.content
    with Image.open(io.BytesIO(taken.content)) as kept:
        assert kept.size == (30, 40)
        assert not kept.getexif()


def test_what_hides_behind_a_picture_is_left_behind() -> None:
    taken = take_in("a.jpg", picture() + b"<script>alert(1)</script>")
    assert b"script" not in taken.content


def test_a_very_large_picture_is_made_smaller_and_a_bomb_refused() -> None:
    with Image.open(io.BytesIO(take_in("a.png", picture("PNG", (5000, 100))).content)) as kept:
        assert kept.size == (4096, 82)
    with pytest.raises(Invalid, match="像素"):
        take_in("a.png", picture("PNG", (10_000, 6_001)))


def test_an_archive_that_unpacks_to_a_hundred_megabytes_is_refused() -> None:
    with pytest.raises(Invalid, match="展开"):
        take_in("a.docx", docx(big=bytes(100_000_001)))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("..\\..\\a.pdf", "a.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie x.pdf"),
        ("\u202egnp.exe", "gnp.pdf"),
        ("", "附件.pdf"),
        ("...", "附件.pdf"),
        ("工资条。２０２６.PDF", "工资条。2026.pdf"),
        ("长" * 500, "长" * (NAME_LENGTH - 4) + ".pdf"),
    ],
)
def test_a_name_is_only_a_name(given: str, kept: str) -> None:
    assert clean_name(given, "pdf") == kept
