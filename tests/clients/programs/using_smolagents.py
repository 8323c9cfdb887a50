"""What people write with smolagents: an agent calls its tool, then the tool that ends the run."""

import json
import os
import sys

from smolagents import LiteLLMModel, OpenAIModel, ToolCallingAgent, tool

places = []


@tool
def get_weather(city: str) -> str:
    """The weather in a city.

    Args:
        city: The city.
    """
    places.append(city)
    return f"It rains in {city}"


def model(dialect):
    name = os.environ["TOLLGATE_MODEL"]
    if dialect == "messages":
        return LiteLLMModel(f"anthropic/{name}")
    return OpenAIModel(
        name, api_base=os.environ["OPENAI_BASE_URL"], api_key=os.environ["OPENAI_API_KEY"]
    )


if __name__ == "__main__":
    agent = ToolCallingAgent([get_weather], model(sys.argv[2]), verbosity_level=0, max_steps=4)
    answer = agent.run("What is the weather in Paris?")
    json.dump({sys.argv[1]: {"places": places, "answer": answer}}, sys.stdout)
