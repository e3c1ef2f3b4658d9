//! Pictures on other hosts that a message shows: fetched by us, so that the host of the picture learns neither who reads
//! the message nor where. No cookies, no referrer, and nothing but real pictures of a bearable size come back.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::{HeaderMap, HeaderValue, header};
use url::Url;

use super::http::{GuardedClient, HttpFailure, HttpStream};

/// Largest picture, bytes: what mail programs send as newsletters stays far below.
pub const MAX_PICTURE_BYTES: u64 = 8 * 1024 * 1024;

/// Most pixels: beyond them decoding costs a reader's browser hundreds of megabytes.
pub const MAX_PIXELS: usize = 40_000_000;

/// Time for the whole picture.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The forms that browsers show and that cannot carry a program; by their first bytes, whatever their host says.
const SHOWN: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// A picture that may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Media type by its first bytes.
    pub mime: &'static str,
    /// The whole file.
    pub bytes: Bytes,
}

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// The address leads where we do not go.
    #[error("not allowed: {0}")]
    Refused(String),
    /// Nobody answers, or not with a file.
    #[error("not to be had: {0}")]
    Unreachable(String),
    /// More than [`MAX_PICTURE_BYTES`] or [`MAX_PIXELS`].
    #[error("too large")]
    TooLarge,
    /// What came is no picture.
    #[error("not a picture")]
    NoPicture,
}

/// Fetches the picture at an address that a message names.
///
/// An http address is asked over https when plain http is not allowed there: most hosts answer both.
///
/// # Errors
/// [`PictureError`].
pub async fn fetch_picture(client: &GuardedClient, source: &str) -> Result<Picture, PictureError> {
    let url = Url::parse(source).map_err(|_| PictureError::Refused("no web address".to_owned()))?;
    let reply = match ask(client, &url).await {
        Err(HttpFailure::Refused { reason }) => match over_https(&url) {
            Some(secure) => ask(client, &secure).await.map_err(failed)?,
            None => return Err(PictureError::Refused(reason)),
        },
        other => other.map_err(failed)?,
    };
    if reply.status != 200 {
        return Err(PictureError::Unreachable(format!("status {}", reply.status)));
    }
    judge(read(reply).await?)
}

async fn ask(client: &GuardedClient, url: &Url) -> Result<HttpStream, HttpFailure> {
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCEPT, HeaderValue::from_static("image/webp,image/png,image/jpeg,image/gif"));
    client.get_stream(url, headers, TIMEOUT, MAX_PICTURE_BYTES).await
}

fn over_https(url: &Url) -> Option<Url> {
    if url.scheme() != "http" || url.port().is_some() {
        return None;
    }
    let mut secure = url.clone();
    secure.set_scheme("https").ok()?;
    Some(secure)
}

fn failed(failure: HttpFailure) -> PictureError {
    match failure {
        HttpFailure::Refused { reason } => PictureError::Refused(reason),
        HttpFailure::NotSent { reason } | HttpFailure::Ambiguous { reason } => PictureError::Unreachable(reason),
    }
}

async fn read(mut reply: HttpStream) -> Result<Bytes, PictureError> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = reply.body.next().await {
        bytes.extend_from_slice(&chunk.map_err(|error| match error.kind() {
            std::io::ErrorKind::FileTooLarge => PictureError::TooLarge,
            _ => PictureError::Unreachable(error.to_string()),
        })?);
    }
    Ok(bytes.freeze())
}

fn judge(bytes: Bytes) -> Result<Picture, PictureError> {
    let mime = infer::get(&bytes).map(|kind| kind.mime_type()).filter(|mime| SHOWN.contains(mime)).ok_or(PictureError::NoPicture)?;
    let size = imagesize::blob_size(&bytes).map_err(|_| PictureError::NoPicture)?;
    if size.width.saturating_mul(size.height) > MAX_PIXELS {
        return Err(PictureError::TooLarge);
    }
    Ok(Picture { mime, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Bytes {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend(b"\x08\x02\0\0\0CRC!");
        bytes.into()
    }

    #[test]
    fn the_header_decides() {
        assert_eq!(judge(png(8_000, 5_000)).map(|picture| picture.mime), Ok("image/png"));
        assert_eq!(judge(png(8_000, 5_001)), Err(PictureError::TooLarge));
        assert_eq!(judge(png(u32::MAX, u32::MAX)), Err(PictureError::TooLarge));
        let gif = Bytes::from_static(b"GIF89a\x02\0\x03\0\0\0\0;");
        assert_eq!(judge(gif).map(|picture| picture.mime), Ok("image/gif"));
        for other in [&b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..], b"<html>", b"", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n", b"GIF89a"] {
            assert_eq!(judge(Bytes::from_static(other)), Err(PictureError::NoPicture), "{other:?}");
        }
    }

    #[test]
    fn only_plain_http_is_asked_again() {
        let secure = |url: &str| over_https(&Url::parse(url).expect("an address")).map(String::from);
        assert_eq!(secure("http://t.example/p?x=1").as_deref(), Some("https://t.example/p?x=1"));
        assert_eq!(secure("https://t.example/p"), None);
        assert_eq!(secure("http://t.example:8080/p"), None);
    }
}
