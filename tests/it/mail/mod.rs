//! Mails from the mailbox to the API: what is kept of them, what is shown, which conversation they join.

mod keeping;
mod pictures;
mod senders;
mod sending;
mod server;
mod threads;

/// Runs every suite function on both storages.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::mail::server::Storage::Sqlite).await;
            })*
        }

        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::mail::server::Storage::Postgres).await;
            })*
        }
    };
}
use on_both;
