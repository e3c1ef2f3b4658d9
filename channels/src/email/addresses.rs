//! Which addresses are ours, and the token behind a `+` that names an interaction and proves that we gave it out.

use tributary_domain::outbound::OpenChannel;

use super::{account::lines, inbound::identity};
use crate::shared::hmac::{hmac_sha256, is_same_secret};

/// Bytes of the proof in a token.
const PROOF_BYTES: usize = 8;

/// Longest part before the `@`, characters (RFC 5321 4.5.3.1.1).
const MAX_LOCAL: usize = 64;

/// Whether mail to this address comes to us: the mailbox's own, one of its aliases, the one for answers, or one of these
/// with something behind a `+`.
pub(super) fn is_own(channel: &OpenChannel, address: &str) -> bool {
    let address = identity(address);
    let bare = without_tag(&address);
    let aliases = lines(channel, "aliases").unwrap_or_default();
    let own = [channel.text("address"), channel.text("reply_to")].into_iter().flatten();
    own.chain(aliases.split([',', ';', '\n'])).map(identity).any(|own| !own.is_empty() && (own == address || own == bare))
}

fn without_tag(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => format!("{}@{domain}", local.split('+').next().unwrap_or_default()),
        None => address.to_owned(),
    }
}

/// The address with a token that leads an answer to this interaction, or as it is where no token fits in.
pub(super) fn with_token(channel: &OpenChannel, address: &str, number: i64) -> String {
    let Some((local, domain)) = address.rsplit_once('@') else { return address.to_owned() };
    let local = format!("{}+{number}-{}", local.split('+').next().unwrap_or_default(), proof(channel, number));
    if local.chars().count() > MAX_LOCAL { address.to_owned() } else { format!("{local}@{domain}") }
}

/// The number of the interaction to which the token in an address leads.
pub(super) fn number_in(channel: &OpenChannel, address: &str) -> Option<i64> {
    let (local, _) = address.trim().rsplit_once('@')?;
    let (number, given) = local.rsplit_once('+')?.1.split_once('-')?;
    let number: i64 = number.parse().ok().filter(|number| *number > 0)?;
    // Some servers write addresses in capitals.
    is_same_secret(given.to_ascii_lowercase().as_bytes(), proof(channel, number).as_bytes()).then_some(number)
}

fn proof(channel: &OpenChannel, number: i64) -> String {
    hex::encode(&hmac_sha256(channel.token.as_bytes(), &[b"mail plus-address", &number.to_be_bytes()])[..PROOF_BYTES])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::email::corpus::channel;

    #[test]
    fn a_token_leads_back_and_cannot_be_made_up() {
        let channel = channel();
        let address = with_token(&channel, "Support@example.test", 1042);
        assert!(address.starts_with("Support+1042-") && address.ends_with("@example.test"), "{address}");
        assert_eq!(number_in(&channel, &address), Some(1042));
        assert_eq!(number_in(&channel, &address.to_uppercase()), Some(1042));
        assert_eq!(with_token(&channel, &address, 7), with_token(&channel, "Support@example.test", 7));
        let forged = address.replace("1042", "1043");
        for wrong in [forged.as_str(), "support+1042@example.test", "support+1042-@example.test", "support@example.test", "+-@", ""] {
            assert_eq!(number_in(&channel, wrong), None, "{wrong}");
        }
        let mut other = channel.clone();
        other.token = "another".to_owned();
        assert_eq!(number_in(&other, &address), None);
        let long = format!("{}@example.test", "x".repeat(60));
        assert_eq!(with_token(&channel, &long, 7), long);
    }

    #[test]
    fn our_addresses_are_known_in_every_form() {
        let mut channel = channel();
        channel.settings.insert("aliases".to_owned(), "info@example.test\n Sales@Example.test ".into());
        channel.settings.insert("reply_to".to_owned(), "answers@example.test".into());
        for own in ["SUPPORT@example.test", "support+7-00@example.test", "info@example.test", "sales@example.test", "answers@example.test"]
        {
            assert!(is_own(&channel, own), "{own}");
        }
        for other in ["support@other.test", "supports@example.test", "", "@", "+@example.test"] {
            assert!(!is_own(&channel, other), "{other}");
        }
    }
}
