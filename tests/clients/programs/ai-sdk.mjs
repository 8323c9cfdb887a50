// What people write with the Vercel AI SDK. The program prints what each of its scenarios saw.
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, Output, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

const dialect = process.argv[2];
const openai = createOpenAI({ baseURL: process.env.OPENAI_BASE_URL });
const anthropic = createAnthropic({ baseURL: `${process.env.ANTHROPIC_BASE_URL}/v1` });
const models = { chat: openai.chat, responses: openai.responses, messages: anthropic };
const model = models[dialect](process.env.TOLLGATE_MODEL);
const hello = { model, prompt: "Hello, Tollgate!" };
const places = [];
const tools = {
  get_weather: tool({
    description: "The weather in a city.",
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => places.push(city) && `It rains in ${city}`,
  }),
};
const weather = { model, tools, stopWhen: stepCountIs(3), prompt: "What is the weather in Paris?" };

const scenarios = {
  async text() {
    const { text, usage } = await generateText(hello);
    return { text, usage };
  },

  async stream() {
    const result = streamText(hello);
    const pieces = [];
    for await (const piece of result.textStream) pieces.push(piece);
    return { text: pieces.join(""), usage: await result.usage };
  },

  async tool() {
    places.length = 0;
    const { text, totalUsage } = await generateText(weather);
    return { text, places: [...places], usage: totalUsage };
  },

  async streamedTool() {
    places.length = 0;
    const result = streamText(weather);
    const text = await result.text;
    return { text, places: [...places], usage: await result.totalUsage };
  },

  async shape() {
    const schema = z.object({ name: z.string(), age: z.number().int() });
    const prompt = "Jason is 25 years old.";
    const { output, usage } = await generateText({ model, output: Output.object({ schema }), prompt });
    return { output, usage };
  },
};

const seen = {};
for (const [name, scenario] of Object.entries(scenarios)) seen[name] = await scenario();
console.log(JSON.stringify(seen));
