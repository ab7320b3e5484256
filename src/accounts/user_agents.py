"""What to call a browser in a list of sessions: a hint for people, nothing is decided by it."""

# In this order: each later one's name also stands in the earlier ones' user agents.
_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"))


def describe_user_agent(user_agent: str) -> str:
    """Like ``Firefox on Windows``; an unknown one is called by the beginning of its own words."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), None)
    system = next((name for mark, name in (*_SYSTEMS, ("Linux", "Linux")) if mark in user_agent), None)
    if browser is None:
        return user_agent[:40] or "Unknown browser"
    return browser if system is None else f"{browser} on {system}"
