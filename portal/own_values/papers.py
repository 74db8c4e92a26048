"""Brazil's numbers of people and firms, with their check digits, and postal codes."""

import re

_CPF = re.compile(r"\d{3}\.?\d{3}\.?\d{3}[-/ ]?\d{2}", re.ASCII)
# Since 2026 the first twelve signs may be letters too (Receita Federal, instrução normativa 2.229/2024).
_CNPJ = re.compile(r"[A-Z0-9]{2}\.?[A-Z0-9]{3}\.?[A-Z0-9]{3}/?[A-Z0-9]{4}[- ]?\d{2}", re.ASCII)
_POSTAL = re.compile(r"(?=.*\d)[A-Z0-9](?:[A-Z0-9]|[ -](?=[A-Z0-9])){1,11}", re.ASCII)
_CNPJ_WEIGHTS = (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)


def read_cpf(text: str) -> str | None:
    """Return a CPF as 123.456.789-09, or None for what is none; zeros that a spreadsheet dropped in front come back."""
    signs = text.strip()
    if signs.isascii() and signs.isdigit() and 9 <= len(signs) < 11:
        signs = signs.zfill(11)
    if not _CPF.fullmatch(signs):
        return None
    digits = re.sub(r"\D", "", signs)
    fits = len(set(digits)) > 1 and all(digits[n] == _check(digits[:n], range(n + 1, 1, -1)) for n in (9, 10))
    return f"{digits[:3]}.{digits[3:6]}.{digits[6:9]}-{digits[9:]}" if fits else None


def read_cnpj(text: str) -> str | None:
    """Return a CNPJ, of digits or of letters too, as 12.ABC.345/01DE-35, or None for what is none."""
    signs = text.strip().upper()
    if signs.isascii() and signs.isdigit() and 12 <= len(signs) < 14:
        signs = signs.zfill(14)
    if not _CNPJ.fullmatch(signs):
        return None
    bare = re.sub(r"[^A-Z0-9]", "", signs)
    fits = len(set(bare)) > 1 and all(bare[n] == _check(bare[:n], _CNPJ_WEIGHTS[13 - n :]) for n in (12, 13))
    return f"{bare[:2]}.{bare[2:5]}.{bare[5:8]}/{bare[8:12]}-{bare[12:]}" if fits else None


def read_postal_code(text: str, region: str) -> str | None:
    """Return a postal code in capitals, as its country writes it where that is known, or None for what is none."""
    code = " ".join(text.upper().split())
    if not _POSTAL.fullmatch(code):
        return None
    bare = bare_of(code).upper()
    if region == "BR" and bare.isdigit() and len(bare) in {7, 8}:
        bare = bare.zfill(8)  # the zero in front that a spreadsheet dropped
        return f"{bare[:5]}-{bare[5:]}"
    if region == "PT" and bare.isdigit() and len(bare) == 7:
        return f"{bare[:4]}-{bare[4:]}"
    return code


def bare_of(text: str) -> str:
    """Return the letters and digits alone, in lower case: what such numbers are compared by."""
    return "".join(char for char in text.casefold() if char.isalnum())


def _check(signs: str, weights: range | tuple[int, ...]) -> str:
    rest = sum((ord(sign) - 48) * weight for sign, weight in zip(signs, weights, strict=True)) % 11
    return str(0 if rest < 2 else 11 - rest)
