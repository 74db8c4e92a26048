"""The encoding of a file is read off, not guessed: mark, strict UTF-8, UTF-16's pattern, then cp1252."""

from io import BytesIO

import pytest

from portal.sheets.encodings import ENCODINGS, detect

TABLE = "nome;endereço\r\nJoão;Praça da Sé, 1\r\nAçúcar;São Luís\r\n"
CYRILLIC = "имя;телефон\r\n" + "".join(f"Иван {n};+7 495 000-00-{n}\r\n" for n in range(10, 40))


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_each_encoding_is_recognised_and_reads_back(encoding: str) -> None:
    data = TABLE.encode(encoding)
    assert detect(data) == encoding
    assert data.decode(detect(data)) == TABLE


@pytest.mark.parametrize(
    ("mark", "codec", "found"),
    [
        (b"\xff\xfe", "utf-16-le", "utf-16"),
        (b"\xfe\xff", "utf-16-be", "utf-16"),
        (b"\xff\xfe\0\0", "utf-32-le", "utf-32"),
        (b"\0\0\xfe\xff", "utf-32-be", "utf-32"),
    ],
)
def test_a_mark_decides_in_both_byte_orders(mark: bytes, codec: str, found: str) -> None:
    data = mark + TABLE.encode(codec)
    assert detect(data) == found
    assert data.decode(found) == TABLE


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_unmarked_utf16_is_seen_in_a_script_that_is_not_latin(encoding: str) -> None:
    assert detect(CYRILLIC.encode(encoding)) == encoding


def test_brazilian_cp1252_is_not_taken_for_anything_else() -> None:
    assert detect("Nome,Observação\nMaçã,Não é cliente há três anos\n".encode("cp1252")) == "cp1252"


def test_one_accent_far_beyond_the_sample_decides() -> None:
    plain = b"name,phone\n" + b"Ana,841234567\n" * 200_000
    assert detect(plain) == "utf-8"
    assert detect(plain + "Antônio,1\n".encode("cp1252")) == "cp1252"
    assert detect(plain + "Antônio,1\n".encode()) == "utf-8"


def test_a_character_cut_off_at_the_end_is_not_utf8() -> None:
    assert detect("name\nJos\u00e9".encode()[:-1]) == "cp1252"


def test_a_single_nul_does_not_make_utf16() -> None:
    assert detect(b"name,phone\nAna\0,841234567\nBea,841234568\n") == "utf-8"


def test_unmarked_utf32_is_not_taken_for_utf16() -> None:
    assert detect("name,phone\nAna,1\n".encode("utf-32-le")) == "utf-8"


def test_a_stream_is_rewound() -> None:
    stream = BytesIO(TABLE.encode())
    stream.read(7)
    assert detect(stream) == "utf-8"
    assert stream.tell() == 0


def test_every_answer_can_be_offered_for_choice() -> None:
    assert len(set(ENCODINGS)) == len(ENCODINGS) == 7
    assert [TABLE.encode(name).decode(name) for name in ENCODINGS] == [TABLE] * 7
