// What all pages do. Text from outside is only ever set as text, never as HTML.

export const element = (id) => document.getElementById(id);

/** What the link carries behind its `#`. */
export const carried = () => location.hash.slice(1);

/** Out of the address bar and the history: what it was good for is done. */
export const forgetCarried = () => history.replaceState(null, "", location.pathname);

export function say(title, lead) {
  element("title").textContent = title;
  element("lead").textContent = lead;
}

export function showProblem(text) {
  element("problem").textContent = text;
  element("problem").hidden = !text;
}

/** The answer's body, or an Error with the problem's own words. */
export async function call(path, { body, token } = {}) {
  const headers = { accept: "application/json" };
  if (body) headers["content-type"] = "application/json";
  if (token) headers.authorization = `Bearer ${token}`;
  const options = { method: body ? "POST" : "GET", headers, credentials: "omit", cache: "no-store" };
  if (body) options.body = JSON.stringify(body);
  let answer;
  try {
    answer = await fetch(`api/v1/${path}`, options);
  } catch {
    throw new Error("Tollgate cannot be reached. Please try again.");
  }
  const text = await answer.text();
  let content = null;
  try {
    content = text ? JSON.parse(text) : null;
  } catch {
    content = null;
  }
  if (!answer.ok) throw new Error(content?.detail ?? `Tollgate answered ${answer.status}.`);
  return content;
}
