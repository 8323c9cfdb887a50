import { serve } from "./form.js";
import { call, element, say } from "./page.js";

serve(async (token) => {
  await call("auth/password/reset", { body: { token, password: element("password").value } });
  say("Your password is set", "Wherever you were logged in, you have to log in again.");
});
