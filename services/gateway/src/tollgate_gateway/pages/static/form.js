// A form that uses up its link.

import { carried, element, forgetCarried, showProblem } from "./page.js";

/** Show the form; `send(token)` once it is filled in rightly. Its link is forgotten on success. */
export function serve(send) {
  const token = carried();
  if (!token) {
    showProblem("The link is not complete. Open it just as you were given it.");
    return;
  }
  const form = element("form");
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(form, send, token);
  });
}

async function submit(form, send, token) {
  if (element("password").value !== element("again").value) {
    showProblem("The two passwords are not the same.");
    element("again").focus();
    return;
  }
  showProblem("");
  element("send").disabled = true;
  try {
    await send(token);
    forgetCarried();
    form.reset();
    form.hidden = true;
  } catch (error) {
    showProblem(error.message);
  } finally {
    element("send").disabled = false;
  }
}
