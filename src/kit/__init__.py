"""Tools that know nothing of telephones or of tenants' business."""
