"""A store's fields, groups and shops, for tests of rules that need no database."""

from portal.rules.catalogue import Catalogue, FieldInfo, GroupInfo

_CHOICES = ("Gold", "Silver", "Prata & Ouro")


def _own(code: str, type_: str, *names: str, choices: tuple[str, ...] = (), is_retired: bool = False) -> FieldInfo:
    return FieldInfo(code, type_, names[0], names, choices, is_own=True, is_retired=is_retired)


def _built_in(code: str, type_: str, *names: str, is_purchase: bool = False) -> FieldInfo:
    return FieldInfo(code, type_, names[0], names, is_purchase=is_purchase)


FIELDS = (
    _built_in("name", "text", "Name", "Nome", "Nombre"),
    _built_in("email", "email", "E-mail"),
    _built_in("phone", "phone", "Phone", "Telefone", "Teléfono"),
    _built_in("shop", "shop", "Shop", "Loja", "Tienda"),
    _built_in("birth_date", "date", "Birth date", "Data de nascimento", "Fecha de nacimiento"),
    _built_in("gender", "text", "Gender"),
    _built_in("created", "datetime", "Created", "Criado em", "Creado el"),
    _built_in("search", "search", "Anything"),
    _built_in("orders", "number", "Orders", "Compras", is_purchase=True),
    _built_in("spent", "money", "Spent", "Gasto", is_purchase=True),
    _built_in("last_order", "date", "Last order", "Última compra", is_purchase=True),
    _own("city", "text", "City", "Cidade", "Ciudad"),
    _own("notes", "longtext", "Notes"),
    _own("newsletter", "yesno", "Newsletter"),
    _own("visits", "number", "Visits", "Number of visits"),
    _own("credit", "money", "Credit"),
    _own("percent", "percent", "Percent"),
    _own("first-visit", "date", "First visit"),
    _own("called", "datetime", "Called"),
    _own("tier", "choice", "Tier", "Nível", choices=_CHOICES),
    _own("likes", "choices", "Likes", choices=_CHOICES),
    _own("second-phone", "phone", "Second phone"),
    _own("site", "url", "Site"),
    _own("cpf", "cpf", "CPF"),
    _own("cnpj", "cnpj", "CNPJ"),
    _own("zip", "postalcode", "Postal code"),
    _own("any", "text", "Any"),
    _own("month", "number", "Month"),
    _own("old", "text", "Old one", is_retired=True),
)
GROUPS = (
    GroupInfo(1, "employees", "Employees"),
    GroupInfo(2, "resellers", "Resellers"),
    GroupInfo(3, "is-employee", "Is employee"),
    GroupInfo(4, "2024-vip", "VIP “2024”"),
    GroupInfo(5, "vip", "employees-2"),
    GroupInfo(6, "employees-2", "Other \\ employees"),
)
CATALOGUE = Catalogue(
    {info.code: info for info in FIELDS},
    {info.code: info for info in GROUPS},
    {"s1": (1, "Kigali North"), "s2": (2, "Huye")},
)
