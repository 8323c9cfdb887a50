"""What people write with the OpenAI Agents SDK. Each scenario prints what it saw."""

import asyncio
import json
import sys

from agents import Agent, Runner, function_tool, set_tracing_disabled

set_tracing_disabled(True)
places = []


@function_tool
def weather(city: str) -> str:
    """The weather in a city."""
    places.append(city)
    return f"It rains in {city}"


def tool():
    """An agent with a tool: it is called, and what it returned ends up in the answer."""
    agent = Agent(name="Reporter", model="gpt-4o-mini", tools=[weather])
    result = Runner.run_sync(agent, "Hello, Tollgate!")
    return {"text": result.final_output, "places": places, "usage": _tokens(result)}


def stream():
    async def run():
        result = Runner.run_streamed(Agent(name="Echo", model="gpt-4o-mini"), "Hello, Tollgate!")
        raw = [event.data async for event in result.stream_events() if hasattr(event, "data")]
        pieces = [data.delta for data in raw if data.type == "response.output_text.delta"]
        return {"text": result.final_output, "pieces": pieces, "usage": _tokens(result)}

    return asyncio.run(run())


def handoff():
    """One agent hands the conversation to another."""
    second = Agent(name="Second", model="gpt-4o-mini")
    first = Agent(name="First", model="gpt-4o-mini", handoffs=[second])
    result = Runner.run_sync(first, "Hello, Tollgate!")
    return {"last": result.last_agent.name, "text": result.final_output, "usage": _tokens(result)}


def _tokens(result):
    usage = result.context_wrapper.usage
    return {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}


if __name__ == "__main__":
    seen = {"tool": tool, "stream": stream, "handoff": handoff}[sys.argv[1]]()
    json.dump(seen, sys.stdout)
