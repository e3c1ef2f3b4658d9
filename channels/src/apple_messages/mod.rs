//! Apple Messages for Business, over the gateway for messaging service providers. A device says what it can show; after
//! `close` nothing may be sent until the customer writes again.

pub mod spec;
