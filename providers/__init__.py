"""The gateways that come built in, in the order in which an unlabelled ID is tried: add yours here."""

from providers.ai_nebula import AI_NEBULA
from providers.apipod import APIPOD
from providers.base import Provider
from providers.octopusx import OCTOPUSX
from providers.token360 import TOKEN360

BUILT_IN: tuple[Provider, ...] = (APIPOD, TOKEN360, OCTOPUSX, AI_NEBULA)
