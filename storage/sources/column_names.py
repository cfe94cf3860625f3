"""Which column of a table says what: the names of columns in English, Spanish and Portuguese.

Names are compared without case, accents, punctuation and spaces, so `phoneNumber`, `PHONE_NUMBER` and "Phone number"
are one name. Knows no rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from storage.language.texts import _
from storage.sources.fields import header_of

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "recipient": (
        *("to", "recipient", "phone", "phone number", "recipient number", "recipient phone", "recipient phone number"),
        *("recipient id", "to number", "to phone", "phone no", "mobile", "mobile number", "mobile phone", "cell"),
        *("cell phone", "telephone", "telephone number", "tel", "msisdn", "number", "wa id", "whatsapp"),
        *("whatsapp number", "destination", "destination number", "contact", "contact number", "contact phone"),
        *("customer phone", "customer number", "customer phone number", "user phone", "user phone number"),
        *("telefono", "numero", "destinatario", "celular", "movil", "numero de telefono", "numero telefono"),
        *("numero telefonico", "telefono celular", "telefono movil", "numero celular", "numero de celular"),
        *("telefono destino", "telefono destinatario", "numero destinatario", "numero del destinatario", "destino"),
        *("numero destino", "numero de destino", "telefono cliente", "telefono del cliente", "telefono contacto"),
        *("contacto", "numero contacto", "numero de contacto", "numero whatsapp", "numero de whatsapp"),
        *("telefone", "numero de telefone", "numero telefone", "telefone celular", "numero do celular", "fone"),
        *("numero do destinatario", "telefone do destinatario", "telefone destino", "telefone do cliente"),
        *("telefone cliente", "telefone do contato", "contato", "numero do contato", "numero do whatsapp"),
    ),
    "message id": (
        *("wamid", "message id", "id message", "msg id", "message sid", "sid", "message uuid", "whatsapp message id"),
        *("wa message id", "external message id", "external id", "external identifier", "provider message id"),
        *("source id", "whatsapp id", "gs id", "id mensaje", "id de mensaje", "id del mensaje", "mensaje id"),
        *("identificador mensaje", "identificador del mensaje", "id mensagem", "id da mensagem", "mensagem id"),
        *("identificador da mensagem", "id"),
    ),
    "template": (
        *("template", "template name", "name template", "message template", "template id", "hsm", "hsm name"),
        *("element name", "notification", "plantilla", "nombre plantilla", "nombre de plantilla"),
        *("nombre de la plantilla", "plantilla nombre", "plantilla de mensaje", "notificacion", "modelo"),
        *("nome modelo", "nome do modelo", "modelo de mensagem", "nome template", "nome do template", "notificacao"),
    ),
    "campaign": (
        *("campaign", "campaign name", "campaign id", "broadcast", "broadcast name", "broadcast id"),
        *("biz opaque callback data", "campana", "nombre campana", "nombre de campana", "nombre de la campana"),
        *("id campana", "id de campana", "id de la campana", "difusion", "envio masivo", "campanha"),
        *("nome campanha", "nome da campanha", "id campanha", "id da campanha", "disparo"),
    ),
    "language": (
        *("language", "lang", "language code", "template language", "locale", "idioma", "codigo idioma"),
        *("codigo de idioma", "idioma plantilla", "idioma de la plantilla", "lenguaje", "linguagem", "lingua"),
        *("idioma do modelo",),
    ),
    "time": (
        *("at", "timestamp", "date", "datetime", "date time", "created at", "created on", "created", "date created"),
        *("creation date", "created date", "created time", "creation time", "message date", "message time"),
        *("message timestamp", "event time", "requested at", "submitted at", "queued at", "start date", "start time"),
        *("fecha", "fecha hora", "fecha y hora", "fecha tiempo", "fecha creacion", "fecha de creacion", "creado"),
        *("creado el", "fecha mensaje", "fecha del mensaje", "momento", "data", "data hora", "data e hora"),
        *(
            "data criacao",
            "data de criacao",
            "criado em",
            "data mensagem",
            "data da mensagem",
            "time",
            "hora",
            "horario",
        ),
    ),
    "sent": (
        *("sent at", "sent", "sent date", "sent time", "sent on", "sent timestamp", "date sent", "time sent"),
        *("send date", "send time", "sending date", "sending time", "send at", "sent datetime", "fecha envio"),
        *("fecha de envio", "fecha hora envio", "fecha y hora de envio", "fecha hora de envio", "fecha tiempo envio"),
        *("enviado", "enviada", "enviado el", "fecha enviado", "hora envio", "hora de envio", "data envio"),
        *("data de envio", "data do envio", "data hora envio", "data e hora de envio", "enviado em", "enviada em"),
        *("hora do envio",),
    ),
    "delivered": (
        *("delivered at", "delivered", "delivered date", "delivered time", "delivered on", "delivery date"),
        *("delivery time", "date delivered", "delivery timestamp", "delivered timestamp", "fecha entrega"),
        *("fecha de entrega", "fecha hora entrega", "fecha y hora de entrega", "fecha tiempo entrega", "entregado"),
        *("entregada", "entregado el", "fecha entregado", "hora entrega", "hora de entrega", "data entrega"),
        *("data de entrega", "data da entrega", "data hora entrega", "data e hora de entrega", "entregue"),
        *("entregue em", "entrega"),
    ),
    "read": (
        *("read at", "read", "read date", "read time", "read on", "read timestamp", "date read", "seen at", "seen"),
        *("seen date", "seen time", "viewed at", "viewed", "opened at", "opened", "fecha lectura", "fecha de lectura"),
        *("fecha hora lectura", "fecha y hora de lectura", "fecha hora de lectura", "fecha tiempo lectura", "leido"),
        *("leida", "leido el", "fecha leido", "visto", "visto el", "hora lectura", "hora de lectura", "data leitura"),
        *("data de leitura", "data da leitura", "data e hora de leitura", "lido", "lida", "lido em", "visualizado"),
        *("visualizado em", "visualizada", "leitura", "lectura"),
    ),
    "answered": (
        *("answered at", "answered", "replied at", "replied", "reply date", "reply time", "responded at"),
        *("responded", "response date", "response timestamp", "fecha respuesta", "fecha de respuesta"),
        *("fecha hora respuesta", "fecha y hora de respuesta", "fecha tiempo respuesta", "respondido", "respondida"),
        *("respondido el", "contestado", "data resposta", "data de resposta", "data da resposta", "respondeu"),
        *("respondido em",),
    ),
    "failed": (
        *("failed at", "failed", "failed date", "failed time", "failed on", "failure date", "failure time"),
        *("date failed", "failed timestamp", "undelivered at", "not sent", "fecha fallo", "fecha de fallo"),
        *("fecha falla", "fecha de falla", "fecha y hora de fallo", "fallido", "fallida", "no enviado", "no enviada"),
        *("data falha", "data de falha", "data da falha", "falhou", "falhou em", "nao enviado", "nao enviada"),
    ),
    "status time": (
        *("updated at", "updated on", "last update", "last updated", "last updated at", "date updated"),
        *("status date", "status time", "status timestamp", "status updated at", "update time", "fecha estado"),
        *("fecha de estado", "fecha del estado", "ultima actualizacion", "fecha actualizacion"),
        *("fecha de actualizacion", "actualizado", "actualizado el", "data status", "data do status"),
        *("data da situacao", "ultima atualizacao", "data atualizacao", "data de atualizacao", "atualizado em"),
    ),
    "status": (
        *("status", "message status", "delivery status", "last status", "send status", "current status"),
        *("status name", "state", "result", "estado", "estado mensaje", "estado del mensaje", "estado envio"),
        *("estado de envio", "estado del envio", "estado entrega", "estado de entrega", "ultimo estado", "estatus"),
        *("resultado", "situacao", "situacao da mensagem", "situacao do envio", "estado da mensagem"),
        *("status da mensagem", "status mensagem", "status do envio", "status de envio", "status envio"),
        *("status de entrega", "status da entrega"),
    ),
    "direction": (
        *("direction", "message direction", "msg direction", "direction type", "direccion", "direccion mensaje"),
        *("direccion del mensaje", "sentido", "direcao", "direcao da mensagem"),
    ),
    "error code": (
        *("error code", "code", "err code", "failure code", "failed code", "codigo error", "codigo de error"),
        *("codigo del error", "codigo", "codigo fallo", "codigo erro", "codigo de erro", "codigo do erro"),
    ),
    "error": (
        *("error", "error message", "error title", "failure reason", "reason for failure", "reason", "fail reason"),
        *("failed reason", "reason of failure", "error description", "error reason", "error text", "motivo", "razon"),
        *("razon falla", "razon de falla", "razon fallo", "razon del fallo", "razon falla envio", "razon del error"),
        *("motivo fallo", "motivo de fallo", "motivo del fallo", "motivo falla", "motivo de falla", "motivo error"),
        *("motivo del error", "motivo de error", "mensaje error", "mensaje de error", "descripcion error"),
        *("descripcion del error", "erro", "mensagem de erro", "mensagem erro", "motivo do erro", "motivo da falha"),
        *("motivo falha", "motivo de falha", "motivo erro", "razao", "razao da falha", "descricao do erro"),
    ),
    "error detail": (
        *("error details", "error detail", "details", "detail", "failure detail", "failure details", "detalle"),
        *("detalles", "detalle error", "detalle del error", "detalle falla", "detalle falla envio"),
        *("detalle del fallo", "detalhe", "detalhes", "detalhe do erro", "detalhes do erro", "detalhe da falha"),
    ),
    "status text": (
        *("status description", "status reason", "status message", "status details", "descripcion estado"),
        *("descripcion del estado", "motivo del estado", "descricao do status", "descricao da situacao"),
    ),
    "line id": ("phone number id", "line id", "whatsapp phone number id", "inbox id", "id linea", "id de linea"),
    "line number": (
        *("from", "line", "line number", "display phone number", "from number", "from phone", "sender"),
        *("sender number", "sender phone", "sender id", "business number", "business phone", "business phone number"),
        *("source number", "linea", "numero linea", "numero de linea", "remitente", "numero remitente"),
        *("numero del remitente", "telefono remitente", "origen numero", "numero origen", "numero de origen"),
        *("telefono origen", "emisor", "numero emisor", "linha", "numero da linha", "remetente"),
        *("numero remetente", "numero do remetente", "numero de origem", "telefone remetente"),
    ),
    "line name": (
        *("line name", "inbox", "inbox name", "sender name", "nombre linea", "nombre de linea", "nombre de la linea"),
        *("nome linha", "nome da linha"),
    ),
    "name": (
        *("name", "contact name", "recipient name", "customer name", "client name", "user name", "full name"),
        *("profile name", "customer", "client", "nombre", "nombre contacto", "nombre del contacto", "nombre completo"),
        *("nombre cliente", "nombre del cliente", "nombre destinatario", "nombre del destinatario", "cliente"),
        *("nome", "nome contato", "nome do contato", "nome completo", "nome cliente", "nome do cliente"),
        *("nome do destinatario",),
    ),
    "customer id": (
        *("customer id", "contact id", "client id", "crm id", "id cliente", "id de cliente", "id del cliente"),
        *("cliente id", "id contacto", "id de contacto", "id del contacto", "id usuario", "id do cliente"),
        *("id contato", "id do contato", "id do usuario"),
    ),
    "user id": ("user id", "bsuid", "recipient user id", "whatsapp user id"),
    "type": (
        *("type", "kind", "message type", "msg type", "format", "tipo", "tipo mensaje", "tipo de mensaje"),
        *("tipo mensagem", "tipo de mensagem", "formato"),
    ),
    "origin": ("origin", "origen", "origem"),
    "channel": ("channel", "channel type", "message channel", "platform", "canal", "tipo de canal", "plataforma"),
}

IGNORED = "ignored"  # what `--map COLUMN=ignored` says of a column
TIMES = ("time", "sent", "delivered", "read", "answered", "failed", "status time")
_BARE_ID = "id"
# A column of clock times beside one of dates: "Fecha" and "Hora", "Send date" and "Send time".
_CLOCKS = (("fecha", "hora"), ("data", "hora"), ("data", "horario"), ("date", "time"), ("dia", "hora"))
_SENDERS = ("from", "sender", "remit", "remet", "emisor", "source", "origen", "origem")
_RECEIVERS = ("to", "recipient", "destin")


def field_name(meaning: str) -> str:
    """The name of a meaning in `--map` and in the documents."""
    return meaning.replace(" ", "_")


def fields() -> list[str]:
    """The names that `--map` knows."""
    return [field_name(meaning) for meaning in (*COLUMNS, IGNORED)]


def meaning_of(field: str) -> str | None:
    """The meaning of a name that `--map` gives, in any spelling; None where it is none of `fields`."""
    wanted = squashed(field)
    return next((meaning for meaning in (*COLUMNS, IGNORED) if squashed(meaning) == wanted), None)


def squashed(name: str) -> str:
    """A column's name for comparison: letters and digits only, without case and accents."""
    return header_of(name).replace(" ", "")


