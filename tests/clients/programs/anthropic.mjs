// What people write with Anthropic's JavaScript SDK. Where Tollgate is and the key come from
// ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY, which the SDK reads by itself. Each scenario returns what
// it saw.
import Anthropic from "@anthropic-ai/sdk";
import { betaZodTool } from "@anthropic-ai/sdk/helpers/beta/zod";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import { z } from "zod";

const model = process.env.TOLLGATE_MODEL ?? "claude-sonnet-5";
const max_tokens = 100;
const messages = [{ role: "user", content: "Hello, Tollgate!" }];
const long = [{ role: "user", content: "again ".repeat(400) }];
const Weather = z.object({ city: z.string(), celsius: z.number().int() });
const pixel =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const source = { type: "base64", media_type: "image/png", data: pixel };
const withPixel = [
  {
    role: "user",
    content: [
      { type: "image", source },
      { type: "text", text: "What is this?" },
    ],
  },
];
const client = new Anthropic();
const once = new Anthropic({ maxRetries: 0 });

const textOf = (message) => message.content.map((block) => block.text ?? "").join("");

const scenarios = {
  async message() {
    const answer = await client.messages.create({ model, max_tokens, messages });
    return { text: textOf(answer), usage: answer.usage, stop_reason: answer.stop_reason };
  },

  async stream() {
    const stream = client.messages.stream({ model, max_tokens, messages });
    const pieces = [];
    const kinds = [];
    stream.on("text", (piece) => pieces.push(piece));
    for await (const event of stream) kinds.push(event.type);
    const last = await stream.finalMessage();
    return { text: await stream.finalText(), pieces, kinds, usage: last.usage };
  },

  async tools() {
    const calls = [];
    const weather = betaZodTool({
      name: "weather",
      description: "The weather in a city",
      inputSchema: Weather,
      run: (place) => calls.push(place) && `It rains in ${place.city}`,
    });
    const tools = [weather];
    const runner = client.beta.messages.toolRunner({ model, max_tokens, messages, tools });
    const answers = [];
    for await (const answer of runner) answers.push(answer);
    return { text: textOf(answers.at(-1)), calls, usages: answers.map((each) => each.usage) };
  },

  async tools_by_hand() {
    const tools = [{ name: "weather", input_schema: z.toJSONSchema(Weather) }];
    const asked = await client.messages.stream({ model, max_tokens, messages, tools }).finalMessage();
    const call = asked.content.find((block) => block.type === "tool_use");
    const content = `It rains in ${Weather.parse(call.input).city}`;
    const result = { type: "tool_result", tool_use_id: call.id, content };
    const turns = [
      ...messages,
      { role: "assistant", content: asked.content },
      { role: "user", content: [result] },
    ];
    const answer = await client.messages.create({ model, max_tokens, messages: turns, tools });
    return { text: textOf(answer), calls: [call.input], usages: [asked.usage, answer.usage] };
  },

  async structured() {
    const output_config = { format: zodOutputFormat(Weather) };
    const answer = await client.messages.parse({ model, max_tokens, messages, output_config });
    return { parsed: answer.parsed_output, usage: answer.usage };
  },

  async image() {
    const asked = { model, max_tokens, messages: withPixel };
    const answer = await client.messages.create(asked);
    return { text: textOf(answer), usage: answer.usage };
  },

  async image_counted() {
    const asked = { model, max_tokens, messages: withPixel };
    const counted = await client.messages.countTokens({ model, messages: asked.messages });
    const answer = await client.messages.create(asked);
    return { text: textOf(answer), usage: answer.usage, counted: counted.input_tokens };
  },

  async models() {
    const names = [];
    for await (const each of client.models.list()) names.push(each.id);
    return { names, one: (await client.models.retrieve("sandbox")).id };
  },

  async bearer() {
    const authToken = process.env.ANTHROPIC_API_KEY;
    const other = new Anthropic({ apiKey: null, authToken });
    return { text: textOf(await other.messages.create({ model, max_tokens, messages })) };
  },

  wrong_key: () => failure(() => new Anthropic({ apiKey: "tg_test_wrong" }).models.list()),

  unknown_model: () =>
    failure(() => client.messages.create({ model: "no-such-model-anywhere", max_tokens, messages })),

  bad_request: () =>
    failure(() => client.messages.create({ model, max_tokens, messages, temperature: 9 })),

  // Of each of the models that TOLLGATE_MODEL names.
  failures: () =>
    Promise.all(
      model.split(",").map((model) => failure(() => once.messages.create({ model, max_tokens, messages }))),
    ),

  async limit() {
    await client.messages.create({ model, max_tokens, messages });
    return failure(() => client.messages.create({ model, max_tokens, messages }));
  },

  async abort() {
    const asked = { model: "sandbox-slow", max_tokens: 1000, messages: long, stream: true };
    const stream = await client.messages.create(asked);
    const pieces = [];
    for await (const event of stream) {
      if (event.type === "content_block_delta") pieces.push(event.delta.text);
      if (pieces.length === 2) stream.controller.abort();
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
    const { status, type, message } = error;
    const names = classes.filter((name) => error instanceof Anthropic[name]);
    return { names, status, type, id: error.requestID, body: error.error, message };
  }
}

console.log(JSON.stringify(await scenarios[process.argv[2]]()));
