"""What identifies a person, and what the spellings of a phone number mean. The one place that decides it.

An identity is a phone number of 6 to 15 digits, Meta's business-scoped user id (BSUID), or the platform's id of a
customer. In the id places of a webhook any other text is one too: logs are pseudonymised before they are shared. A
value that identifies nobody joins nobody: a placeholder ("N/A"), a masked number ("549115555****"), a number that lost
digits ("5.49116E+12"). The definitions are in docs/definitions.md, "Who is who".

Knows no format in particular, and no database.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from storage.domain.bounded_cache import BoundedCache
from storage.domain.events import ContactIds
from storage.sources.fields import Text, identifier_of, text_of

MIN_DIGITS, MAX_DIGITS = 6, 15  # of a phone number; 15 is the limit of ITU-T E.164
_CUSTOMERS_KEPT, _PEOPLE_KEPT = 10_000, 50_000

# Format of a BSUID: the country, for a parent id "ENT" as well, and up to 128 letters and digits (Cloud API reference,
# "business-scoped user IDs").
_BSUID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
_SCHEME = re.compile(r"(?:(?:whatsapp|wa|tel|telefono|phone|sms|mobile|cel|p)\s*:)\s*(?://)?", re.IGNORECASE)
_CHAT_LINK = re.compile(
    r"(?:https?://)?(?:wa\.me/|(?:(?:api|web)\.whatsapp\.com/send|whatsapp://send)/?\?(?:.*&)?phone=)", re.IGNORECASE
)
_SUFFIX = re.compile(r"(?::\d+)?@(?:c\.us|s\.whatsapp\.net|whatsapp\.net|wa\.gw)$", re.IGNORECASE)
_AFTER_LINK = re.compile(r"[/?&].*")
_MASK = re.compile(r"[*•●█]|\.{3,}|[#?_]{2,}")
_X_MASK = re.compile(r"[xX]+")
_GROUP = re.compile(r"@(?:g\.us|broadcast|newsletter)$")
_SEVERAL = re.compile(r"[;|\n]|\s/\s|,\s|\s(?:y|e|and|o|or)\s")  # between two numbers in one cell
_SCIENTIFIC = re.compile(r"\+?(\d+)(?:[.,](\d*))?[eE]\+?(\d+)")
_DECIMALS = re.compile(r"(\+?\d{6,}(?=[.,]0+$)|\+?\d{1,3}(?:[., ']\d{3})+(?=[.,]0{1,2}$))[.,]0+")
_TRUNK_ZERO = re.compile(r"\(0\)")
_WITHOUT_FORMATTING = str.maketrans("", "", " -()")
_SPELLING = re.compile(r"\(?\+?[\d ().\-/,'_]+")
_DATE = re.compile(r"(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)\d\d")
# A spreadsheet shows six significant digits of a long number; saved as text, the others are zeros.
_ROUNDED = re.compile(r"[1-9]\d*?0{6,}")
_MIN_ROUNDED = 11  # digits of a cell from which a spreadsheet shows a number rounded
_PLACEHOLDER = re.compile(
    r"""[\W_]*                                            # dashes, question marks, ########
    | n\s*[/.\\]?\s*[ad]\.? | s\s*[/.]\s*[dni]\.?         # N/A, n.a., N/D, S/D, s/n
    | null | nil | none | nan | undefined | unknown | anonymous | empty | missing
    | not\ (?:available|applicable|set|found|provided) | no\ (?:number|phone|data|value)
    | (?:no|nao)\ (?:disponible|disponivel|aplica|informado|definido|identificado|registrado|tiene|tem)
    | sin\ (?:datos?|numero|telefono|informacion|valor|contacto|id)
    | sem\ (?:dados?|numero|telefone|informacao|valor|contato|id)
    | desconocid[oa] | desconhecid[oa] | ningun[oa] | nenhum[a]? | nulo | vazio | vacio | indefinid[oa] | anonim[oa]
    | true | false | verdadero | falso | verdadeiro | object\ object
    | \#[a-z]{2,6}(?:/0)?[!?] | \#n/?[ad]                # errors of spreadsheets: #REF!, #\xa1VALOR!, #DIV/0!, #N/D
    | -?0+ | -1
    """,
    re.VERBOSE,
)


def number_of(value: Any) -> str | None:
    """The digits of a phone number in any spelling; None where the value is no phone number.

    A number that lost digits (scientific notation, a mask) is none: it could be anybody's.

    Args:
        value: Text, or a number as JSON writes it.
    """
    if type(value) is str and value.isascii() and value.isdigit() and value[0] != "0":
        # Digits that are all the same are looked for only where the first equals the last: this runs for every send.
        different = value[0] != value[-1] or value.strip(value[0])
        return value if different and MIN_DIGITS <= len(value) <= MAX_DIGITS else None
    if type(value) is str and value[:1] == "+" and value.isascii() and "(0)" not in value:
        digits = value[1:].translate(_WITHOUT_FORMATTING)  # the usual way to write a number, read without expressions
        if digits.isdigit() and digits[0] != "0":
            return _sized(digits)
    text = text_of(value)
    return None if text is None else _number_of_text(_plain(text))


def _plain(text: str) -> str:
    """A text without what programs put around and inside of it: invisible signs, quotes, formulas, odd spaces."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        text = "".join(_plain_sign(sign) for sign in text)
    text = text.strip()
    if text[:1] == "=":
        text = text[1:].strip()
    return text.strip("'\"` \t\r\n")


