"""The few pages that people open by a link: joining, a new password, the end of a single sign-on."""
