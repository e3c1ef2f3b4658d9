//! Short-lived links to files for those who have no account here: platforms and contacts.
//!
//! A link is `/media/{attachment}?ws=…&exp=…&sig=…`. The signature covers workspace, attachment and end of validity, so
//! the route knows the tenant before it touches any data, and nobody can lengthen a link or point it at another file.
//!
//! Pictures on other hosts that a message shows are fetched by us: `/media/picture?url=…&exp=…&sig=…`, signed over the
//! address too, so that only addresses which a message really names are ever asked for.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use url::{Url, form_urlencoded};

use crate::ids::{AttachmentId, WorkspaceId};

/// Where pictures of other hosts are handed out.
pub const PICTURE_PATH: &str = "/media/picture";

/// Makes and checks links; holds the key, which `Debug` does not show.
#[derive(Clone)]
pub struct MediaLinks {
    key: [u8; 32],
}

/// Why a link opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Not signed by us for this file.
    #[error("not a valid link")]
    Invalid,
    /// Signed by us, but its time is over.
    #[error("the link has expired")]
    Expired,
}

impl std::fmt::Debug for MediaLinks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MediaLinks").finish_non_exhaustive()
    }
}

impl MediaLinks {
    /// Links under this key; every node of an installation needs the same.
    #[must_use]
    pub const fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// The whole address of a file, valid until `expires`.
    #[must_use]
    pub fn url(&self, base: &Url, workspace: WorkspaceId, attachment: AttachmentId, expires: DateTime<Utc>) -> Url {
        let mut url = base.clone();
        url.set_path(&format!("{}/media/{attachment}", base.path().trim_end_matches('/')));
        url.set_query(Some(&self.sign(workspace, attachment, expires)));
        url
    }

    /// The query of such an address.
    #[must_use]
    pub fn sign(&self, workspace: WorkspaceId, attachment: AttachmentId, expires: DateTime<Utc>) -> String {
        let exp = expires.timestamp();
        let signature = URL_SAFE_NO_PAD.encode(self.mac(workspace, attachment, exp).finalize().into_bytes());
        format!("ws={workspace}&exp={exp}&sig={signature}")
    }

    /// The address under which we hand out a picture that is on another host, valid until `expires`.
    #[must_use]
    pub fn picture_url(&self, base: &Url, source: &str, expires: DateTime<Utc>) -> Url {
        let exp = expires.timestamp();
        let signature = URL_SAFE_NO_PAD.encode(self.picture_mac(source, exp).finalize().into_bytes());
        let mut url = base.clone();
        url.set_path(&format!("{}{PICTURE_PATH}", base.path().trim_end_matches('/')));
        url.query_pairs_mut().clear().append_pair("url", source).append_pair("exp", &exp.to_string()).append_pair("sig", &signature);
        url
    }