_FIELD_OF = {squashed(name): (meaning, rank) for meaning, names in COLUMNS.items() for rank, name in enumerate(names)}


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a table says what.

    Attributes:
        names: The header.
        places: The place of each known column, by its meaning.
        clocks: The place of the column with the time of day, by the meaning of its column of dates.
        utc: The meanings of columns whose names say that their times are UTC.
        bare_id: Whether the message id stands in a column that is only called "id".
    """

    names: tuple[str, ...]
    places: Mapping[str, int]
    clocks: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    utc: frozenset[str] = frozenset()
    bare_id: bool = False

    def has(self, *meanings: str) -> bool:
        """Whether the table has one of these columns."""
        return any(meaning in self.places for meaning in meanings)

    @property
    def swaps(self) -> bool:
        """Whether sender and recipient change places in a message from a person: the columns are "from" and "to"."""
        return (
            self.has("line number")
            and self.has("recipient")
            and squashed(self.names[self.places["line number"]]).startswith(_SENDERS)
            and squashed(self.names[self.places["recipient"]]).startswith(_RECEIVERS)
        )

    def understood(self) -> dict[int, str]:
        """The meaning of each known column, by its place."""
        meanings = {place: meaning for meaning, place in self.places.items()}
        return meanings | {place: f"{meaning} (time of day)" for meaning, place in self.clocks.items()}

    def notes(self) -> list[str]:
        """A sentence for each column that is read although another one has its name."""
        names = [squashed(name) for name in self.names]
        return [
            f"'{' '.join(self.names[place].split())}' stands {names.count(names[place])} times in the header;"
            f" the one in column {place + 1} is read"
            for place in sorted({*self.places.values(), *self.clocks.values()})
            if names.count(names[place]) > 1
        ]


class ColumnError(ValueError):
    """A column that was named in `--map` is not there; the message is one line."""


def columns_of(header: Sequence[str], mapped: Sequence[tuple[str, str]] = ()) -> Columns:
    """The columns of a table by its header.

    Args:
        header: The names of the columns.
        mapped: (name of a column, meaning) that the caller gives.

    Raises:
        ColumnError: A column in `mapped` is not in the header.
    """
    names = tuple(header)
    given = _given(names, mapped)
    places: dict[str, int] = {meaning: place for place, meaning in given.items() if meaning != IGNORED}
    ranks: dict[str, int] = dict.fromkeys(places, -1)
    utc: set[str] = set()
    for place, name in enumerate(names):
        found, in_utc = (None, False) if place in given else _field_of(name)
        if found is None:
            continue
        meaning, rank = found
        if meaning not in ranks or rank < ranks[meaning]:
            places[meaning], ranks[meaning] = place, rank
            (utc.add if in_utc else utc.discard)(meaning)
    bare_id = "message id" not in given.values() and squashed(names[places.get("message id", 0)]) == _BARE_ID
    free = {squashed(name): place for place, name in enumerate(names) if place not in given}
    clocks = {
        meaning: clock
        for meaning in TIMES
        if meaning in places and (clock := _clock(squashed(names[places[meaning]]), free)) is not None
    }
    kept = {meaning: place for meaning, place in places.items() if place not in clocks.values()}
    return Columns(names, kept, clocks, frozenset(utc), bare_id and "message id" in places)


def _given(names: Sequence[str], mapped: Sequence[tuple[str, str]]) -> dict[int, str]:
    given = {}
    for wanted, meaning in mapped:
        exact = [place for place, name in enumerate(names) if name.strip() == wanted.strip()]
        alike = exact or [place for place, name in enumerate(names) if squashed(name) == squashed(wanted)]
        if not alike:
            shown = ", ".join(f"'{name.strip()}'" for name in names if name.strip())
            message = _("there is no column '{given}'; the columns are {names}")
            raise ColumnError(message.format(given=wanted, names=shown))
        given[alike[0]] = meaning
    return given


def _field_of(name: str) -> tuple[tuple[str, int] | None, bool]:
    """The meaning of a column and its rank among the names of that meaning; and whether its name says UTC."""
    plain = squashed(name)
    if (found := _FIELD_OF.get(plain)) is not None:
        return found, False
    for zone in ("utc", "gmt"):
        if plain.endswith(zone) and (found := _FIELD_OF.get(plain.removesuffix(zone))) is not None:
            return (found, True) if found[0] in TIMES else (None, False)
    return None, False


def _clock(date: str, names: Mapping[str, int]) -> int | None:
    for word, clock in _CLOCKS:
        if word in date and clock not in date and (place := names.get(date.replace(word, clock))) is not None:
            return place
    return None
