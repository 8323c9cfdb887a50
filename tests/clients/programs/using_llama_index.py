"""What people write with LlamaIndex. The program prints what its scenarios saw."""

import json
import os
import sys

from llama_index.core.tools import FunctionTool
from llama_index.llms.anthropic import Anthropic
from llama_index.llms.openai import OpenAI, OpenAIResponses
from pydantic import BaseModel

MODEL = os.environ["TOLLGATE_MODEL"]
HELLO = "Hello, Tollgate!"


class Person(BaseModel):
    name: str
    age: int


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"It rains in {city}"


def llm(dialect):
    if dialect == "messages":
        return Anthropic(model=MODEL, base_url=os.environ["ANTHROPIC_BASE_URL"])
    return {"chat": OpenAI, "responses": OpenAIResponses}[dialect](
        model=MODEL, api_base=os.environ["OPENAI_BASE_URL"]
    )


def text(model):
    return model.complete(HELLO).text


def stream(model):
    return "".join(chunk.delta for chunk in model.stream_complete(HELLO))


def tool(model):
    tools = [FunctionTool.from_defaults(get_weather)]
    return model.predict_and_call(tools, "What is the weather in Paris?").response


def shape(model):
    made = model.as_structured_llm(Person).complete("Jason is 25 years old.")
    return made.raw.model_dump()


if __name__ == "__main__":
    scenarios = {"text": text, "stream": stream, "tool": tool, "shape": shape}
    model = llm(sys.argv[2])
    json.dump({each: scenarios[each](model) for each in sys.argv[1].split(",")}, sys.stdout)