    /// The address that this query lets us ask for. Compares in constant time.
    ///
    /// # Errors
    /// [`LinkError`]; that it has expired is told only to those who hold a link that once was valid.
    pub fn verify_picture(&self, query: &str, now: DateTime<Utc>) -> Result<String, LinkError> {
        let (mut source, mut exp, mut signature) = (None, None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "url" => source = Some(value.into_owned()),
                "exp" => exp = value.parse::<i64>().ok(),
                "sig" => signature = URL_SAFE_NO_PAD.decode(value.as_bytes()).ok(),
                _ => {}
            }
        }
        let (Some(source), Some(exp), Some(signature)) = (source, exp, signature) else { return Err(LinkError::Invalid) };
        self.picture_mac(&source, exp).verify_slice(&signature).map_err(|_| LinkError::Invalid)?;
        if now.timestamp() < exp { Ok(source) } else { Err(LinkError::Expired) }
    }

    /// The workspace in which this link opens this file. Compares in constant time.
    ///
    /// # Errors
    /// [`LinkError`]; that it has expired is told only to those who hold a link that once was valid.
    pub fn verify(&self, attachment: AttachmentId, query: &str, now: DateTime<Utc>) -> Result<WorkspaceId, LinkError> {
        let (mut workspace, mut exp, mut signature) = (None, None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "ws" => workspace = value.parse::<WorkspaceId>().ok(),
                "exp" => exp = value.parse::<i64>().ok(),
                "sig" => signature = URL_SAFE_NO_PAD.decode(value.as_bytes()).ok(),
                _ => {}
            }
        }
        let (Some(workspace), Some(exp), Some(signature)) = (workspace, exp, signature) else { return Err(LinkError::Invalid) };
        self.mac(workspace, attachment, exp).verify_slice(&signature).map_err(|_| LinkError::Invalid)?;
        if now.timestamp() < exp { Ok(workspace) } else { Err(LinkError::Expired) }
    }

    fn mac(&self, workspace: WorkspaceId, attachment: AttachmentId, exp: i64) -> Hmac<Sha256> {
        self.mac_of(&format!("media\n{workspace}\n{attachment}\n{exp}"))
    }

    /// The address stands last, because it is the only part of which a stranger chooses the characters.
    fn picture_mac(&self, source: &str, exp: i64) -> Hmac<Sha256> {
        self.mac_of(&format!("picture\n{exp}\n{source}"))
    }

    fn mac_of(&self, text: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(text.as_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Duration, Utc};
    use url::Url;
    use uuid::Uuid;

    use super::{LinkError, MediaLinks};
    use crate::ids::{AttachmentId, WorkspaceId};

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_767_225_600, 0).expect("a time")
    }

    #[test]
    fn a_link_opens_its_file_until_it_ends() {
        let links = MediaLinks::new([7; 32]);
        let (workspace, file) = (WorkspaceId::from(Uuid::from_u128(1)), AttachmentId::from(Uuid::from_u128(2)));
        let base = Url::parse("https://inbox.example/sub/").expect("an address");
        let url = links.url(&base, workspace, file, now() + Duration::minutes(15));
        assert_eq!(url.path(), format!("/sub/media/{file}"));
        let query = url.query().expect("signed");
        assert_eq!(links.verify(file, query, now()), Ok(workspace));
        assert_eq!(links.verify(file, query, now() + Duration::seconds(899)), Ok(workspace));
        assert_eq!(links.verify(file, query, now() + Duration::minutes(15)), Err(LinkError::Expired));
    }

    #[test]
    fn only_the_signed_picture_is_asked_for() {
        let links = MediaLinks::new([7; 32]);
        let base = Url::parse("https://inbox.example/sub/").expect("an address");
        let source = "https://t.example/p.gif?a=1&sig=x&exp=9";
        let url = links.picture_url(&base, source, now() + Duration::minutes(15));
        assert_eq!(url.path(), "/sub/media/picture");
        let query = url.query().expect("signed");
        assert_eq!(links.verify_picture(query, now()).as_deref(), Ok(source));
        assert_eq!(links.verify_picture(query, now() + Duration::minutes(15)), Err(LinkError::Expired));
        let exp = (now() + Duration::minutes(15)).timestamp();
        let longer = query.replace(&exp.to_string(), &(exp + 1).to_string());
        let other = query.replace("t.example", "metadata.example");
        for wrong in [&*longer, &other, &query[..query.len() - 3], "", "url=https%3A%2F%2Ft.example&exp=99999999999&sig="] {
            assert_eq!(links.verify_picture(wrong, now()), Err(LinkError::Invalid), "{wrong}");
        }
        assert_eq!(MediaLinks::new([8; 32]).verify_picture(query, now()), Err(LinkError::Invalid));
    }

    #[test]
    fn nothing_of_a_link_can_be_changed() {
        let links = MediaLinks::new([7; 32]);
        let (workspace, file) = (WorkspaceId::from(Uuid::from_u128(1)), AttachmentId::from(Uuid::from_u128(2)));
        let query = links.sign(workspace, file, now() + Duration::minutes(15));
        let other_workspace = query.replace(&workspace.to_string(), &WorkspaceId::from(Uuid::from_u128(3)).to_string());
        let exp = (now() + Duration::minutes(15)).timestamp();
        let longer = query.replace(&exp.to_string(), &(exp + 1).to_string());
        let short = &query[..query.len() - 4];
        for wrong in [&*other_workspace, &longer, short, "", "ws=&exp=&sig=", "sig=AAAA"] {
            assert_eq!(links.verify(file, wrong, now()), Err(LinkError::Invalid), "{wrong}");
        }
        let other_file = AttachmentId::from(Uuid::from_u128(4));
        assert_eq!(links.verify(other_file, &query, now()), Err(LinkError::Invalid));
        assert_eq!(MediaLinks::new([8; 32]).verify(file, &query, now()), Err(LinkError::Invalid));
        assert!(!format!("{links:?}").contains('7'));
    }
}
