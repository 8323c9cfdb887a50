// Counts the tokens of the texts and requests in a file, by OpenAI's published tokenisers.
//
// The file has {"texts": [string], "requests": [{messages, functions}]}; written is {"texts":
// {encoding: [number]}, "requests": [number]}.

import { readFileSync } from "node:fs";
import * as cl100k_base from "gpt-tokenizer/encoding/cl100k_base";
import * as o200k_base from "gpt-tokenizer/encoding/o200k_base";
import * as p50k_base from "gpt-tokenizer/encoding/p50k_base";
import { countChatCompletionTokens } from "gpt-tokenizer/model/gpt-4o";

const encodings = { cl100k_base, o200k_base, p50k_base };
const plain = { disallowedSpecial: new Set() };

const { texts, requests } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const counted = {};
for (const [name, encoding] of Object.entries(encodings)) {
  counted[name] = texts.map((text) => encoding.countTokens(text, plain));
}
const ofRequests = requests.map((request) => countChatCompletionTokens(request));
process.stdout.write(JSON.stringify({ texts: counted, requests: ofRequests }));
