"""The twelve sample shops, their sizes and their countries."""

from typing import NamedTuple

from portal.samples.countries.brazil import BRAZIL
from portal.samples.countries.england import ENGLAND
from portal.samples.countries.portugal import PORTUGAL
from portal.samples.countries.rwanda import RWANDA
from portal.samples.countries.spain import SPAIN
from portal.samples.country import Country


class Shop(NamedTuple):
    """A sample shop; `country` is the ISO code, a key of `COUNTRIES`."""

    code: str
    name: str
    country: str


SHOPS: list[Shop] = [
    Shop("KGN", "Kigali North", "RW"),
    Shop("KGS", "Kigali South", "RW"),
    Shop("MUS", "Musanze", "RW"),
    Shop("HUY", "Huye", "RW"),
    Shop("SPC", "São Paulo Centro", "BR"),
    Shop("RIO", "Rio Tijuca", "BR"),
    Shop("FLN", "Florianópolis", "BR"),
    Shop("OPO", "Porto", "PT"),
    Shop("LIS", "Lisboa Baixa", "PT"),
    Shop("MAD", "Madrid Chamberí", "ES"),
    Shop("GIJ", "Gijón", "ES"),
    Shop("YRK", "York", "GB"),
]

SIZES: dict[str, float] = {
    "KGN": 0.195, "KGS": 0.12, "MUS": 0.055, "HUY": 0.04, "SPC": 0.17, "RIO": 0.11,
    "FLN": 0.035, "OPO": 0.065, "LIS": 0.08, "MAD": 0.07, "GIJ": 0.02, "YRK": 0.04,
}  # fmt: skip
"""Each shop's share of the customers; together 1."""

COUNTRIES: dict[str, Country] = {
    country.code: country for country in (RWANDA, BRAZIL, PORTUGAL, SPAIN, ENGLAND)
}
