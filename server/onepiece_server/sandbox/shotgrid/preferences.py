"""preferences_read: how the site shows dates and numbers."""

from __future__ import annotations

from typing import Any

from onepiece_server.sandbox.shotgrid.faults import type_fault
from onepiece_server.sandbox.shotgrid.method import Method
from onepiece_server.sandbox.shotgrid.site import Caller, Site


def preferences_read(_site: Site, _caller: Caller, args: dict[str, Any]) -> dict[str, Any]:
    """All preferences, or those named; a name that the site does not tell about is left out, as on a real one."""
    wanted = args.get("prefs") or []
    if not isinstance(wanted, list) or not all(isinstance(name, str) for name in wanted):
        raise type_fault("preferences_read", "'prefs'", ["Array of String", "NilClass"], wanted)
    known = _preferences()
    return {name: value for name, value in known.items() if name in wanted} if wanted else known


def _preferences() -> dict[str, Any]:
    """The names and values of a new site. What ``view_master_settings`` holds is not public: here it is empty."""
    return {
        "date_component_order": "month_day",
        "duration_units": "days",
        "format_currency_fields_decimal_options": "$1,000.99",
        "format_currency_fields_display_dollar_sign": False,
        "format_currency_fields_negative_options": "- $1,000",
        "format_date_fields": "08/04/22 OR 04/08/22 (depending on the Month order preference)",
        "format_float_fields": "9,999.99",
        "format_float_fields_rounding": "9.999999",
        "format_footage_fields": "10-05",
        "format_number_fields": "1,000",
        "format_time_hour_fields": "12 hour",
        "hours_per_day": 8.0,
        "last_day_work_week": None,
        "support_local_storage": True,
        "view_master_settings": {},
    }


METHODS: dict[str, Method] = {"preferences_read": preferences_read}
