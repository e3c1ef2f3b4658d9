//! The membership of a view against a model: a reader that applies what it is told has what is inside.

use std::collections::HashSet;

use proptest::prelude::*;
use tributary_api::graphql::subscription::inbox::membership::{Change, Membership, Occasion};
use tributary_domain::{event::Seq, ids::InteractionId};
use uuid::Uuid;

fn id(number: u8) -> InteractionId {
    Uuid::from_u128(number.into()).into()
}

/// Applies a change as the schema tells readers to.
fn apply(reader: &mut HashSet<u8>, number: u8, change: Option<Change>) {
    match change {
        Some(Change::Entered | Change::Updated) => drop(reader.insert(number)),
        Some(Change::Left) => drop(reader.remove(&number)),
        None => {}
    }
}

proptest! {
    #[test]
    fn a_reader_that_applies_what_it_is_told_has_what_is_inside(
        snapshot in prop::collection::hash_set(0..20_u8, 0..20),
        missed in prop::collection::vec((0..20_u8, any::<bool>()), 0..30),
        live in prop::collection::vec((0..20_u8, any::<bool>()), 0..60),
        most in 0..20_usize,
    ) {
        let mut reader = snapshot.clone();
        let mut inside = snapshot;
        for (number, is_inside) in &missed {
            if *is_inside { inside.insert(*number) } else { inside.remove(number) };
        }
        let mut membership = Membership::new(inside.iter().copied().map(id), Seq(1), most);
        prop_assert_eq!(membership.is_complete(), inside.len() <= most);
        // Whatever changed between snapshot and load is judged by how it is now.
        for (number, _) in &missed {
            let change = membership.judge(id(*number), Occasion::CatchingUp, inside.contains(number));
            prop_assert!(matches!(change, Some(Change::Updated | Change::Left)));
            apply(&mut reader, *number, change);
        }
        prop_assert_eq!(&reader, &inside);
        for (number, is_inside) in live {
            let was_inside = inside.contains(&number);
            if is_inside { inside.insert(number) } else { inside.remove(&number) };
            let is_exact = membership.is_complete();
            let change = membership.judge(id(number), Occasion::Live, is_inside);
            if is_exact {
                let exact = match (was_inside, is_inside) {
                    (false, true) => Some(Change::Entered),
                    (true, true) => Some(Change::Updated),
                    (true, false) => Some(Change::Left),
                    (false, false) => None,
                };
                prop_assert_eq!(change, exact);
            }
            apply(&mut reader, number, change);
            prop_assert_eq!(&reader, &inside);
        }
    }

    #[test]
    fn the_difference_is_what_has_to_be_judged_again(
        before in prop::collection::hash_set(0..20_u8, 0..20),
        after in prop::collection::hash_set(0..20_u8, 0..20),
    ) {
        let mut membership = Membership::new(before.iter().copied().map(id), Seq(1), 100);
        let now = Membership::new(after.iter().copied().map(id), Seq(1), 100);
        let mut reader = before;
        for changed in membership.difference(&now) {
            let number = u8::try_from(changed.uuid().as_u128()).unwrap();
            let change = membership.judge(changed, Occasion::Live, after.contains(&number));
            apply(&mut reader, number, change);
        }
        prop_assert_eq!(reader, after);
    }
}
