"""An organization's audit trail: read, narrowed down, exported. Nothing here writes."""
