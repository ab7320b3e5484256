"""Error of a HubSpot token check: HubSpot did not answer."""

from kit.errors import Unavailable


class HubSpotNotAnswering(Unavailable):
    """HubSpot did not answer while a token was checked."""

    code = "hubspot_unavailable"
    message = "HubSpot does not answer: nothing was changed. Try again in a minute"
    retry_after = 60
