// What people write with OpenAI's JavaScript SDK. Where Tollgate is and the key come from
// OPENAI_BASE_URL and OPENAI_API_KEY, which the SDK reads by itself. Each scenario returns what it saw.
import OpenAI from "openai";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";

const model = process.env.TOLLGATE_MODEL ?? "gpt-4o-mini";
const messages = [{ role: "user", content: "Hello, Tollgate!" }];
const long = [{ role: "user", content: "again ".repeat(400) }];
const Weather = z.object({ city: z.string(), celsius: z.number().int() });
const pixel =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const client = new OpenAI();
const once = new OpenAI({ maxRetries: 0 });

const scenarios = {
  async chat() {
    const answer = await client.chat.completions.create({ model, messages });
    return { text: answer.choices[0].message.content, usage: answer.usage, id: answer._request_id };
  },

  async response() {
    const answer = await client.responses.create({ model, input: "Hello, Tollgate!" });
    return { text: answer.output_text, usage: answer.usage, id: answer._request_id };
  },

  async chat_stream() {
    const stream = client.chat.completions.stream({
      model,
      messages,
      stream_options: { include_usage: true },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    return {
      text: await stream.finalContent(),
      pieces: chunks.map((chunk) => chunk.choices[0]?.delta.content).filter(Boolean),
      ends: chunks.map((chunk) => chunk.choices[0]?.finish_reason ?? null),
      usage: chunks.at(-1).usage,
    };
  },

  async response_stream() {
    const stream = client.responses.stream({ model, input: "Hello, Tollgate!" });
    const events = [];
    for await (const event of stream) events.push(event);
    const last = await stream.finalResponse();
    return {
      text: last.output_text,
      pieces: events.filter((event) => event.type.endsWith("text.delta")).map((event) => event.delta),
      kinds: events.map((event) => event.type),
      usage: last.usage,
    };
  },

  async chat_tools() {
    const calls = [];
    const runner = client.chat.completions.runTools({
      model,
      messages,
      tools: [
        {
          type: "function",
          function: {
            name: "weather",
            parameters: z.toJSONSchema(Weather),
            parse: (text) => Weather.parse(JSON.parse(text)),
            function: (place) => calls.push(place) && `It rains in ${place.city}`,
          },
        },
      ],
    });
    const text = await runner.finalContent();
    return { text, calls, usages: runner.allChatCompletions().map((each) => each.usage) };
  },

  async response_tools() {
    const tool = { type: "function", name: "weather", parameters: z.toJSONSchema(Weather) };
    const input = [...messages];
    const asked = await client.responses.create({ model, input, tools: [tool] });
    const call = asked.output.find((item) => item.type === "function_call");
    const output = `It rains in ${Weather.parse(JSON.parse(call.arguments)).city}`;
    input.push(...asked.output, { type: "function_call_output", call_id: call.call_id, output });
    const answer = await client.responses.create({ model, input, tools: [tool] });
    const usages = [asked.usage, answer.usage];
    return { text: answer.output_text, calls: [JSON.parse(call.arguments)], usages };
  },

  async chat_structured() {
    const response_format = zodResponseFormat(Weather, "weather");
    const answer = await client.chat.completions.parse({ model, messages, response_format });
    return { parsed: answer.choices[0].message.parsed, usage: answer.usage };
  },

  async response_structured() {
    const text = { format: zodTextFormat(Weather, "weather") };
    const answer = await client.responses.parse({ model, input: "Hello, Tollgate!", text });
    return { parsed: answer.output_parsed, usage: answer.usage };
  },

  async chat_image() {
    const content = [
      { type: "text", text: "What is this?" },
      { type: "image_url", image_url: { url: pixel } },
    ];
    const answer = await client.chat.completions.create({ model, messages: [{ role: "user", content }] });
    return { text: answer.choices[0].message.content, usage: answer.usage };
  },

  async response_image() {
    const content = [
      { type: "input_text", text: "What is this?" },
      { type: "input_image", image_url: pixel, detail: "auto" },
    ];
    const answer = await client.responses.create({ model, input: [{ role: "user", content }] });
    return { text: answer.output_text, usage: answer.usage };
  },

  async embeddings() {
    const input = ["one", "two words"];
    const answer = await client.embeddings.create({ model: "text-embedding-3-small", input });
    return { vectors: answer.data.map((each) => each.embedding), usage: answer.usage };
  },

  async models() {
    const names = [];
    for await (const each of client.models.list()) names.push(each.id);
    return { names, one: (await client.models.retrieve("sandbox")).id };
  },

  wrong_key: () => failure(() => new OpenAI({ apiKey: "tg_test_wrong" }).models.list()),

  unknown_model: () =>
    failure(() => client.chat.completions.create({ model: "no-such-model-anywhere", messages })),

  bad_request: () =>
    failure(() => client.chat.completions.create({ model, messages, temperature: 9 })),

  // Of each of the models that TOLLGATE_MODEL names.
  chat_failures: () =>
    Promise.all(
      model.split(",").map((model) => failure(() => once.chat.completions.create({ model, messages }))),
    ),

  response_failures: () =>
    Promise.all(
      model.split(",").map((model) => failure(() => once.responses.create({ model, input: "Hello!" }))),
    ),

  async limit() {
    await client.chat.completions.create({ model, messages });
    return failure(() => client.chat.completions.create({ model, messages }));
  },

  async abort() {
    const asked = { model: "sandbox-slow", messages: long, stream: true };
    const stream = await client.chat.completions.create(asked);
    const pieces = [];
    for await (const chunk of stream) {
      pieces.push(chunk.choices[0].delta.content);
      if (pieces.length === 3) stream.controller.abort();
    }
    return { pieces };
  },
};

// The class by instanceof, as people catch it.
async function failure(call) {
  const classes = [
    "BadRequestError",
    "AuthenticationError",
    "PermissionDeniedError",
    "NotFoundError",
    "ConflictError",
    "UnprocessableEntityError",
    "RateLimitError",
    "InternalServerError",
  ];
  try {
    await call();
  } catch (error) {
    const { status, code, param, type, requestID, message } = error;
    const names = classes.filter((name) => error instanceof OpenAI[name]);
    return { names, status, code, param, type, id: requestID, message };
  }
}

console.log(JSON.stringify(await scenarios[process.argv[2]]()));
