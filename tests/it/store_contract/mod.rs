//! What the store promises, run on SQLite and on PostgreSQL: functions over a [`Place`], listed once in [`contract!`].

mod days;
mod directory;
mod log;
mod page;
pub(crate) mod place;
mod rows;
mod search;
mod seed;
mod tail;
mod vault;
mod walls;

use place::Place;

macro_rules! contract {
    ($($module:ident::$name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                super::$module::$name(&super::Place::sqlite().await).await;
            })*
        }

        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                super::$module::$name(&super::Place::postgres().await).await;
            })*
        }
    };
}

contract! {
    rows::the_schema_is_made_once,
    rows::every_table_can_be_read,
    rows::a_beginning_that_is_given_up_leaves_nothing_open,
    rows::every_type_comes_back,
    rows::statements_are_counted,
    log::numbers_have_no_holes_and_follow_the_commits,
    log::a_paused_commit_holds_back_later_numbers,
    log::rows_get_the_number_of_their_last_event,
    log::a_snapshot_agrees_with_its_position,
    log::a_place_is_checked_against_epoch_head_and_retention,
    log::a_transaction_without_events_moves_nothing,
    log::a_refused_change_leaves_no_trace,
    walls::foreign_rows_are_out_of_reach,
    walls::the_second_wall_holds_alone,
    walls::a_worker_sees_work_and_nothing_else,
    walls::a_snapshot_cannot_write,
    page::pages_neither_skip_nor_repeat,
    page::both_directions_and_mixed_orders_work,
    page::a_foreign_cursor_is_refused,
    search::words_are_found_as_people_type_them,
    directory::keys_lead_to_workspaces,
    tail::followers_get_every_event_once_in_order,
    tail::a_sleeper_is_woken_for_what_concerns_it_and_misses_none_of_it,
    tail::a_follower_far_behind_catches_up,
    tail::a_tailer_lives_as_long_as_its_followers,
    tail::a_raised_epoch_ends_every_follower,
    tail::a_lost_wake_up_is_made_up_for,
    vault::secrets_open_where_they_belong,
    vault::the_master_key_can_be_changed,
}

/// Only SQLite has a file that two processes could open.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_same_file_is_refused() {
    use tributary_domain::store::ConnectError;

    let place = Place::sqlite().await;
    let second = place.connect_again().await;
    assert!(matches!(&second, Err(ConnectError::InUse(_))), "{second:?}");
    assert!(second.unwrap_err().to_string().contains("used by another process"));

    place.store.close().await.unwrap();
    place.connect_again().await.unwrap();
}

/// In memory every connection would be a database of its own.
#[tokio::test]
async fn an_address_that_cannot_work_is_refused() {
    use tributary_domain::store::ConnectError;

    for url in ["sqlite::memory:", "mysql://localhost/x", "nonsense"] {
        let refused = place::connect(url, None).await;
        assert!(matches!(refused, Err(ConnectError::Address)), "{url}: {refused:?}");
    }
}
