"""A table of 7 043 subscribers of a telephone company, worked out and not taken from anywhere.

It has the columns of a list that analysts practise on, and is counted out so that what they ask of that list has the
same answers here (`ANSWERS`), with values on each side of every limit that the questions name. Nobody in it is real.
"""

import csv
from pathlib import Path

N = 7_043  # a prime: every step round the table meets each row once
BLANK = 11  # who has just come has paid nothing, which is not zero

# Rules, and whom they fit.
ANSWERS = {
    "churn = true": 1_869,
    "contract = month-to-month": 3_875,
    "contract = month-to-month and churn = true": 1_655,
    'internet-service = "fiber optic" and online-security = no and tenure < 12': 803,
    'payment-method one of ("electronic check", "mailed check") and not senior-citizen = true': 3_289,
    "tenure between 12 and 24": 1_141,
    "monthly-charges > 100": 902,
    "total-charges is empty": BLANK,
}  # fmt: skip
PROPOSED = {
    "senior-citizen": "yesno", "partner": "yesno", "dependents": "yesno", "tenure": "number", "phone-service": "yesno",
    "multiple-lines": "choice", "internet-service": "choice", "online-security": "choice", "online-backup": "choice",
    "device-protection": "choice", "tech-support": "choice", "streaming-tv": "choice", "streaming-movies": "choice",
    "contract": "choice", "paperless-billing": "yesno", "payment-method": "choice", "monthly-charges": "number",
    "total-charges": "number", "churn": "yesno",
}  # fmt: skip

_HEADER = (
    "customerID", "gender", "SeniorCitizen", "Partner", "Dependents", "tenure", "PhoneService", "MultipleLines",
    "InternetService", "OnlineSecurity", "OnlineBackup", "DeviceProtection", "TechSupport", "StreamingTV",
    "StreamingMovies", "Contract", "PaperlessBilling", "PaymentMethod", "MonthlyCharges", "TotalCharges", "Churn",
)  # fmt: skip
_AUTOMATIC = "Bank transfer (automatic)", "Credit card (automatic)"
_CHECKS = "Electronic check", "Mailed check"


def write(path: Path) -> Path:
    """Write the table as a CSV file and return its path."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(_HEADER)
        table.writerows(_row(n) for n in range(N))
    return path


def _row(n: int) -> list[str]:
    # What a place in the order of one question says leaves the places in the others' free: the steps differ.
    contract, churn = _contract(n * 17 % N)
    tenure, internet, security = _service(n * 101 % N)
    payment, senior = _payment(n * 1_009 % N)
    cents = _cents(n * 2_003 % N)
    lines = _any(n, 3, "No phone service", "No", "Yes")
    return [
        f"{n:04}-SUBSC", _any(n, 2, "Female", "Male"), senior, _any(n, 5, "Yes", "No"), _any(n, 7, "No", "Yes"),
        str(tenure), "No" if lines == "No phone service" else "Yes", lines, internet, security,
        *(_extra(n, step, internet) for step in (11, 13, 19, 23, 29)),
        contract, _any(n, 31, "Yes", "No"), payment, _money(cents), _money(cents * tenure) if tenure else " ", churn,
    ]  # fmt: skip


def _any(n: int, step: int, *words: str) -> str:
    return words[n * step % N % len(words)]


def _extra(n: int, step: int, internet: str) -> str:
    return "No internet service" if internet == "No" else _any(n, step, "No", "Yes")


def _contract(at: int) -> tuple[str, str]:
    if at < 3_875:
        return "Month-to-month", "Yes" if at < 1_655 else "No"
    return ("One year", "Two year")[at % 2], "Yes" if at >= N - (1_869 - 1_655) else "No"


def _service(at: int) -> tuple[int, str, str]:
    """Return months, connection and security: the 803 come first, who lacks one of the three follows."""
    if at < 803:
        return at % 11 + 1, "Fiber optic", "No"
    others = [("Fiber optic", "Yes"), ("DSL", "No"), ("DSL", "Yes"), ("No", "No internet service")]
    if at < 2_069:
        return 0 if at >= 2_069 - BLANK else at % 11 + 1, *others[at % 4]
    connection = [*others, ("Fiber optic", "No")][at % 5]
    return at % 13 + 12 if at < 2_069 + 1_141 else at % 48 + 25, *connection


def _payment(at: int) -> tuple[str, str]:
    """Return how she pays, and whether she is senior."""
    if at < 3_289:
        return _CHECKS[at % 2], "0"
    return (_CHECKS[at % 2], "1") if at % 3 else (_AUTOMATIC[at % 2], str(at // 3 % 2))


def _cents(at: int) -> int:
    """Return what she pays a month: 902 pay more than 100, some a cent, and some exactly that."""
    return 10_001 + at * 2 if at < 902 else 10_000 - (at - 902) // 6 * 8


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"
