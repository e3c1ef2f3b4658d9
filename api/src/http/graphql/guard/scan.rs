//! Size and nesting of a document's text, before anything recursive sees it.

use super::{DocumentLimits, at_most};
use crate::http::graphql::error::Fault;

/// One pass over the bytes. Does not judge whether the text is well-formed; the parser does.
pub(super) fn scan(query: &str, limits: &DocumentLimits) -> Result<(), Fault> {
    let bytes = query.as_bytes();
    let (mut at, mut tokens, mut nesting) = (0, 0, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => {
                at += 1;
                continue;
            }
            b'#' => {
                at += bytes[at..].iter().take_while(|byte| !matches!(byte, b'\n' | b'\r')).count();
                continue;
            }
            b'"' => at = end_of_string(bytes, at),
            b'{' | b'(' | b'[' => {
                nesting += 1;
                at_most("LIMIT_NESTING", "brackets inside each other", nesting, limits.nesting, None)?;
                at += 1;
            }
            b'}' | b')' | b']' => {
                nesting = nesting.saturating_sub(1);
                at += 1;
            }
            b'.' => at += bytes[at..].iter().take_while(|byte| **byte == b'.').count(),
            _ => at += bytes[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count().max(1),
        }
        tokens += 1;
        at_most("LIMIT_TOKENS", "words and signs in the document", tokens, limits.tokens, None)?;
    }
    Ok(())
}

/// Index after the string that begins at `start`; the end of the text when it is never closed.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let is_block = bytes[start..].starts_with(b"\"\"\"");
    let mut at = start + if is_block { 3 } else { 1 };
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' if is_block && bytes[at + 1..].starts_with(b"\"\"\"") => at += 4,
            b'\\' if !is_block => at += 2,
            b'"' if is_block && bytes[at..].starts_with(b"\"\"\"") => return at + 3,
            b'"' if !is_block => return at + 1,
            // A string ends with its line at the latest; otherwise an unclosed one would hide the nesting after it.
            b'\n' | b'\r' if !is_block => return at,
            _ => at += 1,
        }
    }
    bytes.len()
}
