"""The community's plans by name, and whether one lacks what a refusal asks for."""

from __future__ import annotations

import re

PLANS = ("FREE", "STARTER", "STANDARD", "PLUS", "PRO", "SONORAN ONE")
"""From the least to the most (official clients)."""

_NAMED = re.compile(rf"\b(?:{'|'.join(PLANS)})\b")


def lacks(plan: str, refusal: str) -> bool:
    """Whether a refusal names a plan that is more than this one, such as `VERSION PLUS REQUIRED`.

    False when either is not known.
    """
    named = _NAMED.findall(refusal.upper()[:200])
    if plan.upper() not in PLANS or len(named) != 1:
        return False
    return PLANS.index(plan.upper()) < PLANS.index(named[0])
