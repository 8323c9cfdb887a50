import { serve } from "./form.js";
import { call, element, say } from "./page.js";

serve(async (token) => {
  const name = element("name").value.trim();
  const granted = await call("invitations/accept", {
    body: { token, name, password: element("password").value },
  });
  const me = await call("me", { token: granted.access_token }).catch(() => null);
  say("Welcome", me?.email
    ? `You have joined ${me.org.name}. Log in as ${me.email} from now on.`
    : "You have joined. Log in with your email address and this password from now on.");
});
