//! Instagram private messages, in the form of Messenger with differences. "Allow access to messages" must be on in the app,
//! else everything looks connected and nothing arrives.

pub mod spec;
