"""The headers of the TSV, to the letter: files that people keep have them, and other programs look for them."""

from __future__ import annotations

ENGLISH = (
    *("User id", "Contact id/number", "Session start", "Channel id", "New user", "Template/notification", "Not sent"),
    *("Sent", "Delivered", "Read", "Answered", "Failure reason", "Failure detail", "Sent at", "Delivered at"),
    *("Read at", "Answered at", "Agent groups", "Origin", "Line", "Language", "Status", "Error code", "Chat link"),
    "Message key",
)
# The first eighteen are those of the platform's own download.
SPANISH = (
    *("Id Usuario", "Id Contacto/Número", "Fecha/tiempo Inicio Sesión", "Id canal", "Usuario Nuevo"),
    *("Nombre Plantilla/Notificación", "No Enviado", "Enviado", "Entregado", "Leída", "Respondida"),
    *("Razón Falla Envío", "Detalle Falla Envío", "Fecha/tiempo Envío", "Fecha/tiempo Entrega"),
    *("Fecha/hora de lectura", "Fecha/tiempo Respuesta", "Grupos Agente"),
    *("Origen", "Línea", "Idioma", "Estado", "Código Error", "Enlace Conversación", "Id Mensaje"),
)
PORTUGUESE = (
    *("Id Usuário", "Id Contato/Número", "Data/hora Início Sessão", "Id canal", "Usuário Novo"),
    *("Nome Modelo/Notificação", "Não Enviada", "Enviada", "Entregue", "Lida", "Respondida"),
    *("Motivo Falha Envio", "Detalhe Falha Envio", "Data/hora Envio", "Data/hora Entrega", "Data/hora Leitura"),
    *("Data/hora Resposta", "Grupos Agente"),
    *("Origem", "Linha", "Idioma", "Status", "Código Erro", "Link Conversa", "Id Mensagem"),
)
HEADERS = {"en": ENGLISH, "es": SPANISH, "pt": PORTUGUESE}
