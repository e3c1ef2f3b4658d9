//! The web chat's gateway, spoken to as the widget does, over a real database with a real worker.

mod conversation;
mod doors;
mod hostile;
mod server;
mod visitor;
