//! Dead letters as a list.

use sea_orm::{ColumnTrait, Condition, QueryFilter, sea_query::Order};

use crate::{
    actor::Actor,
    entity::dead_letter::{self, DeadLetterState},
    error::Result,
    ids::ChannelId,
    message::Direction,
    store::{
        Scope,
        page::{Page, PageRequest, Sort},
    },
};

/// Which letters; an absent part does not narrow.
#[derive(Debug, Clone, Default)]
pub struct LetterFilter {
    /// Of this channel.
    pub channel: Option<ChannelId>,
    /// That came in, or that could not go out.
    pub direction: Option<Direction>,
    /// In one of these states.
    pub states: Option<Vec<DeadLetterState>>,
}

/// A page of the dead letters, newest first.
///
/// # Errors
/// `Forbidden` for anyone but admins; `Invalid` for a broken page cursor; `Storage`.
pub async fn page_of_letters(
    scope: &impl Scope,
    actor: &Actor,
    filter: &LetterFilter,
    request: &PageRequest,
) -> Result<Page<dead_letter::Model>> {
    actor.must_manage_channels()?;
    let mut all = Condition::all();
    if let Some(channel) = filter.channel {
        all = all.add(dead_letter::Column::ChannelId.eq(channel));
    }
    if let Some(direction) = filter.direction {
        all = all.add(dead_letter::Column::Direction.eq(direction));
    }
    if let Some(states) = &filter.states {
        all = all.add(dead_letter::Column::State.is_in(states.iter().copied()));
    }
    let newest = Sort::new("dead_letters", [(dead_letter::Column::CreatedAt, Order::Desc), (dead_letter::Column::Id, Order::Desc)]);
    newest.page(dead_letter::in_workspace(scope.workspace()).filter(all), request, scope.conn()).await
}

/// Characters of a raw request that are shown.
const EXCERPT: usize = 500;
/// Bytes that are looked at for it.
const EXCERPT_BYTES: usize = 8_192;
/// From this length on a run of letters and digits may be a token, a signature or a key.
const SECRET_LENGTH: usize = 24;
/// Parts of names whose values are secret.
const SECRET_NAMES: [&str; 6] = ["token", "secret", "password", "signature", "authorization", "api_key"];

/// The beginning of a raw request as text, without what looks like a secret; nothing when it is no text.
#[must_use]
pub fn excerpt_of(body: &[u8]) -> Option<String> {
    let cut = &body[..body.len().min(EXCERPT_BYTES)];
    let text = match std::str::from_utf8(cut) {
        Ok(text) => text,
        // Only the cut may have divided a character.
        Err(error) if error.error_len().is_none() && cut.len() < body.len() => std::str::from_utf8(&cut[..error.valid_up_to()]).ok()?,
        Err(_) => return None,
    };
    let shown: String = hide_secrets(text).chars().take(EXCERPT).map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect();
    Some(shown.trim().to_owned()).filter(|shown| !shown.is_empty())
}

/// Puts an ellipsis in place of long words with digits, and of every word that follows a name of [`SECRET_NAMES`].
fn hide_secrets(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '/' | '=' | '.' | '~');
    let mut shown = String::with_capacity(text.len());
    let (mut rest, mut is_named) = (text, false);
    while let Some(first) = rest.chars().next() {
        let end = if is_part(first) { rest.find(|c| !is_part(c)) } else { rest.find(is_part) }.unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        rest = after;
        if !is_part(first) {
            shown.push_str(run);
            // The value of a name ends with its line or its field.
            is_named = is_named && !run.contains(['\n', ',', '&', '}']);
            continue;
        }
        let (name, value) = run.split_once('=').map_or((run, ""), |(name, value)| (name, value));
        let names_secret = SECRET_NAMES.iter().any(|secret| name.to_ascii_lowercase().contains(secret));
        let is_long = run.len() >= SECRET_LENGTH && run.bytes().any(|byte| byte.is_ascii_digit());
        match () {
            () if is_named || (is_long && !names_secret) => shown.push('…'),
            () if names_secret && !value.is_empty() => {
                shown.push_str(name);
                shown.push_str("=…");
            }
            () => shown.push_str(run),
        }
        is_named = is_named || (names_secret && value.is_empty());
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::excerpt_of;

    #[test]
    fn secrets_are_not_shown() {
        let json = br#"{"verify_token": "abc", "name": "Anna", "id": "0123456789abcdef0123456789abcdef"}"#;
        assert_eq!(excerpt_of(json).unwrap(), r#"{"verify_token": "…", "name": "Anna", "id": "…"}"#);
        assert_eq!(excerpt_of(b"a=1&access_token=xyz&b=2").unwrap(), "a=1&access_token=…&b=2");
        assert_eq!(excerpt_of(b"Authorization: Bearer abc\nSubject: Hello").unwrap(), "Authorization: … …\nSubject: Hello");
    }

    #[test]
    fn only_text_is_shown_and_only_its_beginning() {
        assert_eq!(excerpt_of(&[0xff, 0xfe, 0x00]), None);
        assert_eq!(excerpt_of(b""), None);
        let long = "ä ".repeat(8_192);
        assert!(excerpt_of(long.as_bytes()).unwrap().chars().count() <= 500);
    }
}
