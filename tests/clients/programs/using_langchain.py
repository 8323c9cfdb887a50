"""What people write with LangChain. Each scenario prints what it saw."""

import json
import sys

from langchain.agents import create_agent
from langchain.chat_models import init_chat_model

MODELS = {"chat": "openai:gpt-4o-mini", "messages": "anthropic:claude-sonnet-5"}


def tool(model):
    """An agent with a tool: it is called, and what it returned ends up in the answer."""
    places = []

    def weather(city: str) -> str:
        """The weather in a city."""
        places.append(city)
        return f"It rains in {city}"

    agent = create_agent(init_chat_model(model), [weather])
    done = agent.invoke({"messages": [{"role": "user", "content": "Hello, Tollgate!"}]})
    answers = [each for each in done["messages"] if each.type == "ai"]
    return {"text": answers[-1].text, "places": places, "usage": _tokens(answers)}


def stream(model):
    # With a base URL that is not OpenAI's, LangChain does not ask for the usage by itself.
    chunks = list(init_chat_model(model, stream_usage=True).stream("Hello, Tollgate!"))
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    pieces = [chunk.text for chunk in chunks if chunk.text]
    return {"text": whole.text, "pieces": pieces, "usage": _tokens([whole])}


def _tokens(answers):
    names = ("input_tokens", "output_tokens")
    return {name: sum(each.usage_metadata[name] for each in answers) for name in names}


if __name__ == "__main__":
    seen = {"tool": tool, "stream": stream}[sys.argv[1]](MODELS[sys.argv[2]])
    json.dump(seen, sys.stdout)
