"""What people write with DSPy. The program prints what its scenarios saw."""

import json
import os
import sys

import dspy

PREFIXES = {"chat": "openai", "messages": "anthropic"}
QUESTION = "Which city has the Louvre, `Paris` or `Lyon`?"


def predict():
    """With the adapter that DSPy takes by itself."""
    return dspy.Predict("question -> answer")(question=QUESTION).answer


def json_adapter():
    with dspy.context(adapter=dspy.JSONAdapter()):
        return dspy.Predict("question -> answer, count: int")(question=QUESTION).toDict()


if __name__ == "__main__":
    name = f"{PREFIXES[sys.argv[2]]}/{os.environ['TOLLGATE_MODEL']}"
    dspy.configure(lm=dspy.LM(name, cache=False, max_tokens=1000))
    scenarios = {"predict": predict, "json": json_adapter}
    json.dump({each: scenarios[each]() for each in sys.argv[1].split(",")}, sys.stdout)
