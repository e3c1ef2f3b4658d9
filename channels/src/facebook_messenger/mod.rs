//! Facebook Messenger: private messages of a page, over the Graph API. Our own messages come back as echoes, which confirm
//! them; text and file are two messages.

pub mod spec;
