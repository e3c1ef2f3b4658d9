//! What the receiving server says about the sender: `Authentication-Results` (RFC 8601).

use mail_parser::Message;
use tributary_domain::outbound::OpenChannel;

use super::text::raw_headers;

/// The proofs that are looked at, in the order in which they are told.
const PROOFS: [&str; 3] = ["spf", "dkim", "dmarc"];

/// The proofs that failed. Believed are only headers of the server that is set as ours, because anybody can write one:
/// our server removes those that claim to be its own.
pub(super) fn failed_proofs(channel: &OpenChannel, message: &Message<'_>) -> Vec<String> {
    let Some(ours) = channel.text("authserv_id") else { return Vec::new() };
    let headers = raw_headers(message, "Authentication-Results");
    let results: Vec<String> =
        headers.filter(|value| server_of(value).is_some_and(|server| server.eq_ignore_ascii_case(ours.trim()))).collect();
    let failed = |proof: &&&str| results.iter().flat_map(|value| value.split(';').skip(1)).any(|result| has_failed(result, proof));
    PROOFS.iter().filter(failed).map(|proof| proof.to_ascii_uppercase()).collect()
}

fn server_of(value: &str) -> Option<&str> {
    value.split(';').next()?.split_whitespace().next()
}

/// Whether `dkim=fail (reason) header.d=…` is a failure of this proof. Neutral and missing proofs are none.
fn has_failed(result: &str, proof: &str) -> bool {
    let mut words = result.trim().split(|c: char| c.is_whitespace() || c == '(');
    words.next().and_then(|word| word.split_once('=')).is_some_and(|(method, outcome)| {
        let method = method.split('/').next().unwrap_or_default();
        method.eq_ignore_ascii_case(proof) && ["fail", "hardfail"].iter().any(|fail| outcome.eq_ignore_ascii_case(fail))
    })
}

#[cfg(test)]
mod tests {
    use mail_parser::MessageParser;

    use super::*;
    use crate::email::corpus::channel;

    fn failed(server: Option<&str>, headers: &str) -> Vec<String> {
        let mut channel = channel();
        if let Some(server) = server {
            channel.settings.insert("authserv_id".to_owned(), server.into());
        }
        let mail = format!("{headers}From: a@x.example\r\n\r\nx\r\n");
        failed_proofs(&channel, &MessageParser::default().parse(mail.as_bytes()).expect("a mail"))
    }

    #[test]
    fn only_our_own_server_is_believed() {
        let mail = "Authentication-Results: mx.example.test 1;\r\n spf=softfail smtp.mailfrom=x.example;\r\n\
                    \tdkim=fail (bad signature; really) header.d=x.example;\r\n dmarc=FAIL(p=reject) header.from=x.example\r\n\
                    Authentication-Results: mx.elsewhere.test; spf=fail\r\n";
        assert_eq!(failed(Some("MX.example.test"), mail), ["DKIM", "DMARC"]);
        assert_eq!(failed(Some("mx.elsewhere.test"), mail), ["SPF"]);
        assert_eq!(failed(Some("example.test"), mail), [""; 0]);
        assert_eq!(failed(None, mail), [""; 0]);
        assert_eq!(failed(Some("mx.example.test"), "Authentication-Results: mx.example.test; none\r\n"), [""; 0]);
        assert_eq!(failed(Some("mx.example.test"), "Authentication-Results: mx.example.test; dkim=pass x=dkim=fail\r\n"), [""; 0]);
    }
}
