//! Platforms as the tests meet them: stateful servers on free ports that check what the real ones check and refuse what
//! those refuse. One file per channel.

pub mod byoc;
pub mod secrets;
