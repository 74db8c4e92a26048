"""The sample groups, as data only; whoever loads them picks the people."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleGroup:
    """A group to make: whole shops, a share of all people, a number of them, or whoever a rule fits (never two)."""

    name: str
    type: str
    hue: str
    description: str
    agent_note: str = ""
    shop_codes: tuple[str, ...] = ()
    share: float | None = None
    count: int | None = None
    excluded_count: int = 0
    rule: str = ""
    status: str = "active"


GROUPS: list[SampleGroup] = [
    SampleGroup(
        name="Resellers",
        type="customer",
        hue="orange",
        description="Customers who buy to sell on. Wholesale prices and the reseller bundle.",
        agent_note="Reseller: offer the wholesale price list and ask whether stock is running low.",
        share=0.06,
    ),
    SampleGroup(
        name="Super Bonus",
        type="customer",
        hue="amber",
        description="The 15 customers chosen for the Super Bonus. Nobody else is eligible.",
        agent_note="Super Bonus: the bonus comes by itself with the next purchase.",
        count=15,
    ),
    SampleGroup(
        name="Kigali North",
        type="shop",
        hue="green",
        description="Everybody who buys at Kigali North, now and in future.",
        shop_codes=("KGN",),
    ),
    SampleGroup(
        name="Employees",
        type="customer",
        hue="blue",
        description="People who work for us. Employee benefits, and no part in prize draws.",
        agent_note="Employee: staff prices apply; prize draws do not.",
        share=0.012,
    ),
    SampleGroup(
        name="Newsletter",
        type="customer",
        hue="cyan",
        description="Asked for the monthly newsletter and may leave it at any time.",
        share=0.31,
    ),
    SampleGroup(
        name="Premium service",
        type="customer",
        hue="violet",
        description="Paid for premium service: answered first, repaired first.",
        agent_note="Premium service: put through to the senior desk at once.",
        share=0.035,
    ),
    SampleGroup(
        name="Porto store",
        type="shop",
        hue="teal",
        description="Everybody who buys at the Porto shop, except who asked to be left out.",
        shop_codes=("OPO",),
        excluded_count=1,
    ),
    SampleGroup(
        name="Swap pilot",
        type="customer",
        hue="pink",
        description="First customers of the swap service: an old device goes back when the new one comes.",
        agent_note="Swap pilot: ask for the serial number before anything else.",
        count=60,
    ),
    SampleGroup(
        name="Lisbon summer",
        type="shop",
        hue="lime",
        description="Being prepared: summer prices for the Lisboa Baixa shop.",
        shop_codes=("LIS",),
        status="draft",
    ),
    SampleGroup(
        name="Best customers",
        type="rule",
        hue="red",
        description="Gold and seen in the last half year, but nobody who works for us. Kept by its rule.",
        agent_note="Best customer: thank her, and ask what we could do better.",
        rule='tier = Gold and last-visit > -6m and not in group "Employees"',
    ),
    SampleGroup(
        name="Not seen for long",
        type="rule",
        hue="indigo",
        description="Been here, but not in the last 180 days: a reason to call.",
        rule="last-visit < -180d",
    ),
    SampleGroup(
        name="Harvest campaign",
        type="customer",
        hue="grey",
        description="Last year's harvest campaign, kept for its history.",
        count=120,
        status="archived",
    ),
]
