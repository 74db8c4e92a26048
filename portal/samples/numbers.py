"""Serial numbers that look random but never repeat, and id numbers with correct check digits."""

from datetime import date

from portal.samples.country import Paper

SERIALS = 10_000_000
_HIGH, _LOW = 2_500, 4_000
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"


def scattered(place: int, key: int) -> int:
    """Maps 0 … 9 999 999 one to one onto itself, in an order that depends on `key`."""
    high, low = divmod(place % SERIALS, _LOW)
    high = (high + (low * 7919 + key) * (low + 613)) % _HIGH
    low = (low + (high * 3571 + key) * (high + 271)) % _LOW
    high = (high + (low * 1733 + key) * (low + 89)) % _HIGH
    low = (low + (high * 997 + key) * (high + 37)) % _LOW
    return high * _LOW + low


def rwandan_id(serial: int, born: date, gender: str) -> str:
    """Sixteen digits: 1, year of birth, 7 or 8 for women or men, serial, issue, two more."""
    sex = 7 if gender == "female" else 8
    return f"1{born.year}{sex}{serial:07}0{serial * 37 % 97:02}"


def cpf(serial: int, born: date, gender: str) -> str:
    """A Brazilian CPF, `000.000.000-00`, with both check digits right."""
    base = f"{serial * 97 + 30_000_000:09}"
    digits = [int(digit) for digit in base]
    for start in (10, 11):
        rest = 0
        for place, digit in enumerate(digits):
            rest += digit * (start - place)
        rest = rest * 10 % 11
        digits.append(0 if rest == 10 else rest)
    return f"{base[:3]}.{base[3:6]}.{base[6:]}-{digits[9]}{digits[10]}"


def _mod_11(base: str) -> int:
    """The Portuguese check digit of eight digits."""
    total = 0
    for place, digit in enumerate(base):
        total += int(digit) * (9 - place)
    rest = 11 - total % 11
    return 0 if rest >= 10 else rest


def nif(serial: int, born: date, gender: str) -> str:
    """A Portuguese tax number of a person: nine digits, the last one checks."""
    base = f"2{serial:07}"
    return f"{base}{_mod_11(base)}"


def citizen_card(serial: int, born: date, gender: str) -> str:
    """A Portuguese citizen card, `00000000 0 ZZ0`: civil number, its check digit, version, check digit."""
    base = f"1{serial:07}"
    body = f"{base}{_mod_11(base)}Z{'XYZ'[serial % 3]}"
    total = 0
    for place, sign in enumerate(body):
        value = int(sign, 36)
        if place % 2 == 0:
            value *= 2
            if value >= 10:
                value -= 9
        total += value
    return f"{base} {body[8]} {body[9:]}{-total % 10}"


def dni(serial: int, born: date, gender: str) -> str:
    """A Spanish DNI: eight digits and the letter that checks them."""
    number = serial * 9 + 4_000_000
    return f"{number:08}{_DNI_LETTERS[number % 23]}"


def nie(serial: int, born: date, gender: str) -> str:
    """A Spanish NIE: X, Y or Z, seven digits and the letter that checks them."""
    first = serial % 3
    return f"{'XYZ'[first]}{serial:07}{_DNI_LETTERS[(first * SERIALS + serial) % 23]}"


def lettered(letters: str) -> Paper:
    """A maker of passport-like numbers: fixed signs, then seven digits."""

    def number(serial: int, born: date, gender: str) -> str:
        return f"{letters}{serial:07}"

    return number
