"""Errors (refusals) about phone numbers, their purchase and release, verified numbers and postal addresses."""

from carrier.port import CarrierAccessRefused, CarrierRateLimited, CarrierUnavailable
from kit.errors import Conflict, DomainError, Forbidden, Invalid, Unavailable


class NumberNotAvailable(Conflict):
    """The carrier does not sell this number, or no longer sells it."""

    code = "number_not_available"
    message = "This number is not available any more. Search again and choose another one"


class AddressRequired(Conflict):
    """The carrier sells this number only with a registered address or identity documents."""

    code = "address_required"
    message = (
        "This number needs a registered address. Add the address in the settings under Phone number, then get the"
        " number again; or choose one that is available now"
    )


class BundleRequired(Conflict):
    """The carrier sells this number only to a buyer whose identity documents it has approved."""

    code = "bundle_required"
    message = (
        "Numbers of this country and type need identity documents that the carrier has approved. Contact support, which"
        " tells you the documents and registers them; then get the number again"
    )


class NoNumbersInAreaCode(Conflict):
    """The carrier has no numbers in the area code, or does not know it."""

    code = "no_numbers_in_area_code"
    message = "The carrier has no numbers left in this area code. Search in another one"


class CarrierAccountLimited(Unavailable):
    """The carrier limits this installation's account; only the operator can change that."""

    code = "carrier_account_limited"
    message = (
        "No more numbers can be bought at the moment: the carrier limits this service's account. Nothing was bought."
        " Contact support"
    )


class CarrierBusy(Unavailable):
    """The carrier has too many requests; nothing was changed."""

    code = "carrier_busy"
    message = "The carrier has too many requests at the moment. Nothing was changed. Try again in a minute"
    retry_after = 60


def refusal_by_carrier(error: CarrierUnavailable) -> DomainError:
    """The error for customers when the carrier did nothing, with the carrier's ``Retry-After``."""
    if isinstance(error, CarrierAccessRefused):
        return Unavailable()
    kind = CarrierBusy if isinstance(error, CarrierRateLimited) else CarrierNotAnswering
    return kind(retry_after=error.retry_after)


class FromNotAllowed(Forbidden):
    """The page asked for a number that its embed token may not show."""

    code = "from_not_allowed"
    message = "This number cannot be used"


class NumberVerifiedAlready(Conflict):
    """The organization's calls may show this number already: it was bought or verified before."""

    code = "number_verified_already"
    message = "Your calls can show this number already: there is nothing to verify"


class TooManyVerifiedNumbers(Conflict):
    """The organization has reached its limit of verified numbers, pending and failed ones included."""

    code = "too_many_verified_numbers"
    message = "An organization can have at most 10 verified numbers. Remove one first"


class NumberVerifiedForAnotherAccount(Conflict):
    """Our account at the carrier has verified the number for another organization, and does not verify it twice."""

    code = "number_verified_elsewhere"
    message = (
        "The carrier has already verified this number for another account, and does not call it again. Contact support,"
        " or choose another number"
    )


class NumberInUse(Conflict):
    """A live call comes from this number."""

    code = "number_in_use"
    message = "Number is in use"


class TooManyNumbers(Conflict):
    """The organization has reached its limit of held numbers."""

    code = "too_many_numbers"
    message = "The organization holds as many phone numbers as its limit allows. Release one first"


class TooManyPurchases(Conflict):
    """The organization has reached its limit of purchases within a day."""

    code = "too_many_purchases"
    message = "The organization bought as many phone numbers today as its limit allows. Try again tomorrow"


class PurchaseInProgress(Conflict):
    """Another purchase of the organization is pending."""

    code = "purchase_in_progress"
    message = "Another phone number is being bought for this organization. Try again in two minutes"


class CarrierNotAnswering(Unavailable):
    """The carrier does not answer; nothing was changed."""

    code = "carrier_unavailable"
    message = "The carrier does not answer at the moment. Nothing was changed. Try again in a few minutes"


class PurchaseUnconfirmed(Unavailable):
    """It is not known whether the carrier sold the number; the reconciliation asks the carrier."""

    code = "carrier_unavailable"
    message = (
        "The carrier did not confirm the purchase. If the number was bought, it appears here within two minutes;"
        " it is not bought twice"
    )


class ReleaseUnconfirmed(Unavailable):
    """The carrier has not confirmed the release yet; the reconciliation repeats it."""

    code = "carrier_unavailable"
    message = "The carrier does not answer at the moment. The number is released as soon as it does"


class ReleasesPaused(Unavailable):
    """The database is a copy of another deployment's, and the operator has not confirmed what it owns."""

    code = "releases_paused"
    message = (
        "Phone numbers cannot be released at the moment: this installation's database was copied, and its operator"
        " must first confirm which numbers it owns (`epoch deployment`)"
    )


class AddressNotValid(Invalid):
    """The carrier does not accept the postal address."""

    code = "address_not_valid"
    message = (
        "The carrier cannot validate this address. Check the spelling of street, city, region and postal code, without"
        " abbreviations and special characters, then try again"
    )


class AddressExists(Conflict):
    """The organization has an address in this country already."""

    code = "address_exists"
    message = "There is an address in this country already. Delete it first, then add the new one"


class AddressPending(Conflict):
    """The carrier has not confirmed the address yet."""

    code = "address_pending"
    message = "The carrier has not confirmed this address yet. Try again in two minutes"


class AddressInUse(Conflict):
    """A phone number needs the address."""

    code = "address_in_use"
    message = "A phone number needs this address. Release the number first"


class AddressUnconfirmed(Unavailable):
    """It is not known whether the carrier has the address; the reconciliation asks the carrier."""

    code = "carrier_unavailable"
    message = (
        "The carrier did not confirm the address. Within two minutes the list shows it as registered, or no longer"
        " shows it; if it is not in the list, add it again"
    )


class AddressDeletionUnconfirmed(Unavailable):
    """The carrier has not confirmed the deletion yet; the reconciliation repeats it."""

    code = "carrier_unavailable"
    message = "The carrier does not answer at the moment. The address is deleted as soon as it does"


class AddressDeletionPaused(Unavailable):
    """The database is a copy of another deployment's, and the operator has not confirmed what it owns."""

    code = "releases_paused"
    message = (
        "Addresses cannot be deleted at the moment: this installation's database was copied, and its operator must"
        " first confirm what it owns (`epoch deployment`)"
    )
