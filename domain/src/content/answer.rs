//! Answers that were typed instead of tapped: [`match_answer`].

use super::{Language, RichContent, SelectedItem, Selection, TimeChosen, TimeSlot, fallback::one_line, time_picker::zone};

/// Longest text that can be an answer, bytes; what is longer is a message of its own.
const MAX_ANSWER: usize = 4000;

/// The typed answer that `text` gives to `question`, which was shown as numbered text; `None` unless it is certain.
///
/// Understood are the number of an option (`2`, `2.`, `#2`, `2) Blue`), its exact title in any case, and for lists with
/// several choices also `1, 3` or `1 and 3`. A text that could mean two options means none. The answer's `question` is
/// left empty: the caller knows the message.
#[must_use]
pub fn match_answer(question: &RichContent, text: &str) -> Option<RichContent> {
    if text.len() > MAX_ANSWER {
        return None;
    }
    match question {
        RichContent::QuickReplies(question) => {
            let options = question.replies.iter().map(|reply| SelectedItem { id: reply.id.clone(), title: reply.title.clone() });
            selection(options.collect(), text, false)
        }
        RichContent::ListPicker(question) => {
            let options = question.items().map(|item| SelectedItem { id: item.id.clone(), title: item.title.clone() });
            selection(options.collect(), text, question.multiple)
        }
        RichContent::TimePicker(question) => slot(&question.slots, &question.time_zone, text),
        RichContent::AppointmentRequest(question) => slot(&question.slots, &question.time_zone, text),
        _ => None,
    }
}

fn selection(options: Vec<SelectedItem>, text: &str, multiple: bool) -> Option<RichContent> {
    let titles = options.iter().map(|option| vec![normal(&option.title)]).collect::<Vec<_>>();
    let chosen = if multiple { choose_many(&titles, text)? } else { vec![choose_one(&titles, text)?] };
    let items = options.into_iter().enumerate().filter_map(|(index, option)| chosen.contains(&index).then_some(option)).collect();
    Some(RichContent::Selection(Selection { question: None, items }))
}

fn slot(slots: &[TimeSlot], time_zone: &str, text: &str) -> Option<RichContent> {
    let zone = zone(time_zone);
    let titles = slots
        .iter()
        .map(|slot| [Language::En, Language::De].map(|language| normal(&slot.label(zone, language))).to_vec())
        .collect::<Vec<_>>();
    let slot = slots.get(choose_one(&titles, text)?)?.clone();
    Some(RichContent::TimeChosen(TimeChosen { question: None, slot }))
}

/// Case, white space and surrounding dots say nothing.
fn normal(text: &str) -> String {
    one_line(text).to_lowercase()
}

/// The one option that `text` means by title, by number or by both.
fn choose_one(titles: &[Vec<String>], text: &str) -> Option<usize> {
    let text = normal(text);
    if text.is_empty() {
        return None;
    }
    let mut by_title = titles.iter().enumerate().filter(|(_, names)| names.contains(&text)).map(|(index, _)| index);
    let by_number = number(&text, titles.len()).or_else(|| number_and_title(&text, titles));
    match (by_title.next(), by_title.next(), by_number) {
        (Some(title), None, Some(number)) => (title == number).then_some(title),
        (Some(title), None, None) => Some(title),
        (None, _, number) => number,
        (Some(_), Some(_), _) => None,
    }
}

/// Every option that a list such as `1, 3` or `red and blue` means; `None` when one part means none.
fn choose_many(titles: &[Vec<String>], text: &str) -> Option<Vec<usize>> {
    let whole = choose_one(titles, text);
    let parts = text
        .split([',', ';', '\n', '&', '+'])
        .flat_map(|part| {
            let part = normal(part);
            let words = part.split(' ').map(str::to_owned).collect::<Vec<_>>();
            let is_numbers = words.iter().all(|word| number(word, titles.len()).is_some() || matches!(word.as_str(), "and" | "und"));
            if is_numbers { words } else { part.split(" and ").flat_map(|part| part.split(" und ")).map(str::to_owned).collect() }
        })
        .filter(|part| !part.is_empty() && part != "and" && part != "und")
        .map(|part| choose_one(titles, &part))
        .collect::<Option<Vec<_>>>()
        .filter(|parts| !parts.is_empty());
    match (whole, parts) {
        (Some(whole), Some(parts)) => parts.iter().all(|part| *part == whole).then(|| vec![whole]),
        (Some(whole), None) => Some(vec![whole]),
        (None, parts) => parts,
    }
}

/// Index of the option whose number `text` is.
fn number(text: &str, count: usize) -> Option<usize> {
    let digits = text.trim_start_matches(['#', '(']).trim_end_matches(['.', ')', ':']);
    let number = digits.bytes().all(|c| c.is_ascii_digit()).then(|| digits.parse::<usize>().ok())??;
    (1..=count).contains(&number).then(|| number - 1)
}

/// Index of the option whose whole line, number and title, was repeated.
fn number_and_title(text: &str, titles: &[Vec<String>]) -> Option<usize> {
    let (head, title) = text.split_once(' ')?;
    let index = number(head, titles.len())?;
    titles.get(index)?.iter().any(|name| name == title).then_some(index)
}
