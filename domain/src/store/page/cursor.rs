//! The text of a page cursor: the list's mark, then each value behind a byte that says its type.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use sea_orm::{
    prelude::Uuid,
    sea_query::{ColumnType, Value},
};
use sha2::{Digest, Sha256};

/// Longest cursor that is looked at, characters.
const MAX_LENGTH: usize = 2048;

/// Bytes that keep the lists apart.
fn mark(name: &str) -> [u8; 4] {
    let hash = Sha256::digest(name);
    [hash[0], hash[1], hash[2], hash[3]]
}

pub(super) fn encode(name: &str, values: &[Value]) -> String {
    let mut bytes = mark(name).to_vec();
    for value in values {
        match value {
            Value::SmallInt(Some(number)) => number_into(&mut bytes, b'i', i64::from(*number)),
            Value::Int(Some(number)) => number_into(&mut bytes, b'i', i64::from(*number)),
            Value::BigInt(Some(number)) => number_into(&mut bytes, b'i', *number),
            Value::ChronoDateTimeUtc(Some(time)) => number_into(&mut bytes, b't', time.timestamp_micros()),
            Value::Uuid(Some(id)) => {
                bytes.push(b'u');
                bytes.extend(id.as_bytes());
            }
            Value::String(Some(text)) => {
                bytes.push(b's');
                bytes.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
                bytes.extend(text.as_bytes());
            }
            // Sorts are made of columns that are not null and of these types; decoding refuses everything else.
            _ => bytes.push(b'?'),
        }
    }
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn number_into(bytes: &mut Vec<u8>, tag: u8, number: i64) {
    bytes.push(tag);
    bytes.extend(number.to_be_bytes());
}

pub(super) fn decode(name: &str, types: &[ColumnType], text: &str) -> Option<Vec<Value>> {
    if text.len() > MAX_LENGTH {
        return None;
    }
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    let mut rest = bytes.strip_prefix(&mark(name))?;
    let values = types.iter().map(|expected| value_from(expected, &mut rest)).collect::<Option<Vec<_>>>()?;
    rest.is_empty().then_some(values)
}

fn value_from(expected: &ColumnType, rest: &mut &[u8]) -> Option<Value> {
    let (tag, after) = rest.split_first()?;
    *rest = after;
    match (tag, expected) {
        (b'i', ColumnType::SmallInteger) => Some(Value::from(i16::try_from(number_from(rest)?).ok()?)),
        (b'i', ColumnType::Integer) => Some(Value::from(i32::try_from(number_from(rest)?).ok()?)),
        (b'i', ColumnType::BigInteger) => Some(Value::from(number_from(rest)?)),
        (b't', ColumnType::TimestampWithTimeZone) => Some(Value::from(DateTime::<Utc>::from_timestamp_micros(number_from(rest)?)?)),
        (b'u', ColumnType::Uuid) => Some(Value::from(Uuid::from_slice(take(rest, 16)?).ok()?)),
        (b's', ColumnType::String(_) | ColumnType::Text) => {
            let length = u32::from_be_bytes(take(rest, 4)?.try_into().ok()?);
            Some(Value::from(std::str::from_utf8(take(rest, length as usize)?).ok()?))
        }
        _ => None,
    }
}

fn number_from(rest: &mut &[u8]) -> Option<i64> {
    take(rest, 8)?.try_into().ok().map(i64::from_be_bytes)
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(count)?;
    *rest = after;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_of_one_list_only() {
        let types = [ColumnType::TimestampWithTimeZone, ColumnType::Text, ColumnType::SmallInteger, ColumnType::Uuid];
        let time = DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap();
        let values = [Value::from(time), Value::from("Grüße"), Value::from(3_i16), Value::from(Uuid::from_u128(7))];
        let text = encode("list", &values);
        assert_eq!(decode("list", &types, &text).unwrap(), values);

        assert_eq!(decode("other", &types, &text), None);
        assert_eq!(decode("list", &types[..3], &text), None, "too many values");
        assert_eq!(decode("list", &[ColumnType::Uuid, ColumnType::Text, ColumnType::SmallInteger, ColumnType::Uuid], &text), None);
        for cut in 0..text.len() {
            assert_eq!(decode("list", &types, &text[..cut]), None, "cut at {cut}");
        }
        assert_eq!(decode("list", &types, "%%%"), None);
        assert_eq!(decode("list", &types, &"A".repeat(5000)), None);
    }
}
