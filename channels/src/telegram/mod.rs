//! Telegram bots, over the Bot API. The token is part of every address: it never reaches a log. There are no receipts and no
//! history.

pub mod spec;
