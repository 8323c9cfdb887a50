"""What people write with Pydantic AI. Each scenario prints what it saw."""

import asyncio
import json
import sys

from pydantic import BaseModel
from pydantic_ai import Agent

MODELS = {
    "chat": "openai-chat:gpt-4o-mini",
    "responses": "openai-responses:gpt-4o-mini",
    "messages": "anthropic:claude-sonnet-5",
}


class Weather(BaseModel):
    city: str
    celsius: int


def tool(model):
    """An agent with a tool: it is called, and what it returned ends up in the answer."""
    places = []
    agent = Agent(model)

    @agent.tool_plain
    def weather(city: str) -> str:
        places.append(city)
        return f"It rains in {city}"

    result = agent.run_sync("Hello, Tollgate!")
    return {"text": result.output, "places": places, "usage": _tokens(result.usage)}


def stream(model):
    async def run():
        async with Agent(model).run_stream("Hello, Tollgate!") as result:
            heard = [piece async for piece in result.stream_text(delta=True, debounce_by=None)]
            return {"text": "".join(heard), "pieces": heard, "usage": _tokens(result.usage)}

    return asyncio.run(run())


def shape(model):
    result = Agent(model, output_type=Weather).run_sync("Hello, Tollgate!")
    return {"parsed": result.output.model_dump(), "usage": _tokens(result.usage)}


def _tokens(usage):
    return {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}


if __name__ == "__main__":
    seen = {"tool": tool, "stream": stream, "shape": shape}[sys.argv[1]](MODELS[sys.argv[2]])
    json.dump(seen, sys.stdout)
