//! LINE official accounts, over the Messaging API. Answers take the reply token while it lives, then push; "no proactive
//! messages" means that the core never opens a conversation.

pub mod spec;