def _plain_sign(sign: str) -> str:
    category = unicodedata.category(sign)
    if category in ("Cf", "Cc", "Mn", "Me"):
        return ""
    if category == "Pd" or sign == "\N{MINUS SIGN}":
        return "-"
    if category in ("Zs", "Zl", "Zp"):
        return " "
    if category == "Nd":
        return str(unicodedata.decimal(sign))
    return "'" if sign in "\N{RIGHT SINGLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}" else sign


def _number_of_text(text: str) -> str | None:
    found = _CHAT_LINK.match(text)
    if found is not None:
        text = _AFTER_LINK.sub("", text[found.end() :]).replace("%2B", "+")
    text = _SUFFIX.sub("", _SCHEME.sub("", text, count=1)).strip()
    if (exponent := _SCIENTIFIC.fullmatch(text)) is not None:
        return _sized(_exact(*exponent.groups()))
    if (whole := _DECIMALS.fullmatch(text)) is not None:
        text = whole[1]
    text = _TRUNK_ZERO.sub("", text)
    if _SPELLING.fullmatch(text) is None or _DATE.match(text) is not None or _SEVERAL.search(text) is not None:
        return None
    digits = re.sub(r"\D", "", text)
    if digits.startswith("00"):
        digits = digits[2:]
    return _sized(digits)


def _exact(whole: str, fraction: str | None, exponent: str) -> str:
    """The digits of a number in scientific notation; empty where it does not give all of them."""
    digits, shift = whole + (fraction or ""), int(exponent[:3])
    return digits if len(digits) == len(whole) + shift else ""


def _sized(digits: str) -> str | None:
    """The digits where a phone number can have as many, and they are not all the same."""
    return digits if MIN_DIGITS <= len(digits) <= MAX_DIGITS and len(set(digits)) > 1 else None


def lost_digits(digits: str, text: str = "") -> bool:
    """Whether a number from a table was rounded by a spreadsheet, which leaves zeros in place of its last digits.

    Args:
        digits: of the number.
        text: of the cell. No spreadsheet rounds a link, such as https://wa.me/5491160000000.
    """
    return len(digits) >= _MIN_ROUNDED and _ROUNDED.fullmatch(digits) is not None and not _CHAT_LINK.match(_plain(text))


