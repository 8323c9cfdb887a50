"""LangChain's standard integration tests for chat models, of both vendors' classes.

They are run by pytest in the client's own environment, one class at a time, against the model that
TOLLGATE_MODEL names. The files that they would fetch from the web are given to them here.
"""

import base64
import os
import wave
from io import BytesIO

import httpx
import pytest
from langchain_anthropic import ChatAnthropic
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests

MODEL = os.environ["TOLLGATE_MODEL"]
OTHER_MODEL = os.environ["TOLLGATE_OTHER_MODEL"]
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PAPER = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def silence():
    sound = BytesIO()
    with wave.open(sound, "wb") as recording:
        recording.setparams((1, 2, 8000, 0, "NONE", ""))
        recording.writeframes(bytes(1600))
    return sound.getvalue()


@pytest.fixture(autouse=True)
def web(monkeypatch):
    """The web has one picture, one document and one recording."""
    files = {"png": PIXEL, "pdf": PAPER, "wav": silence()}

    def get(url, **_):
        return httpx.Response(200, content=files[url.rpartition(".")[2]])

    monkeypatch.setattr(httpx, "get", get)


class Suite(ChatModelIntegrationTests):
    """What both vendors' models can do."""

    supports_image_inputs = True
    supports_image_urls = True
    supports_pdf_inputs = True
    supports_json_mode = True
    supports_anthropic_inputs = True
    model_override_value = OTHER_MODEL

    @property
    def chat_model_params(self):
        return {"model": MODEL}


class TestChat(Suite):
    chat_model_class = ChatOpenAI
    supports_audio_inputs = True

    @property
    def chat_model_params(self):
        return {"model": MODEL, "stream_usage": True}


class TestResponses(Suite):
    chat_model_class = ChatOpenAI
    supports_image_tool_message = True
    supports_pdf_tool_message = True

    @property
    def chat_model_params(self):
        return {"model": MODEL, "use_responses_api": True}


class TestMessages(Suite):
    chat_model_class = ChatAnthropic
    supports_json_mode = False
    supports_image_tool_message = True
    supports_pdf_tool_message = True
