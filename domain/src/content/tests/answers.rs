//! Answers typed to a numbered fallback.

use super::samples::*;
use crate::content::*;

fn ids(question: &RichContent, text: &str) -> Option<Vec<String>> {
    match match_answer(question, text)? {
        RichContent::Selection(selection) => Some(selection.items.into_iter().map(|item| item.id).collect()),
        RichContent::TimeChosen(chosen) => Some(vec![chosen.slot.id]),
        other => panic!("not an answer: {other:?}"),
    }
}

fn one(question: &RichContent, text: &str) -> Option<String> {
    let ids = ids(question, text)?;
    assert_eq!(ids.len(), 1, "{text}");
    ids.into_iter().next()
}

#[test]
fn by_number_and_by_title() {
    let question = replies(&["Yes", "No", "Not sure"]);
    for (text, expected) in
        [("2", "r1"), (" 2. ", "r1"), ("2)", "r1"), ("#2", "r1"), ("(2)", "r1"), ("no", "r1"), ("NOT  SURE", "r2"), ("3. not sure", "r2")]
    {
        assert_eq!(one(&question, text).as_deref(), Some(expected), "{text}");
    }
    for text in ["0", "4", "-1", "2.5", "2 3", "1, 2", "yes please", "", "  ", "99999999999999999999999", "2. Yes"] {
        assert_eq!(ids(&question, text), None, "{text}");
    }
}

#[test]
fn never_guesses_between_two_meanings() {
    let question = replies(&["2", "1", "3"]);
    assert_eq!(ids(&question, "1"), None, "number one is titled 2, number two is titled 1");
    assert_eq!(one(&question, "3").as_deref(), Some("r2"), "title and number agree");
    assert_eq!(ids(&replies(&["Same", "same", "Other"]), "same"), None);
    let mut list = list(true);
    if let RichContent::ListPicker(list) = &mut list {
        list.sections[0].items.push(item("ab", "Quince, Banana", None));
    }
    assert_eq!(ids(&list, "quince, banana"), None, "one item or two");
}

#[test]
fn several_only_where_several_may_be_chosen() {
    for text in ["1, 3", "1 3", "3,1", "1 and 3", "1 und 3", "1 & 3", "Quince, banana", "quince and Banana", "1; Banana", "1, 3, 1"] {
        assert_eq!(ids(&list(true), text), Some(vec!["a".into(), "b".into()]), "{text}");
        assert_eq!(ids(&list(false), text), None, "{text}");
    }
    assert_eq!(ids(&list(true), "1, 9"), None, "half an answer is none");
    assert_eq!(ids(&list(true), "Cherry"), Some(vec!["c".into()]));
    assert_eq!(ids(&list(false), "cherry"), Some(vec!["c".into()]));
}

#[test]
fn slots_by_number_or_as_they_were_written() {
    assert_eq!(one(&times(), "2").as_deref(), Some("s2"));
    assert_eq!(one(&times(), "Tue 6 Jan 2026, 10:00–10:30 CET").as_deref(), Some("s1"));
    assert_eq!(one(&times(), "Di., 6. Jan. 2026, 10:00–10:30 Uhr (CET)").as_deref(), Some("s1"));
    assert_eq!(one(&appointment(), "1").as_deref(), Some("s1"));
}

#[test]
fn only_questions_have_answers() {
    for content in every_kind() {
        let is_question = matches!(
            content,
            RichContent::QuickReplies(_) | RichContent::ListPicker(_) | RichContent::TimePicker(_) | RichContent::AppointmentRequest(_)
        );
        assert_eq!(match_answer(&content, "1").is_some(), is_question, "{content:?}");
        assert_eq!(match_answer(&content, &"1".repeat(10_000)), None);
    }
}
