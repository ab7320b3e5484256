"""How long call data is kept, and how it goes: by age, and by somebody's number."""
