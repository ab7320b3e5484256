"""An organization's phone numbers: searched, bought and given back at the carrier, and kept equal to its list."""
