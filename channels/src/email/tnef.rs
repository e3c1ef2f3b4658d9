//! `winmail.dat`: the files inside of it (MS-OXTNEF 2.1, attributes of level "attachment").

/// First bytes of the format.
const SIGNATURE: u32 = 0x223E_9F78;

/// Begins a new file.
const ATT_REND_DATA: u32 = 0x0006_9002;

/// Name of the file, in the sender's code page.
const ATT_TITLE: u32 = 0x0001_8010;

/// Bytes of the file.
const ATT_DATA: u32 = 0x0006_800F;

/// Most files that are taken out.
const MAX_FILES: usize = 100;

/// A file that was packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Packed {
    pub(super) name: Option<String>,
    pub(super) bytes: Vec<u8>,
}

/// The files in a `winmail.dat`; empty when it holds none or is broken before the first.
pub(super) fn unpack(data: &[u8]) -> Vec<Packed> {
    let mut files: Vec<Packed> = Vec::new();
    // Signature and a key that means nothing.
    let Some(mut rest) = (u32_at(data, 0) == Some(SIGNATURE)).then(|| data.get(6..)).flatten() else { return files };
    while let Some((id, value, after)) = attribute(rest) {
        match id {
            ATT_REND_DATA if files.len() < MAX_FILES => files.push(Packed { name: None, bytes: Vec::new() }),
            ATT_TITLE => {
                let name: String = value.iter().take_while(|byte| **byte != 0).map(|byte| char::from(*byte)).collect();
                if let Some(file) = files.last_mut() {
                    file.name = Some(name);
                }
            }
            ATT_DATA => {
                if let Some(file) = files.last_mut() {
                    file.bytes = value.to_vec();
                }
            }
            _ => {}
        }
        rest = after;
    }
    files.retain(|file| !file.bytes.is_empty());
    files
}

/// Level (1 byte), id (4), length (4), value, checksum (2).
fn attribute(data: &[u8]) -> Option<(u32, &[u8], &[u8])> {
    let id = u32_at(data, 1)?;
    let length = usize::try_from(u32_at(data, 5)?).ok()?;
    let value = data.get(9..9_usize.checked_add(length)?)?;
    Some((id, value, data.get(9 + length + 2..)?))
}

fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(data.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
pub(super) fn pack(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = SIGNATURE.to_le_bytes().to_vec();
    out.extend([1, 0]);
    let mut put = |id: u32, value: &[u8]| {
        out.push(2);
        out.extend(id.to_le_bytes());
        out.extend(u32::try_from(value.len()).expect("a small value").to_le_bytes());
        out.extend(value);
        out.extend([0, 0]);
    };
    for (name, bytes) in files {
        put(ATT_REND_DATA, &[0; 14]);
        put(ATT_TITLE, format!("{name}\0").as_bytes());
        put(ATT_DATA, bytes);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Packed, pack, unpack};

    #[test]
    fn packed_files_come_out() {
        let packed = pack(&[("plan.pdf", b"%PDF-1.4"), ("b.txt", b"hello")]);
        let names: Vec<_> = unpack(&packed).into_iter().map(|file| file.name).collect();
        assert_eq!(names, [Some("plan.pdf".to_owned()), Some("b.txt".to_owned())]);
        // A cut file gives what came before the cut.
        assert_eq!(unpack(&packed[..packed.len() - 8]), [Packed { name: Some("plan.pdf".into()), bytes: b"%PDF-1.4".to_vec() }]);
        assert_eq!(unpack(b"no tnef"), []);
    }
}
