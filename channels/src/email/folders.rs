//! Names of folders.

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

/// A folder's name as IMAP writes it: modified UTF-7 (RFC 3501 5.1.3) when it holds anything outside of ASCII.
pub(super) fn folder_name(name: &str) -> String {
    if name.is_ascii() {
        return name.to_owned();
    }
    let mut out = String::new();
    let mut foreign: Vec<u8> = Vec::new();
    let flush = |out: &mut String, foreign: &mut Vec<u8>| {
        if !foreign.is_empty() {
            out.push_str(&format!("&{}-", STANDARD_NO_PAD.encode(&*foreign).replace('/', ",")));
            foreign.clear();
        }
    };
    for c in name.chars() {
        if matches!(c, ' '..='~') {
            flush(&mut out, &mut foreign);
            out.push(c);
            if c == '&' {
                out.push('-');
            }
        } else {
            foreign.extend(c.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    flush(&mut out, &mut foreign);
    out
}

#[cfg(test)]
mod tests {
    use super::folder_name;

    #[test]
    fn folders_are_named_as_the_standard_shows() {
        assert_eq!(folder_name("Sent & done"), "Sent & done");
        assert_eq!(folder_name("~peter/mail/台北/日本語"), "~peter/mail/&U,BTFw-/&ZeVnLIqe-");
        assert_eq!(folder_name("Envoyés & gelöscht"), "Envoy&AOk-s &- gel&APY-scht");
    }
}
