//! The HTML part of a mail, where there is more to say than the text part does.

use tributary_domain::content::{Formatted, Image, Markup, RichContent, RichLink, markdown_to_html};
use url::Url;

use super::sanitise::wake;

/// The HTML of a content, without the page around it, or `None` when plain text says everything.
pub(super) fn html_of(content: &RichContent, fallback: &str) -> Option<String> {
    Some(match content {
        RichContent::Formatted(Formatted { markup: Markup::Html, source }) => wake(source),
        RichContent::Formatted(Formatted { markup: Markup::Markdown, source }) => markdown_to_html(source),
        RichContent::RichLink(link) => link_card(link),
        RichContent::PaymentRequest(request) => with_button(fallback, &request.url, &request.description),
        RichContent::AppointmentRequest(request) => with_button(fallback, request.url.as_ref()?, &request.title),
        _ => return None,
    })
}

/// The page around a mail's HTML.
pub(super) fn page(inner: &str) -> String {
    format!("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head><body>\n{inner}\n</body></html>\n")
}

/// Plain text as HTML that looks the same.
pub(super) fn text_as_html(text: &str) -> String {
    format!("<p>{}</p>", escape(text).replace('\n', "<br>\n"))
}

/// A card as a table, because that is what every mail program shows alike.
fn link_card(link: &RichLink) -> String {
    let address = escape(link.url.as_str());
    let picture = match &link.image {
        Some(Image::Url(url)) => format!(
            "<tr><td style=\"padding:0\"><a href=\"{address}\"><img src=\"{}\" alt=\"\" width=\"400\" style=\"width:100%\"></a></td></tr>",
            escape(url.as_str())
        ),
        Some(Image::Attachment(id)) => format!(
            "<tr><td style=\"padding:0\"><a href=\"{address}\"><img src=\"cid:{id}\" alt=\"\" width=\"400\" style=\"width:100%\"></a></td></tr>"
        ),
        None => String::new(),
    };
    let description = link.description.as_deref().map_or_else(String::new, |text| format!("<br>{}", escape(text)));
    let host = escape(link.url.host_str().unwrap_or_default());
    format!(
        "<table cellpadding=\"0\" cellspacing=\"0\" width=\"400\" style=\"border:1px solid #d0d7de;border-collapse:separate\">{picture}\
         <tr><td style=\"padding:12px;font-family:sans-serif\"><a href=\"{address}\" style=\"color:#0b57d0;font-weight:bold\">{}</a>\
         {description}<br><span style=\"color:#57606a;font-size:12px\">{host}</span></td></tr></table>",
        escape(&link.title)
    )
}

fn with_button(fallback: &str, url: &Url, label: &str) -> String {
    format!(
        "{}\n<table cellpadding=\"0\" cellspacing=\"0\"><tr><td style=\"background-color:#0b57d0;padding:10px 18px\">\
         <a href=\"{}\" style=\"color:#ffffff;font-family:sans-serif\">{}</a></td></tr></table>",
        text_as_html(fallback),
        escape(url.as_str()),
        escape(label)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
