"""Machine code for programs: `tiers` says when, `machine_code` makes it of `pieces`."""
