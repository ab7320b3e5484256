"""Names the browser and system of a user agent, for the list of sessions in the account settings."""

# In this order: user agents of the earlier ones also contain the names of the later ones.
_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"))


def describe_user_agent(user_agent: str) -> str:
    """The browser and system, such as ``Firefox on Windows``; for an unknown browser the start of its user agent."""
    browser = next((name for text, name in _BROWSERS if text in user_agent), None)
    system = next((name for text, name in (*_SYSTEMS, ("Linux", "Linux")) if text in user_agent), None)
    if browser is None:
        return user_agent[:40] or "Unknown browser"
    return browser if system is None else f"{browser} on {system}"
