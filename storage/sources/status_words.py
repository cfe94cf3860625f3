"""The words for the status and the direction of a message in English, Spanish and Portuguese. Knows no format."""

from __future__ import annotations

from enum import Enum

from storage.sources.fields import header_of


class Outcome(Enum):
    """How far a message got, as one word says it. UNSENT: it was never to be sent, or not yet."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    ANSWERED = "answered"
    FAILED = "failed"
    UNSENT = "unsent"


_OUTCOMES: dict[Outcome, str] = {
    Outcome.SENT: """
        sent, queued, accepted, enqueued, sending, submitted, processing, processed, pending, in progress, dispatched,
        on the way, server ack, held for quality assessment, success, successful, ok, awaiting delivery update,
        enviado, enviada, enviando, en cola, encolado, encolada, aceptado, aceptada, procesando, procesado, procesada,
        pendiente, en proceso, en curso, exitoso, exitosa,
        na fila, em fila, aceito, aceita, aceite, processando, processado, processada, pendente, em andamento,
        enfileirado, sucesso
    """,
    Outcome.DELIVERED: """
        delivered, delivery ack, received, delivered to user, delivered user, delivered to device,
        entregado, entregada, recibido, recibida, entregue, recebido, recebida
    """,
    Outcome.READ: """
        read, seen, viewed, opened, displayed, played, delivered and read,
        leido, leida, visto, vista, abierto, abierta, reproducido, visualizado, visualizada,
        lido, lida, aberto, aberta, reproduzido
    """,
    Outcome.ANSWERED: """
        answered, replied, reply, responded, clicked,
        respondido, respondida, contestado, contestada, respondeu
    """,
    Outcome.FAILED: """
        failed, failure, fail, error, errored, rejected, undelivered, undeliverable, not delivered, not sent, unsent,
        bounced, invalid, invalid number, expired, refused, delivery failed, sending failed, send failed, dropped,
        blocked, unreachable, unsuccessful,
        fallido, fallida, fallo, fallado, fallada, fracasado, fracaso, error de envio, con error, no enviado,
        no enviada, no entregado, no entregada, sin entregar, no entregable, rechazado, rechazada, rebotado, rebotada,
        invalido, invalida, vencido, expirado, expirada, bloqueado, bloqueada,
        falhou, falha, falhado, falhada, erro, com erro, erro de envio, nao enviado, nao enviada, nao entregue,
        rejeitado, rejeitada, recusado, recusada, invalido
    """,
    Outcome.UNSENT: """
        skipped, canceled, cancelled, scheduled, draft, deleted, omitido, omitida, cancelado,
        cancelada, programado, programada, borrador, eliminado, eliminada, agendado, agendada, rascunho, ignorado,
        ignorada
    """,
}
_INBOUND = """
    inbound, in, incoming, received, incoming message, mo, from user, from customer, user initiated message,
    entrante, entrada, recibido, recibida, recibidos, de entrada, recebido, recebida, inbound message
"""
_OUTBOUND = """
    outbound, out, outgoing, sent, outbound api, outbound reply, outbound call, mt, to user, to customer,
    outbound message, outgoing message, business initiated message, saliente, salida, enviado, enviada, de salida,
    saida, de saida, enviados
"""


def _words(text: str) -> list[str]:
    return [header_of(word) for word in text.split(",")]


_OUTCOME_OF = {word: outcome for outcome, text in _OUTCOMES.items() for word in _words(text)}
_INBOUND_OF = dict.fromkeys(_words(_OUTBOUND), False) | dict.fromkeys(_words(_INBOUND), True)
_SQUASHED_OUTCOME = {word.replace(" ", ""): outcome for word, outcome in _OUTCOME_OF.items()}
_NOT = frozenset(("not", "no", "nao", "sin", "sem", "un"))


def outcome_of(text: str) -> Outcome | None:
    """How far a message got by the word for it; None where the word is not known."""
    words = header_of(text)
    return _OUTCOME_OF.get(words) or _SQUASHED_OUTCOME.get(words.replace(" ", ""))


def is_inbound(text: str) -> bool | None:
    """Whether a word for a direction means a message from a person; None where it is not known."""
    return _INBOUND_OF.get(header_of(text))


def outcome_words() -> dict[str, list[str]]:
    """Every word for a status, by what it means; for the documents."""
    return {outcome.value: list(dict.fromkeys(_words(text))) for outcome, text in _OUTCOMES.items()}
