//! Small real files for the demo's messages, made in code: landscapes as PNG and letters as PDF.
//!
//! They are put into the media store before the transaction opens, because that may be a call over the network. When the
//! transaction then fails, they stay behind as unused files.

use std::fmt::Write;

use bytes::Bytes;
use tributary_domain::{
    ids::{AttachmentId, WorkspaceId},
    media::{MediaStore, StoredFile},
    random,
};

/// Size of the pictures, pixels.
const WIDTH: u32 = 240;
/// Size of the pictures, pixels.
const HEIGHT: u32 = 150;
/// Largest demo file, bytes; they are a quarter of it.
const CAP_BYTES: u64 = 200_000;

/// A file in the media store that no message has yet.
#[derive(Debug, Clone)]
pub(super) struct Ready {
    pub id: AttachmentId,
    pub name: String,
    pub stored: StoredFile,
    /// Width and height of a picture, pixels.
    pub size: Option<(i32, i32)>,
}

/// What a message of a story brings along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileKind {
    /// A photo.
    Picture,
    /// A letter.
    Letter,
}

/// Makes a file and stores it.
pub(super) async fn store(media: &MediaStore, workspace: WorkspaceId, kind: FileKind, number: usize) -> tributary_domain::Result<Ready> {
    let id: AttachmentId = random::id();
    let (name, bytes, size) = match kind {
        FileKind::Picture => {
            let size = (i32::try_from(WIDTH).unwrap_or_default(), i32::try_from(HEIGHT).unwrap_or_default());
            (format!("IMG_{:04}.png", 2300 + number * 7), picture(number), Some(size))
        }
        FileKind::Letter => {
            let title = format!("Nordlicht Outdoor - Document {}", 70_000 + number * 13);
            (format!("nordlicht-{}.pdf", 70_000 + number * 13), letter(&title), None)
        }
    };
    let stream = futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::from(bytes))]);
    let stored = media.put(workspace, id, stream, CAP_BYTES).await?;
    Ok(Ready { id, name, stored, size })
}

/// A landscape: sky, sun, two ranges of hills; another one for each number.
fn picture(number: usize) -> Vec<u8> {
    const SKIES: [[u8; 3]; 4] = [[120, 170, 220], [240, 170, 110], [90, 110, 160], [170, 200, 210]];
    let sky = SKIES[number % SKIES.len()];
    let turn = number as f64 * 0.9;
    let hill = |x: u32, base: f64, swing: f64, phase: f64| base + swing * (f64::from(x) / 31.0 + turn + phase).sin();
    let sun = (40.0 + f64::from(u32::try_from(number % 6).unwrap_or_default()) * 30.0, 38.0);
    let mut rows = Vec::with_capacity(((WIDTH + 1) * HEIGHT) as usize);
    for y in 0..HEIGHT {
        // Every row begins with its filter: none.
        rows.push(0);
        for x in 0..WIDTH {
            let (fx, fy) = (f64::from(x), f64::from(y));
            let colour = if fy > hill(x, 118.0, 9.0, 1.3) {
                1
            } else if fy > hill(x, 92.0, 16.0, 0.0) {
                2
            } else if (fx - sun.0).hypot(fy - sun.1) < 14.0 {
                3
            } else {
                4 + u8::try_from(y / 12).unwrap_or_default()
            };
            rows.push(colour);
        }
    }
    let mut palette = vec![0, 0, 0, 44, 74, 52, 84, 112, 96, 255, 236, 170];
    for step in 0..13_u8 {
        palette.extend(sky.map(|part| part.saturating_add(step * 7)));
    }
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let header: Vec<u8> = [&WIDTH.to_be_bytes()[..], &HEIGHT.to_be_bytes()[..], &[8, 3, 0, 0, 0]].concat();
    chunk(&mut png, b"IHDR", &header);
    chunk(&mut png, b"PLTE", &palette);
    chunk(&mut png, b"IDAT", &zlib_stored(&rows));
    chunk(&mut png, b"IEND", &[]);
    png
}

fn chunk(png: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    png.extend(u32::try_from(data.len()).unwrap_or_default().to_be_bytes());
    let start = png.len();
    png.extend(kind);
    png.extend(data);
    let check = crc32(&png[start..]);
    png.extend(check.to_be_bytes());
}

/// A zlib stream of uncompressed blocks (RFC 1950, RFC 1951 section 3.2.4): no library for a few pictures.
fn zlib_stored(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let blocks = data.chunks(u16::MAX as usize);
    let last = blocks.len().saturating_sub(1);
    for (index, block) in blocks.enumerate() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        out.push(u8::from(index == last));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in data {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    out.extend((high << 16 | low).to_be_bytes());
    out
}

/// As PNG wants it (ISO 3309).
fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(u32::MAX, |mut crc, byte| {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
        crc
    })
}

/// One page with one line of ASCII text.
fn letter(title: &str) -> Vec<u8> {
    let text = format!("BT /F1 16 Tf 60 760 Td ({title}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{text}\nendstream", text.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut pdf = "%PDF-1.4\n".to_owned();
    let mut places = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        places.push(pdf.len());
        write(&mut pdf, format_args!("{} 0 obj\n{object}\nendobj\n", index + 1));
    }
    let table = pdf.len();
    write(&mut pdf, format_args!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1));
    for place in places {
        write(&mut pdf, format_args!("{place:010} 00000 n \n"));
    }
    write(&mut pdf, format_args!("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n", objects.len() + 1));
    pdf.into_bytes()
}

fn write(pdf: &mut String, text: std::fmt::Arguments<'_>) {
    pdf.write_fmt(text).expect("writing into a text cannot fail");
}

#[cfg(test)]
mod tests {
    use super::{crc32, letter, picture, zlib_stored};

    #[test]
    fn files_are_what_they_claim() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926, "the check value of the standard");
        assert_eq!(zlib_stored(b"Wikipedia")[..7], [0x78, 1, 1, 9, 0, 0xf6, 0xff]);
        assert_eq!(zlib_stored(b"Wikipedia")[16..], 0x11e6_0398_u32.to_be_bytes(), "the known Adler-32 of this word");
        let (one, other) = (picture(1), picture(2));
        assert!(one.starts_with(b"\x89PNG\r\n\x1a\n") && one != other && one.len() < 60_000);
        let pdf = String::from_utf8(letter("Nordlicht")).expect("ASCII");
        let table: usize = pdf.split("startxref\n").nth(1).and_then(|rest| rest.lines().next()).expect("a table").parse().expect("a place");
        assert!(pdf[table..].starts_with("xref\n0 6"));
    }
}
