//! Checks of plain inputs that several nouns share: names, languages, addresses. What an input means is decided by its noun.

use crate::error::{Error, Result};

/// Longest name of anything, characters; it must fit a list and a button.
const MAX_NAME: usize = 100;
/// Longest address, characters (RFC 5321, section 4.5.3.1.3).
const MAX_EMAIL: usize = 254;
/// Longest language tag, characters (RFC 5646, section 4.4.1).
const MAX_LANGUAGE: usize = 35;

/// A trimmed name of 1 to 100 characters.
pub(crate) fn name(text: &str) -> Result<String> {
    let name = text.trim();
    match name.chars().count() {
        1..=MAX_NAME => Ok(name.to_owned()),
        _ => Err(Error::invalid("name", format!("1 to {MAX_NAME} characters"))),
    }
}

/// A trimmed text of at most `max` characters; nothing when there is only space.
pub(crate) fn optional(field: &str, text: Option<&str>, max: usize) -> Result<Option<String>> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    if text.is_some_and(|text| text.chars().count() > max) {
        return Err(Error::invalid(field, format!("at most {max} characters")));
    }
    Ok(text.map(ToOwned::to_owned))
}

/// A language tag as BCP 47 writes it, such as `de` or `pt-BR`.
pub(crate) fn language(field: &str, text: &str) -> Result<String> {
    let tag = text.trim();
    let mut parts = tag.split('-');
    let is_primary = |part: &str| (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_further = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if tag.len() <= MAX_LANGUAGE && parts.next().is_some_and(is_primary) && parts.all(is_further) {
        Ok(tag.to_owned())
    } else {
        Err(Error::invalid(field, "not a language tag such as de or pt-BR"))
    }
}

/// An e-mail address that could exist: something before and after one `@`, a dot in the domain, no space. Whether mail
/// arrives there is known only after it was sent.
pub(crate) fn email(field: &str, text: &str) -> Result<String> {
    let address = text.trim();
    let is_possible = address.len() <= MAX_EMAIL
        && !address.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';'))
        && address.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.contains('@') && domain.split('.').count() > 1 && domain.split('.').all(|label| !label.is_empty())
        });
    if is_possible { Ok(address.to_owned()) } else { Err(Error::invalid(field, "not an e-mail address")) }
}

/// A phone number in the form of E.164: plus, country code, at most 15 digits. Spaces and separators are taken out.
pub(crate) fn phone(field: &str, text: &str) -> Result<String> {
    let number: String = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '.' | '/' | '(' | ')')).collect();
    let is_possible = number.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    if is_possible { Ok(number) } else { Err(Error::invalid(field, "not an international phone number such as +49 30 123456")) }
}

/// Says that a unique key is taken when that is why a statement failed. PostgreSQL has given the transaction up by then,
/// so the caller must fail with it.
pub(crate) fn taken(error: sea_orm::DbErr, field: &str) -> Error {
    match error.sql_err() {
        Some(sea_orm::SqlErr::UniqueConstraintViolation(_)) => Error::invalid(field, "is taken"),
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::{email, language, name, optional, phone};

    #[test]
    fn names_are_trimmed_and_bounded() {
        assert_eq!(name("  Billing ").unwrap(), "Billing");
        assert!(name(&"x".repeat(100)).is_ok());
        assert!(name(&"x".repeat(101)).is_err());
        assert!(name(" \t").is_err());
        assert_eq!(optional("notes", Some("  "), 5).unwrap(), None);
        assert!(optional("notes", Some("123456"), 5).is_err());
    }

    #[test]
    fn addresses_must_be_possible() {
        for good in ["a@example.org", "anna.lena+x@mail.example.co.uk"] {
            assert_eq!(email("email", good).unwrap(), good);
        }
        for bad in ["", "a", "a@", "@b.de", "a@b", "a@b..de", "a b@c.de", "a@b@c.de", "<a@b.de>", "a@b.de,c@d.de"] {
            assert!(email("email", bad).is_err(), "{bad}");
        }
        assert_eq!(phone("phone", "+49 (30) 123-456").unwrap(), "+4930123456");
        for bad in ["030 123456", "+0301234567", "+49", "+4930123456789012", "+49x0123456"] {
            assert!(phone("phone", bad).is_err(), "{bad}");
        }
        for good in ["de", "pt-BR", "zh-Hant-TW"] {
            assert_eq!(language("language", good).unwrap(), good);
        }
        for bad in ["", "d", "de_DE", "de-", "german language"] {
            assert!(language("language", bad).is_err(), "{bad}");
        }
    }
}