def bsuid_of(text: str | None) -> str | None:
    """The text where it is a business-scoped user id; None where it is not."""
    return text if text is not None and _BSUID.fullmatch(text) is not None else None


def is_placeholder(text: str) -> bool:
    """Whether a text says that nothing is known: "N/A", "null", "########", "sin datos", "#REF!"."""
    plain = text
    if not text.isascii():
        plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
        if any(sign.isalnum() and not sign.isascii() for sign in unicodedata.normalize("NFKC", text)) and not any(
            sign.isalnum() for sign in plain
        ):
            return False  # a name in another script
    words = " ".join(plain.lower().replace("_", " ").split()).strip("'\" .()<>[]{}")
    return _PLACEHOLDER.fullmatch(words) is not None


def names_nobody(text: str) -> bool:
    """Whether a text in the place of an id identifies nobody: a placeholder, a group, a masked or a rounded number."""
    plain = _plain(text)
    if is_placeholder(plain) or _MASK.search(plain) is not None or _GROUP.search(plain) is not None:
        return True
    if _SCIENTIFIC.fullmatch(plain) is not None:
        return _number_of_text(plain) is None
    without_x = _X_MASK.sub("", plain)
    return without_x != plain and not any(sign.isalpha() for sign in without_x)


def person_id_of(value: Any) -> str | None:
    """A user id in the id place of a webhook: any text that identifies somebody; None for the others."""
    text = text_of(value)
    return None if text is None or names_nobody(text) else text


def person_of_one(value: Any, name: str | None = None) -> ContactIds:
    """The same as `person` of one value, made faster where it is a number."""
    number = number_of(value)
    return person(value, name=name) if number is None else ContactIds((number,), name=name)


# Shared by the formats, as sends and the statuses of them name the same people.
PEOPLE_OF_ONE: BoundedCache[Any, ContactIds] = BoundedCache(person_of_one, _PEOPLE_KEPT)


def person(*values: Any, name: str | None = None) -> ContactIds:
    """The person whom ids of one webhook item or request name together.

    Args:
        values: Numbers and user ids in any of the places, the preferred first. Where people hide their numbers, the
            place of a number may hold a user id; pseudonyms stand in both places.
        name: The profile's name.
    """
    numbers: list[str] = []
    users: list[str] = []
    for value in values:
        if value is None or value == "":
            continue
        number = number_of(value)
        if number is not None:
            if number not in numbers:
                numbers.append(number)
        elif (user := person_id_of(value)) is not None and user not in users:
            users.append(user)
    return ContactIds(tuple(numbers), users[0] if users else None, name=name, other_user_ids=tuple(users[1:]))


def _customer(text: Text) -> str | None:
    plain = text_of(text)
    return None if plain is None or names_nobody(plain) else identifier_of(plain)


customer_of = BoundedCache(_customer, _CUSTOMERS_KEPT)
"""Text of a customer's id -> the id, None where it identifies nobody."""


def row_contact(
    contact: str | None, user: str | None = None, customer: str | None = None, name: str | None = None
) -> ContactIds:
    """The person whom a row of a table names.

    Args:
        contact: The recipient: a number, a link to a chat, or a BSUID. Other texts identify nobody, and so does a
            number that may be rounded.
        user: The text of a column of user ids: a BSUID, or a number.
        customer: The platform's id of the customer.
        name: The person's name.
    """
    numbers: list[str] = []
    users: list[str] = []
    for text in (contact, user):
        if text is None:
            continue
        if (number := number_of(text)) is not None:
            if number not in numbers and not lost_digits(number, text):
                numbers.append(number)
        elif (bsuid := bsuid_of(text.strip())) is not None and bsuid not in users:
            users.append(bsuid)
    return ContactIds(
        tuple(numbers),
        users[0] if users else None,
        None if customer is None else customer_of[customer],
        name,
        other_user_ids=tuple(users[1:]),
    )
