import { call, carried, element, forgetCarried, say, showProblem } from "./page.js";

const sent = new URLSearchParams(carried());
// A code works once and an error is shown once: neither is of use in the history.
forgetCarried();

function refuse(text) {
  say("You are not signed in", "Start again from where you came.");
  showProblem(text);
}

function row(term, value) {
  if (!value) return;
  const dt = document.createElement("dt");
  const dd = document.createElement("dd");
  dt.textContent = term;
  dd.textContent = value;
  element("who").append(dt, dd);
}

async function signIn(code) {
  const granted = await call("auth/sso/token", { body: { code } });
  const me = await call("me", { token: granted.access_token });
  say("You are signed in", "Programs act as you with this token.");
  row("Name", me.name);
  row("Email", me.email);
  row("Role", me.role);
  row("Organisation", me.org?.name);
  element("token").value = granted.access_token;
  element("life").textContent = `It works for ${Math.round(granted.expires_in / 60)} minutes.`;
  element("copy").addEventListener("click", copy);
  element("result").hidden = false;
}

async function copy() {
  const token = element("token");
  token.select();
  try {
    await navigator.clipboard.writeText(token.value);
    element("copy").textContent = "Copied";
  } catch {
    element("copy").textContent = "Press Ctrl-C";
  }
}

if (sent.get("code")) signIn(sent.get("code")).catch((error) => refuse(error.message));
else refuse(sent.get("error") ?? "The login did not come to an end.");
