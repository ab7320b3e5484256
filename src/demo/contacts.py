"""Contacts of the demo CRM, and the sandbox's numbers with a fixed behaviour. Every number is reserved for fiction."""

import msgspec


class Contact(msgspec.Struct, frozen=True):
    """One row of the contact list."""

    name: str
    company: str
    phone: str
    """Number as a salesperson typed it: formats and countries differ on purpose, because the widget must parse them."""
    country: str
    stage: str
    last_touch: str

    @property
    def initials(self) -> str:
        return "".join(part[0] for part in self.name.split()[:2])


class SandboxNumber(msgspec.Struct, frozen=True):
    """A number with a fixed behaviour at the sandbox carrier."""

    phone: str
    """E.164."""
    name: str
    behaviour: str


CONTACTS = (
    Contact("Maya Okafor", "Harbor Point Lofts", "(415) 555-0137", "US", "Viewing", "Email, today"),
    Contact("Daniel Reyes", "Reyes & Sons Construction", "+12125550142", "US", "Offer", "Call, yesterday"),
    Contact("Priya Raman", "Northline Capital", "646.555.0118", "US", "Lead", "Web form, yesterday"),
    Contact("Tom Whitfield", "Whitfield Family Trust", "1-718-555-0164", "US", "Client", "Call, 2 days ago"),
    Contact("Chloé Tremblay", "Maison Tremblay", "+1 416-555-0126", "CA", "Viewing", "Email, 3 days ago"),
    Contact("Eleanor Hughes", "Hughes Lettings", "+44 20 7946 0018", "UK", "Lead", "Call, 4 days ago"),
    Contact("Imran Siddiqui", "Ancoats Works", "011 44 161 496 0455", "UK", "Offer", "Meeting, 5 days ago"),
    Contact("Luc Fontaine", "Atelier Fontaine", "+33 1 99 00 12 34", "FR", "Lead", "Email, last week"),
    Contact("Hannah Vogel", "Vogel Immobilien", "+49 (30) 23125-042", "DE", "Client", "Call, last week"),
    Contact("Jack Nguyen", "Southbank Strata", "+61 2 5550 1234", "AU", "Viewing", "Web form, last week"),
)

DEMO_NUMBER = "+14155550100"
"""The phone number of the demo's organization."""
CALLER_NUMBER = "+12125550177"
"""The number from which the card *Incoming call* calls the demo's number."""
SANDBOX_NUMBERS = (
    SandboxNumber("+12125550101", "Echo", "Answers and plays your voice back"),
    SandboxNumber("+12125550102", "Busy", "Is on another call"),
    SandboxNumber("+12125550103", "No answer", "Rings until the call gives up"),
    SandboxNumber("+12125550104", "Fails", "Cannot be connected"),
    SandboxNumber("+12125550105", "Hangs up", "Answers, then ends the call after 3 s"),
    SandboxNumber("+12125550106", "Tones", "Answers and sends tones"),
)
