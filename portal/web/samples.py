"""What the sample file says in the columns of the store's own fields."""

from portal import own_values
from portal.models import Field

_TYPED = {
    "yesno": "yes", "number": "12.5", "percent": "10 %", "date": "2024-05-17", "datetime": "2024-05-17 09:30",
    "email": "work@example.com", "url": "https://example.com", "cpf": "123.456.789-09", "cnpj": "11.222.333/0001-81",
    "postalcode": "70040-010", "phone": "+250 788 412 903",
}  # fmt: skip
_AMOUNT = 125_00  # in the smallest units of any currency


def cells(field: Field) -> tuple[str, str]:
    """Return what the two rows of the sample say of a field; of one that has to be unique the first alone says it."""
    text = field.default or _cell(field)
    return text, "" if field.is_unique or not field.is_required else text


def _cell(field: Field) -> str:
    if field.choices:
        return "; ".join(field.choices[: 1 if field.type == "choice" else 2])
    if field.type == "money":
        return own_values.typed(field, _AMOUNT, own_values.context())
    return _TYPED.get(field.type, "")
