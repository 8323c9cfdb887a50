"""What people write with LiteLLM's SDK. The program prints what its scenarios saw."""

import json
import os
import sys

from litellm import completion, stream_chunk_builder

PREFIXES = {"chat": "openai", "responses": "openai/responses", "messages": "anthropic"}
HELLO = [{"role": "user", "content": "Hello, Tollgate!"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


def text(model):
    return completion(model=model, messages=HELLO).choices[0].message.content


def stream(model):
    chunks = list(completion(model=model, messages=HELLO, stream=True))
    return stream_chunk_builder(chunks).choices[0].message.content


def tool(model):
    """A tool is called, and what it returned ends up in the answer."""
    messages = [{"role": "user", "content": "What is the weather in Paris?"}]
    message = completion(model=model, messages=messages, tools=[WEATHER]).choices[0].message
    [call] = message.tool_calls
    city = json.loads(call.function.arguments)["city"]
    result = {"role": "tool", "tool_call_id": call.id, "content": f"It rains in {city}"}
    messages += [message.model_dump(exclude_none=True), result]
    return completion(model=model, messages=messages, tools=[WEATHER]).choices[0].message.content


def shape(model):
    messages = [{"role": "user", "content": "Ada is 36. JSON with the keys 'name' and 'age'."}]
    form = {"type": "json_object"}
    answer = completion(model=model, messages=messages, response_format=form)
    return sorted(json.loads(answer.choices[0].message.content))


if __name__ == "__main__":
    scenarios = {"text": text, "stream": stream, "tool": tool, "shape": shape}
    name = f"{PREFIXES[sys.argv[2]]}/{os.environ['TOLLGATE_MODEL']}"
    json.dump({each: scenarios[each](name) for each in sys.argv[1].split(",")}, sys.stdout)
