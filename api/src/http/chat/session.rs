//! Making visitors and recognising them.

use std::sync::Arc;

use axum::{Json, extract::rejection::JsonRejection};
use serde::Deserialize;
use serde_json::{Value, json};
use tributary_domain::{chat, ids::ExternalUserId, inbound::Sender};
use url::Url;

use super::{
    Visit,
    error::Refused,
    gate::Entry,
    token::{Claims, SignedIdentity, Whereabouts},
};

/// Longest address and title of a page that are kept, characters.
const MAX_PAGE: usize = 300;
/// Longest language tag (BCP 47) and name of a time zone, characters.
const MAX_TAG: usize = 40;

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    identity: Option<String>,
    #[serde(default)]
    page: Option<Page>,
    #[serde(default)]
    language: Option<String>,
    #[serde(default)]
    time_zone: Option<String>,
}

#[derive(Default, Deserialize)]
struct Page {
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    referrer: Option<String>,
}

pub(super) async fn session(entry: Entry, asked: Result<Json<Asked>, JsonRejection>) -> Result<Json<Value>, Refused> {
    let Json(asked) = asked.map_err(|rejection| Refused::new(rejection.status(), "INVALID", rejection.body_text()))?;
    let Entry { chat, channel, address, .. } = entry;
    chat.limits().session(address)?;
    let now = chat.now();
    let known = asked.token.as_deref().and_then(|token| chat.key().remember(channel.id, token, now));
    let at = whereabouts(&asked, known.as_ref());
    let claims = match &asked.identity {
        Some(jwt) => {
            let signed = signed(&chat, &channel, jwt).await?;
            // Only a browser that nobody vouched for takes what it wrote along; another person's visitor stays theirs.
            let before = known.filter(|known| !known.is_signed_in()).map(|known| known.v);
            let sender = Sender {
                name: signed.name.clone().filter(|name| !name.trim().is_empty()),
                email: signed.email.clone().filter(|email| email.contains('@')),
                locale: at.language.clone(),
                is_verified: true,
                ..Sender::known_by_id(signed.visitor())
            };
            let (row, former) = (channel.clone(), before.clone());
            let (contact, _) = chat
                .store()
                .transact(channel.workspace_id, move |tx| {
                    let (row, sender, former) = (row.clone(), sender.clone(), former.clone());
                    Box::pin(async move { chat::identify(tx, &row, &sender, former.as_ref()).await })
                })
                .await?;
            if contact.is_blocked {
                return Err(Refused::forbidden("This visitor may not write here."));
            }
            Claims::new(signed.visitor(), before, at, now)
        }
        None => {
            if let Some(known) = &known
                && is_blocked(&chat, &channel, &known.v).await?
            {
                return Err(Refused::forbidden("This visitor may not write here."));
            }
            match known {
                Some(known) => Claims::new(known.v, known.was, at, now),
                None => Claims::new(ExternalUserId(uuid::Uuid::now_v7().to_string()), None, at, now),
            }
        }
    };
    let token = chat.key().token(channel.id, &claims);
    let read = chat.store().read(channel.workspace_id).await?;
    let position = read.position().await?;
    drop(read);
    let visit = Visit::new(chat, channel, claims, address);
    Ok(Json(json!({"visitor_id": visit.visitor(), "token": token, "cursor": visit.cursor(position)})))
}

async fn signed(chat: &super::Chat, channel: &Arc<tributary_domain::entity::channel::Model>, jwt: &str) -> Result<SignedIdentity, Refused> {
    let opened = chat.worker().open(channel).await?;
    let secret = opened.as_ref().and_then(|(_, open)| open.secret("identity_secret"));
    // Without a secret nobody can vouch for anybody.
    let signed = secret.and_then(|secret| SignedIdentity::read(jwt, secret, &channel.token, chat.now()));
    signed.ok_or_else(|| Refused::new(http::StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", "The identity is not valid."))
}

async fn is_blocked(
    chat: &super::Chat,
    channel: &tributary_domain::entity::channel::Model,
    visitor: &ExternalUserId,
) -> Result<bool, Refused> {
    let read = chat.store().read(channel.workspace_id).await?;
    let side = chat::side(&read, channel.id, visitor).await?;
    Ok(side.contact.is_some_and(|contact| contact.is_blocked))
}

/// Where the visitor is now; what this request does not say stays as it was.
fn whereabouts(asked: &Asked, known: Option<&Claims>) -> Whereabouts {
    let before = known.map(|known| known.at.clone()).unwrap_or_default();
    let page = asked.page.as_ref();
    let address = |text: Option<&String>| text.and_then(|text| address(text));
    Whereabouts {
        language: asked.language.as_deref().and_then(tag).or(before.language),
        time_zone: asked.time_zone.as_deref().and_then(tag).or(before.time_zone),
        url: address(page.and_then(|page| page.url.as_ref())).or(before.url),
        title: page.and_then(|page| page.title.as_deref()).map(short).filter(|title| !title.is_empty()).or(before.title),
        referrer: address(page.and_then(|page| page.referrer.as_ref())).or(before.referrer),
    }
}

/// Language tags and names of time zones, which have the same harmless characters.
fn tag(text: &str) -> Option<String> {
    let is_tag = !text.is_empty() && text.len() <= MAX_TAG && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_/+".contains(&b));
    is_tag.then(|| text.to_owned())
}

/// A web address without its query and fragment: secrets of the customer's site travel there.
fn address(text: &str) -> Option<String> {
    let mut url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    url.set_query(None);
    url.set_fragment(None);
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    Some(short(url.as_str()))
}

fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_PAGE).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_says_is_kept_short_and_harmless() {
        assert_eq!(address("https://me:pw@shop.example/a?token=1#x").as_deref(), Some("https://shop.example/a"));
        assert_eq!(address("javascript:alert(1)"), None);
        assert_eq!(address("not an address"), None);
        assert_eq!(tag("de-DE").as_deref(), Some("de-DE"));
        assert_eq!(tag("Europe/Berlin").as_deref(), Some("Europe/Berlin"));
        assert!(tag("<b>").is_none() && tag("").is_none() && tag(&"x".repeat(41)).is_none());
        assert_eq!(short(&format!(" a\u{0}\n{} ", "b".repeat(900))).chars().count(), 299);
    }
}
