// The pages that people are sent to. The fragment of the address holds what is secret: it is read
// once and taken out of the address bar and the history.
"use strict";

const fragment = location.hash.slice(1);
history.replaceState(null, "", location.pathname);

const element = (id) => document.getElementById(id);

function say(text, isProblem = false) {
  const outcome = element("outcome");
  outcome.textContent = text;
  outcome.classList.toggle("problem", isProblem);
  outcome.hidden = false;
}

async function call(path, body, token) {
  const headers = { "content-type": "application/json" };
  if (token) headers.authorization = `Bearer ${token}`;
  const options = body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers };
  const answer = await fetch(`/api/v1${path}`, options).catch(() => null);
  if (answer === null) throw new Error("Tollgate does not answer; please try again.");
  const content = answer.status === 204 ? {} : await answer.json();
  if (!answer.ok) throw new Error(content.detail);
  return content;
}

function onSubmit(path, fields, done) {
  const form = document.querySelector("form");
  const end = (text, isProblem) => { form.hidden = true; say(text, isProblem); };
  if (!fragment) return end("The link is not complete: was it copied whole?", true);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.password.value !== form.again.value) return say("The two passwords differ.", true);
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      const body = Object.fromEntries(fields.map((name) => [name, form[name].value]));
      await call(path, { token: fragment, ...body });
      end(done, false);
    } catch (problem) {
      say(problem.message, true);
    }
    button.disabled = false;
  });
}

async function signedIn() {
  const said = new URLSearchParams(fragment);
  const heading = document.querySelector("h1");
  if (!said.has("code")) {
    heading.textContent = "Not signed in";
    return say(said.get("error") || "There is nothing to do here: sign in first.", true);
  }
  try {
    const tokens = await call("/auth/sso/token", { code: said.get("code") });
    const me = await call("/me", null, tokens.access_token);
    element("who").textContent = me.email;
    element("token").value = tokens.access_token;
    element("session").hidden = false;
    heading.textContent = "Signed in";
    element("copy").addEventListener("click", async () => {
      await navigator.clipboard.writeText(tokens.access_token);
      say("Copied.");
    });
  } catch (problem) {
    heading.textContent = "Not signed in";
    say(problem.message, true);
  }
}

const pages = {
  "invitation": () => onSubmit("/invitations/accept", ["name", "password"],
    "Welcome! You can log in now with your address and this password."),
  "password-reset": () => onSubmit("/auth/password/reset", ["password"],
    "Your new password is set. You can log in with it now."),
  "signed-in": signedIn,
};
pages[document.body.dataset.page]();
