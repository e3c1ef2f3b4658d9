//! Takes out of pictures, while they stream, what their makers wrote beside the picture: place, time, device.
//!
//! JPEG loses EXIF, XMP and IPTC except the orientation, PNG its EXIF and text chunks. Both are sequences of pieces with
//! their lengths in front, so never more than one piece of a JPEG (64 KiB) is held. Other files pass unchanged. What
//! looks broken passes unchanged from there on: judging pictures is the business of those who show them.

use bytes::{Buf, Bytes, BytesMut};

/// Bytes by which a picture is known.
const KNOWN_BY: usize = 8;
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// A picture on its way.
#[derive(Default)]
pub(super) struct Cleaner {
    held: BytesMut,
    state: State,
    size: Option<(u32, u32)>,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Unknown,
    /// Between two segments.
    Jpeg,
    /// Between two chunks.
    Png,
    /// Inside a chunk: so many bytes of it are kept or dropped.
    Inside { left: u64, is_kept: bool },
    /// Everything passes.
    Open,
}

impl Cleaner {
    /// What may be stored now, having read `bytes` too.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Bytes {
        self.held.extend_from_slice(bytes);
        let mut out = BytesMut::with_capacity(bytes.len());
        while self.step(&mut out) {}
        out.freeze()
    }

    /// What is still held when the file has ended.
    pub(super) fn finish(&mut self) -> Bytes {
        std::mem::take(&mut self.held).freeze()
    }

    /// Width and height in pixels, once they were seen.
    pub(super) fn size(&self) -> Option<(u32, u32)> {
        self.size
    }

    /// Works on one piece; `false` when more bytes are needed.
    fn step(&mut self, out: &mut BytesMut) -> bool {
        match self.state {
            State::Unknown if self.held.len() < KNOWN_BY => false,
            State::Unknown => {
                let taken = if self.held.starts_with(PNG) { KNOWN_BY } else { 2 };
                self.state = match () {
                    () if self.held.starts_with(PNG) => State::Png,
                    () if self.held.starts_with(b"\xff\xd8\xff") => State::Jpeg,
                    () => State::Open,
                };
                if self.state != State::Open {
                    out.extend_from_slice(&self.held.split_to(taken));
                }
                true
            }
            State::Jpeg => self.segment(out),
            State::Png => self.chunk(),
            State::Inside { left, is_kept } => {
                let taken = usize::try_from(left).map_or(self.held.len(), |left| left.min(self.held.len()));
                let piece = self.held.split_to(taken);
                if is_kept {
                    out.extend_from_slice(&piece);
                }
                let left = left - taken as u64;
                self.state = if left == 0 { State::Png } else { State::Inside { left, is_kept } };
                left == 0
            }
            State::Open => {
                out.extend_from_slice(&self.held.split());
                false
            }
        }
    }

    /// `FF marker length…`; the picture itself begins with the marker DA.
    fn segment(&mut self, out: &mut BytesMut) -> bool {
        if self.held.len() < 4 {
            return false;
        }
        let (begin, marker) = (self.held[0], self.held[1]);
        let length = usize::from(u16::from_be_bytes([self.held[2], self.held[3]]));
        if begin != 0xFF || length < 2 || marker == 0xDA {
            self.state = State::Open;
            return true;
        }
        if self.held.len() < length + 2 {
            return false;
        }
        let segment = self.held.split_to(length + 2);
        match marker {
            0xE1 => {
                if let Some(turned) = orientation(&segment[4..]) {
                    out.extend_from_slice(&only_orientation(turned));
                }
            }
            0xED => {}
            _ => out.extend_from_slice(&segment),
        }
        // Start of frame, except the three markers among them that mean other things.
        if matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC) && segment.len() >= 9 {
            let number = |at: usize| u32::from(u16::from_be_bytes([segment[at], segment[at + 1]]));
            self.size = Some((number(7), number(5)));
        }
        true
    }

    /// `length type data checksum`.
    fn chunk(&mut self) -> bool {
        if self.held.len() < 8 {
            return false;
        }
        let mut head = &self.held[..8];
        let length = head.get_u32();
        let is_kept = !matches!(head, b"eXIf" | b"tEXt" | b"zTXt" | b"iTXt" | b"tIME");
        if head == b"IHDR" {
            if self.held.len() < 16 {
                return false;
            }
            let mut numbers = &self.held[8..16];
            self.size = Some((numbers.get_u32(), numbers.get_u32()));
        }
        if !head.iter().all(u8::is_ascii_alphabetic) {
            self.state = State::Open;
            return true;
        }
        self.state = State::Inside { left: u64::from(length) + 12, is_kept };
        true
    }
}

