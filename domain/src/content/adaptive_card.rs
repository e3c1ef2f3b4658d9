//! An Adaptive Card: [`AdaptiveCard`].

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    ViolationCode,
    fallback::{Page, one_line},
    markdown_to_text,
    violation::Findings,
};

/// An Adaptive Card (schema 1.5).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdaptiveCard {
    /// The card, an object with `type: "AdaptiveCard"`; checked, otherwise passed on as it is.
    pub card: serde_json::Value,
}

/// Largest card as JSON, bytes.
const MAX_BYTES: usize = 64 * 1024;
/// Deepest nesting of elements.
const MAX_DEPTH: usize = 10;
/// Most elements.
const MAX_ELEMENTS: usize = 200;
/// Deepest nesting that the fallback text follows; a stored card may come from outside.
const MAX_TOLD: usize = 24;

impl AdaptiveCard {
    /// Size as JSON, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.card.to_string().len()
    }

    pub(super) fn tell(&self, page: &mut Page) {
        if let Some(text) = self.card.get("fallbackText").and_then(Value::as_str).filter(|text| !text.trim().is_empty()) {
            page.line(text);
            return;
        }
        tell_all(self.card.get("body"), page, 0);
        tell_all(self.card.get("actions"), page, 0);
    }

    pub(super) fn validate(&self, found: &mut Findings) {
        let field = "adaptiveCard.card";
        if self.bytes() > MAX_BYTES {
            found.add(field, ViolationCode::TooLong, Some(MAX_BYTES as u64));
            return;
        }
        let text = |key: &str| self.card.get(key).and_then(Value::as_str).unwrap_or_default();
        found.require(text("type") == "AdaptiveCard", &format!("{field}.type"), ViolationCode::Invalid);
        let is_known = text("version").strip_prefix("1.").is_some_and(|minor| matches!(minor, "0" | "1" | "2" | "3" | "4" | "5" | "6"));
        found.require(is_known, &format!("{field}.version"), ViolationCode::Invalid);
        let is_filled = |key: &str| self.card.get(key).and_then(Value::as_array).is_some_and(|list| !list.is_empty());
        found.require(is_filled("body") || is_filled("actions"), &format!("{field}.body"), ViolationCode::Empty);
        self.validate_elements(field, found);
    }

    /// Walks the card with a stack of its own: depth, number of elements, addresses.
    fn validate_elements(&self, field: &str, found: &mut Findings) {
        let mut elements = 0;
        let mut deepest = 0;
        let mut has_bad_address = false;
        let mut stack = vec![(&self.card, 0)];
        while let Some((value, depth)) = stack.pop() {
            match value {
                Value::Array(list) => stack.extend(list.iter().map(|value| (value, depth))),
                Value::Object(members) => {
                    let is_element = members.get("type").is_some_and(Value::is_string);
                    elements += usize::from(is_element);
                    let depth = depth + usize::from(is_element);
                    deepest = deepest.max(depth);
                    for (key, value) in members {
                        let is_address = matches!(key.as_str(), "url" | "iconUrl" | "backgroundImage" | "poster" | "webUrl");
                        has_bad_address |= is_address && value.as_str().is_some_and(|address| !is_allowed_address(address));
                        // What a button sends back is the author's own data.
                        if key != "data" {
                            stack.push((value, depth));
                        }
                    }
                }
                _ => {}
            }
        }
        // The card itself is one level.
        if deepest > MAX_DEPTH + 1 {
            found.add(field, ViolationCode::OutOfRange, Some(MAX_DEPTH as u64));
        }
        if elements > MAX_ELEMENTS + 1 {
            found.add(field, ViolationCode::TooMany, Some(MAX_ELEMENTS as u64));
        }
        found.require(!has_bad_address, &format!("{field}.url"), ViolationCode::Invalid);
    }
}

