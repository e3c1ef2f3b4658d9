//! What the customer will get of a body on a channel: [`degrade`]. Feeds the preview and what is really sent.

use serde::{Deserialize, Serialize};

use super::{Formatted, Image, Language, Markup, RichContent, Text, limits::over_limits, violation::Findings};
use crate::spec::{Capabilities, MarkupSet, RichKind, Support};

/// A body as a channel takes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rendered {
    /// What goes to the adapter.
    pub content: RichContent,
    /// How much of what was asked arrives.
    pub support: Support,
    /// What became different, for the preview.
    pub notes: Vec<LossNote>,
}

/// One difference between what was asked and what arrives. Clients have the words for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LossNote {
    /// It arrives as plain text.
    AsText,
    /// Options to tap arrive as numbered lines; an answer by number is understood.
    NumberedOptions,
    /// It does not fit the channel's limits in its native form, so it arrives as text.
    TooBig,
    /// HTML became Markdown or the other way round.
    MarkupConverted,
    /// Bold, italic, headings and the like are lost; links keep their address.
    FormattingLost,
    /// Pictures inside are lost.
    ImagesLost,
    /// The files do not arrive.
    FilesLost,
    /// Files that the other side does not take so large arrive as links to download.
    FilesAsLinks,
    /// It is longer than one message and arrives in several parts.
    Split,
}

/// Turns a body into what the channel takes. Never fails; everything that changes is noted.
///
/// Whether the author may send it is another question ([`super::check`]). Cutting a long text into parts is the adapter's
/// work.
#[must_use]
pub fn degrade(asked: &RichContent, capabilities: &Capabilities, language: Language) -> Rendered {
    let mut rendered = match asked {
        RichContent::Text(_) => as_it_is(asked),
        RichContent::Attachment(_) if capabilities.media.is_empty() => {
            text(asked, Support::Lossy, vec![LossNote::AsText, LossNote::FilesLost], language)
        }
        RichContent::Attachment(_) => as_it_is(asked),
        RichContent::Formatted(content) => formatted(content, capabilities),
        _ => match asked.kind() {
            Some(kind) => rich(asked, kind, capabilities, language),
            None => text(asked, Support::Converted, vec![LossNote::AsText], language),
        },
    };
    if let RichContent::Text(Text { text }) = &rendered.content
        && capabilities.text.is_exceeded_by(text)
    {
        rendered.notes.push(LossNote::Split);
    }
    rendered
}

fn as_it_is(asked: &RichContent) -> Rendered {
    Rendered { content: asked.clone(), support: Support::Native, notes: Vec::new() }
}

fn text(asked: &RichContent, support: Support, notes: Vec<LossNote>, language: Language) -> Rendered {
    Rendered { content: Text::content(asked.fallback_in(language)), support, notes }
}

fn rich(asked: &RichContent, kind: RichKind, capabilities: &Capabilities, language: Language) -> Rendered {
    let support = capabilities.deliverable(kind);
    let mut notes = Vec::new();
    if support == Support::Native {
        let mut found = Findings::default();
        over_limits(asked, capabilities, &mut found);
        if found.verdict().is_ok() {
            return as_it_is(asked);
        }
        notes.push(LossNote::TooBig);
    }
    let linked = as_link(asked, capabilities, language);
    if has_images(asked) && !linked.as_ref().is_some_and(|linked| linked.source.contains("<img") || linked.source.contains("![")) {
        notes.push(LossNote::ImagesLost);
    }
    // Converted keeps its meaning; a picture that falls away does not.
    let support = if notes.contains(&LossNote::ImagesLost) { Support::Lossy } else { support.min(Support::Converted).max(Support::Lossy) };
    if let Some(linked) = linked {
        return Rendered { content: RichContent::Formatted(linked), support, notes };
    }
    notes.push(if has_options(asked) { LossNote::NumberedOptions } else { LossNote::AsText });
    text(asked, support, notes, language)
}

fn has_options(asked: &RichContent) -> bool {
    match asked {
        RichContent::QuickReplies(_) | RichContent::ListPicker(_) | RichContent::TimePicker(_) => true,
        RichContent::AppointmentRequest(request) => !request.slots.is_empty(),
        _ => false,
    }
}

fn has_images(asked: &RichContent) -> bool {
    match asked {
        RichContent::RichLink(link) => link.image.is_some(),
        RichContent::ListPicker(list) => list.items().any(|item| item.image.is_some()),
        _ => false,
    }
}

fn formatted(content: &Formatted, capabilities: &Capabilities) -> Rendered {
    let support = capabilities.deliverable(RichKind::Formatted);
    if support != Support::Native || capabilities.markup == MarkupSet::Plain {
        let support = support.min(Support::Converted).max(Support::Lossy);
        return Rendered { content: Text::content(content.to_text()), support, notes: vec![LossNote::FormattingLost] };
    }
    if capabilities.markup.takes(content.markup) {
        let source = match content.markup {
            Markup::Html => content.to_html(),
            Markup::Markdown => content.source.clone(),
        };
        return as_it_is(&RichContent::Formatted(Formatted { markup: content.markup, source }));
    }
    let converted = match content.markup {
        Markup::Html => Formatted { markup: Markup::Markdown, source: content.to_markdown() },
        Markup::Markdown => Formatted { markup: Markup::Html, source: content.to_html() },
    };
    Rendered { content: RichContent::Formatted(converted), support: Support::Converted, notes: vec![LossNote::MarkupConverted] }
}

/// Links to open and to pay as formatted text, where the channel takes formatted text.
fn as_link(asked: &RichContent, capabilities: &Capabilities, language: Language) -> Option<Formatted> {
    if capabilities.deliverable(RichKind::Formatted) != Support::Native {
        return None;
    }
    let (title, lines, url, image) = match asked {
        RichContent::RichLink(link) => (link.title.clone(), link.description.iter().cloned().collect::<Vec<_>>(), &link.url, &link.image),
        RichContent::PaymentRequest(request) => {
            let title = language.say("Pay now", "Jetzt bezahlen").to_owned();
            let mut lines = vec![request.description.clone(), request.amount_label(language)];
            lines.extend(request.reference.clone());
            (title, lines, &request.url, &None)
        }
        _ => return None,
    };
    let mut html = String::new();
    if let Some(Image::Url(image)) = image {
        html.push_str(&format!("<p><img src=\"{}\" alt=\"\"></p>", escape(image.as_str())));
    }
    let link = format!("<p><a href=\"{}\"><b>{}</b></a></p>", escape(url.as_str()), escape(&title));
    let lines = lines.iter().map(|line| format!("<p>{}</p>", escape(line))).collect::<String>();
    // What is to be paid stands before the button; a link is introduced by its title.
    html.push_str(&if matches!(asked, RichContent::PaymentRequest(_)) { lines + &link } else { link + &lines });
    let html = Formatted { markup: Markup::Html, source: html };
    Some(match capabilities.markup {
        MarkupSet::Plain => return None,
        MarkupSet::Html | MarkupSet::Both => Formatted { markup: Markup::Html, source: html.to_html() },
        MarkupSet::Markdown => Formatted { markup: Markup::Markdown, source: html.to_markdown() },
    })
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
