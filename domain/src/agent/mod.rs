//! People and programs that act in a workspace: their rights, their sessions, their tokens.

pub mod client;
pub mod person;
mod rights;
mod session;

pub use rights::{Acting, acting, actor_of, actor_of_client, viewer_of_token};
pub use session::{NewSession, OpenedSession, Rotated, login, open_session, revoke_session, rotate_session, session_of};