fn is_allowed_address(address: &str) -> bool {
    let start = address.get(..11).unwrap_or(address).to_ascii_lowercase();
    ["https:", "mailto:", "tel:", "data:image/"].iter().any(|scheme| start.starts_with(scheme))
}

fn tell_all(list: Option<&Value>, page: &mut Page, depth: usize) {
    for element in list.and_then(Value::as_array).into_iter().flatten() {
        tell_element(element, page, depth);
    }
}

fn tell_element(element: &Value, page: &mut Page, depth: usize) {
    let text = |key: &str| element.get(key).and_then(Value::as_str).unwrap_or_default();
    if depth > MAX_TOLD || element.get("isVisible") == Some(&Value::Bool(false)) {
        return;
    }
    match text("type") {
        "TextBlock" => page.line(&markdown_to_text(text("text"))),
        "RichTextBlock" => {
            let run = |run: &Value| run.as_str().or_else(|| run.get("text")?.as_str()).unwrap_or_default().to_owned();
            let runs = element.get("inlines").and_then(Value::as_array);
            page.line(&runs.into_iter().flatten().map(run).collect::<String>());
        }
        "FactSet" => {
            for fact in element.get("facts").and_then(Value::as_array).into_iter().flatten() {
                let part = |key: &str| fact.get(key).and_then(Value::as_str).unwrap_or_default();
                page.line(&format!("{}: {}", markdown_to_text(part("title")), markdown_to_text(part("value"))));
            }
        }
        "Image" | "Media" => {
            let alt = Some(text("altText")).filter(|alt| !alt.trim().is_empty());
            page.line(alt.unwrap_or_else(|| page.language.say("[image]", "[Bild]")));
            let sources = element.get("sources").and_then(Value::as_array);
            if let Some(address) = sources.and_then(|list| list.first()?.get("url")?.as_str()) {
                page.line(address);
            }
        }
        "Table" => {
            for row in element.get("rows").and_then(Value::as_array).into_iter().flatten() {
                tell_row(row, page, depth + 1);
            }
        }
        "Action.OpenUrl" => page.line(&format!("{}: {}", titled(text("title"), page), text("url"))),
        "Action.Submit" | "Action.Execute" => page.line(&format!("[{}]", titled(text("title"), page))),
        "Action.ShowCard" => {
            page.line(&format!("{}:", titled(text("title"), page)));
            tell_all(element.pointer("/card/body"), page, depth + 1);
            tell_all(element.pointer("/card/actions"), page, depth + 1);
        }
        kind if kind.starts_with("Input.") => tell_input(element, kind, page),
        _ => {
            for key in ["items", "columns", "images", "actions"] {
                tell_all(element.get(key), page, depth + 1);
            }
        }
    }
}

fn titled<'a>(title: &'a str, page: &Page) -> &'a str {
    if title.trim().is_empty() { page.language.say("Open", "Öffnen") } else { title }
}

fn tell_row(row: &Value, page: &mut Page, depth: usize) {
    let cells = row.get("cells").and_then(Value::as_array);
    let cell = |cell: &Value| {
        let mut inner = Page::new(page.language);
        tell_all(cell.get("items"), &mut inner, depth + 1);
        one_line(&inner.finish())
    };
    let line = cells.into_iter().flatten().map(cell).collect::<Vec<_>>().join(" | ");
    page.line(&line);
}

fn tell_input(element: &Value, kind: &str, page: &mut Page) {
    let text = |key: &str| element.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let label = text("label").or_else(|| text("placeholder")).or_else(|| text("title")).or_else(|| text("id")).unwrap_or_default();
    if kind != "Input.ChoiceSet" {
        page.line(&format!("{}: ______", one_line(label)));
        return;
    }
    page.line(&format!("{}:", one_line(label)));
    let choices = element.get("choices").and_then(Value::as_array).into_iter().flatten();
    for (index, choice) in choices.enumerate() {
        page.choice(index + 1, choice.get("title").and_then(Value::as_str).unwrap_or_default(), None);
    }
}