/// How the picture is to be turned (1 to 8), if the EXIF data says so.
fn orientation(data: &[u8]) -> Option<u8> {
    let tiff = data.strip_prefix(b"Exif\0\0")?;
    let is_little = tiff.starts_with(b"II");
    let short = |at: usize| -> Option<u16> {
        let bytes = [*tiff.get(at)?, *tiff.get(at + 1)?];
        Some(if is_little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let long = |at: usize| -> Option<u32> {
        let bytes: [u8; 4] = tiff.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if is_little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    };
    let directory = usize::try_from(long(4)?).ok()?.min(data.len());
    let entries = usize::from(short(directory)?);
    (0..entries).map(|entry| directory + 2 + entry * 12).take_while(|at| *at < tiff.len()).find_map(|at| {
        let value = (short(at)? == 0x0112).then(|| short(at + 8)).flatten()?;
        u8::try_from(value).ok().filter(|value| (2..=8).contains(value))
    })
}

/// EXIF data that says nothing else.
fn only_orientation(turned: u8) -> [u8; 36] {
    let mut segment = *b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0";
    segment[29] = turned;
    segment
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(file: &[u8], piece: usize) -> (Vec<u8>, Option<(u32, u32)>) {
        let mut cleaner = Cleaner::default();
        let mut out: Vec<u8> = file.chunks(piece).flat_map(|part| cleaner.push(part).to_vec()).collect();
        out.extend(cleaner.finish());
        (out, cleaner.size())
    }

    fn jpeg(app1: &[u8]) -> Vec<u8> {
        let mut file = b"\xff\xd8\xff\xe0\x00\x04ab".to_vec();
        if !app1.is_empty() {
            file.extend_from_slice(b"\xff\xe1");
            file.extend_from_slice(&u16::try_from(app1.len() + 2).expect("short").to_be_bytes());
            file.extend_from_slice(app1);
        }
        file.extend_from_slice(b"\xff\xc0\x00\x0b\x08\x00\x10\x00\x20\x01\x01\x11\x00");
        file.extend_from_slice(b"\xff\xda\x00\x02picture \xff\xe1\x00\x04xx\xff\xd9");
        file
    }

    #[test]
    fn a_jpeg_loses_its_place_and_keeps_its_picture() {
        for piece in [1, 7, 4096] {
            let (out, size) = clean(&jpeg(b"Exif\0\0MM\0\x2a\0\0\0\x08\0\0 GPS 52.5"), piece);
            assert_eq!(out, jpeg(b""), "{piece}");
            assert_eq!(size, Some((32, 16)));
            assert_eq!(clean(&jpeg(b"http://ns.adobe.com/xap/1.0/\0<x/>"), piece).0, jpeg(b""));
        }
    }

    #[test]
    fn a_turned_jpeg_stays_turned() {
        let little = b"Exif\0\0II\x2a\0\x08\0\0\0\x02\0\x0f\x01\x02\0\x04\0\0\0ACME\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        let (out, _) = clean(&jpeg(little), 5);
        assert!(!out.windows(4).any(|four| four == b"ACME"));
        let at = out.windows(4).position(|four| four == b"Exif").expect("kept");
        assert_eq!(orientation(&out[at..]), Some(6));
        assert_eq!(usize::from(u16::from_be_bytes([out[at - 2], out[at - 1]])), only_orientation(6).len() - 2);
    }

    #[test]
    fn a_png_loses_its_texts() {
        let chunk = |kind: &[u8], data: &[u8]| {
            let length = u32::try_from(data.len()).expect("short").to_be_bytes();
            [&length[..], kind, data, b"CRC!"].concat()
        };
        let head = chunk(b"IHDR", b"\0\0\x01\0\0\0\0\x80\x08\x02\0\0\0");
        let whole =
            [PNG, &head, &chunk(b"tEXt", b"Author\0Mara"), &chunk(b"IDAT", &[7; 300]), &chunk(b"eXIf", b"MM"), &chunk(b"IEND", b"")]
                .concat();
        let bare = [PNG, &head, &chunk(b"IDAT", &[7; 300]), &chunk(b"IEND", b"")].concat();
        for piece in [1, 11, 4096] {
            assert_eq!(clean(&whole, piece), (bare.clone(), Some((256, 128))), "{piece}");
        }
    }

    #[test]
    fn everything_else_passes_unchanged() {
        for file in [
            &b""[..],
            b"x",
            b"%PDF-1.7 something",
            b"\xff\xd8\xff",
            b"\xff\xd8\xff\xe0\x00\x00broken from here on",
            b"\x89PNG\r\n\x1a\n\0\0\0\x01\0\0\0\0more",
        ] {
            for piece in [1, 3, 4096] {
                assert_eq!(clean(file, piece).0, file, "{file:?}");
            }
        }
    }

    #[test]
    fn hostile_directories_end() {
        for data in [&b"Exif\0\0MM\0\x2a\xff\xff\xff\xff"[..], b"Exif\0\0MM\0\x2a\0\0\0\x08\xff\xff", b"Exif\0\0", b"Exif\0\0II"] {
            assert_eq!(orientation(data), None);
        }
    }
}
