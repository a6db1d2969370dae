"""Which consent marketing-like mail needs, by the country where the customer lives.

A review request is advertising (Germany: BGH VI ZR 225/17), and so is a coupon. Most countries of
the European Economic Area let a shop write to its own customers about similar goods unless they
object ("soft opt-in", Directive 2002/58/EC art. 13(2)); some do not, or tie it to a register that
we cannot ask. A country that is not listed needs recorded consent. This is no legal advice.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class ConsentNeed(StrEnum):
    """What must be known before marketing-like mail may be sent."""

    RECORDED = "recorded"  # the customer said yes, and it is on record
    SOFT_OPT_IN = "soft_opt_in"  # the customer bought, and did not object


@dataclass(frozen=True, slots=True)
class ConsentLaw:
    """A country's rule, where it stands, and for how long after a purchase it holds."""

    need: ConsentNeed
    source: str
    within: timedelta | None = None


def consent_law(country: str | None) -> ConsentLaw:
    """The rule for a customer's country (ISO 3166-1 alpha-2); the strictest if it is unknown."""
    return _LAWS.get((country or "").upper(), _UNLISTED)


def _recorded(source: str) -> ConsentLaw:
    return ConsentLaw(ConsentNeed.RECORDED, source)


def _soft(source: str, within_days: int | None = None) -> ConsentLaw:
    within = timedelta(days=within_days) if within_days else None
    return ConsentLaw(ConsentNeed.SOFT_OPT_IN, source, within)


_UNLISTED = _recorded("no rule on record: the strictest holds")

_LAWS = {
    # recorded consent
    "AT": _recorded("TKG 2021 § 174(4): a register of objections (ECG list) must be asked"),
    "DE": _recorded("UWG § 7(2), (3); BGH VI ZR 225/17: a review request is advertising"),
    "HU": _recorded("Act XLVIII of 2008 § 6: prior consent"),
    "PL": _recorded("Electronic Communications Law of 2024 art. 398: prior consent"),
    "TR": _recorded("Law 6563 art. 6: consent registered with İYS; greetings included"),
    # existing customers may be written to
    "BE": _soft("Code of Economic Law art. XII.13; Royal Decree of 4 April 2003"),
    "BG": _soft("Electronic Communications Act art. 261"),
    "CY": _soft("Law 112(I)/2004 s. 106"),
    "CZ": _soft("Act 480/2004 § 7(3)"),
    "DK": _soft("Marketing Practices Act § 10(2)"),
    "EE": _soft("Electronic Communications Act § 103¹"),
    "ES": _soft("LSSI (Law 34/2002) art. 21.2"),
    "FI": _soft("Act 917/2014 § 200"),
    "FR": _soft("Code des postes et des communications électroniques art. L34-5"),
    "GR": _soft("Law 3471/2006 art. 11(3)"),
    "HR": _soft("Electronic Communications Act 2022 art. 50"),
    "IE": _soft("S.I. 336/2011 reg. 13(11): twelve months from the sale", within_days=365),
    "IT": _soft("Codice Privacy art. 130(4)"),
    "LT": _soft("Law on Electronic Communications art. 81"),
    "LU": _soft("Law of 30 May 2005 art. 11"),
    "LV": _soft("Law on Information Society Services s. 9"),
    "MT": _soft("S.L. 586.01 reg. 9"),
    "NL": _soft("Telecommunicatiewet art. 11.7(3)"),
    "PT": _soft("Law 41/2004 art. 13-A(3)"),
    "RO": _soft("Law 506/2004 art. 12(2)"),
    "SE": _soft("Marketing Act (2008:486) § 19"),
    "SI": _soft("ZEKom-2 art. 226"),
    "SK": _soft("Act 452/2021 § 116"),
    "NO": _soft("Marketing Control Act § 15"),
    "CH": _soft("UWG art. 3(1)(o)"),
    "GB": _soft("PECR 2003 reg. 22(3)"),
    "US": _soft("CAN-SPAM Act: until the customer opts out"),
    "CA": _soft("CASL s. 10(10): two years from the purchase", within_days=730),
    "AU": _soft("Spam Act 2003 sch. 2: inferred from the business relationship"),
    "NZ": _soft("Unsolicited Electronic Messages Act 2007 s. 4: inferred consent"),
}
