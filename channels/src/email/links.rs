//! Files that are too large for the mail: they stay here, and the mail says where to download them and until when.

use chrono::{DateTime, Duration, Utc};
use tributary_domain::{content::Language, ids::AttachmentId, outbound::OpenChannel};
use url::Url;

use crate::channel::{Cx, MailAttachment, MailStep};

/// Days for which a link is good, when nothing else is set.
const LINK_DAYS: i64 = 30;

/// What is written around a file: its headers and the boundary, bytes.
const PART_BYTES: u64 = 512;

/// Headers of the mail and what is written around its texts, bytes.
const HEADER_BYTES: u64 = 8 * 1024;

/// The files that must not travel so that the whole mail stays within `limit` bytes: the largest ones, and no more than
/// needed. Pictures that the text shows always travel.
pub(super) fn too_large(mail: &MailStep, limit: u64) -> Vec<AttachmentId> {
    let texts = mail.text.len() + mail.html.as_ref().map_or(0, String::len) + mail.calendar.as_ref().map_or(0, String::len);
    // Text is sent as quoted-printable, which can take three bytes for one.
    let mut total = HEADER_BYTES + 3 * texts as u64 + mail.attachments.iter().map(|file| encoded(file.bytes)).sum::<u64>();
    let mut by_size: Vec<&MailAttachment> = mail.attachments.iter().filter(|file| file.content_id.is_none()).collect();
    by_size.sort_by_key(|file| std::cmp::Reverse(file.bytes));
    let mut linked = Vec::new();
    for file in by_size {
        if total <= limit {
            break;
        }
        total -= encoded(file.bytes);
        linked.push(file.id);
    }
    linked
}

/// Bytes of a file in a mail: base64 in lines of 76 characters.
fn encoded(bytes: u64) -> u64 {
    let characters = bytes.div_ceil(3) * 4;
    characters + characters.div_ceil(76) * 2 + PART_BYTES
}

/// The mail with links in place of these files.
pub(super) fn with_links(cx: &Cx, channel: &OpenChannel, mail: &MailStep, linked: &[AttachmentId]) -> MailStep {
    let days = channel.number("link_days").unwrap_or(LINK_DAYS).clamp(1, 365);
    // Counted from when the mail was written, so that a repeated attempt sends the same mail.
    let until = mail.at + Duration::days(days);
    let files: Vec<(&MailAttachment, Url)> = mail
        .attachments
        .iter()
        .filter(|file| linked.contains(&file.id))
        .map(|file| (file, cx.links.url(&cx.public_url, channel.workspace, file.id, until)))
        .collect();
    let mut changed = mail.clone();
    changed.attachments.retain(|file| !linked.contains(&file.id));
    if !files.is_empty() {
        changed.text = format!("{}\n\n{}", mail.text.trim_end(), as_text(mail.language, &files, until));
        changed.html =
            mail.html.as_ref().map(|html| html.replacen("\n</body>", &format!("\n{}\n</body>", as_html(mail.language, &files, until)), 1));
    }
    changed
}

fn title(language: Language, until: DateTime<Utc>) -> String {
    let words = language.say("Files to download until", "Dateien zum Herunterladen bis");
    let form = language.say("%Y-%m-%d", "%d.%m.%Y");
    format!("{words} {}:", until.format(form))
}

fn as_text(language: Language, files: &[(&MailAttachment, Url)], until: DateTime<Utc>) -> String {
    let lines: String = files.iter().map(|(file, url)| format!("\n- {} ({}): {url}", file.name, megabytes(file.bytes))).collect();
    format!("{}{lines}", title(language, until))
}

fn as_html(language: Language, files: &[(&MailAttachment, Url)], until: DateTime<Utc>) -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let items: String = files
        .iter()
        .map(|(file, url)| format!("<li><a href=\"{}\">{}</a> ({})</li>", escape(url.as_str()), escape(&file.name), megabytes(file.bytes)))
        .collect();
    format!("<p>{}</p><ul>{items}</ul>", title(language, until))
}

fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000).max(1);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::email::corpus::step;

    fn file(n: u128, bytes: u64, content_id: Option<&str>) -> MailAttachment {
        let id = uuid::Uuid::from_u128(n).into();
        MailAttachment {
            id,
            name: format!("{n}.bin"),
            mime: "application/pdf".to_owned(),
            content_id: content_id.map(str::to_owned),
            bytes,
        }
    }

    #[test]
    fn the_largest_files_stay_and_no_more_than_needed() {
        let mut mail = step();
        let of = |mail: &MailStep, limit| too_large(mail, limit).into_iter().map(|id| id.uuid().as_u128()).collect::<Vec<_>>();
        mail.attachments =
            vec![file(1, 5_000_000, None), file(2, 9_000_000, None), file(3, 1_000, None), file(4, 3_000_000, Some("shown"))];
        assert_eq!(of(&mail, 25_000_000), []);
        assert_eq!(of(&mail, 20_000_000), [2]);
        assert_eq!(of(&mail, 10_000_000), [2, 1]);
        assert_eq!(of(&mail, 1_000_000), [2, 1, 3], "what the text shows travels");
    }

    #[test]
    fn what_is_counted_is_at_least_what_is_written() {
        let mut mail = step();
        for bytes in [0_usize, 1, 56, 57, 58, 10_000] {
            mail.attachments = vec![file(1, bytes as u64, None)];
            let written = crate::email::compose::assemble(&mail, &[vec![0xAB; bytes].into()]).expect("a mail").len() as u64;
            assert!(too_large(&mail, written - 1) == [mail.attachments[0].id], "{bytes}: {written}");
        }
    }
}
