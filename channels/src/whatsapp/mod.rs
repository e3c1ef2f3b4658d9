//! WhatsApp business numbers, over the Cloud API. A contact may have a phone number, a business-scoped id, or both. 200 means
//! accepted, not sent.

pub mod spec;
