//! Slack workspaces, over Events API, Web API and Block Kit. Always 200, the result is in `ok`; the root message and its
//! thread are one interaction.

pub mod spec;
