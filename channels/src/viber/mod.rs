//! Viber bots, over the REST Bot API. The answer is always 200, the result is in `status`; a keyboard tap arrives as ordinary
//! text; message tokens are beyond 2^53.

pub mod spec;
