//! What Redis sends, cut into frames (RESP3), so that what was published can be told from everything else.

/// How frames begin that bring what was published. Confirmations of subscriptions are pushed too, and are none of these.
const PUBLISHED: [&[u8]; 2] = [b">3\r\n$7\r\nmessage\r\n", b">3\r\n$8\r\nsmessage\r\n"];

/// Follows one connection from its first byte.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// The frame that is not complete yet.
    frame: Vec<u8>,
    /// Where its last line begins.
    line: usize,
    /// Bytes of a text that are still to come.
    text: usize,
    /// Values that are still to come, of each list in another one.
    open: Vec<usize>,
}

impl Frames {
    /// Replaces bytes in whatever portions they come by the frames that are complete now. Leaves out what was published if
    /// `loses`, and gives the number of that.
    pub(super) fn pass(&mut self, bytes: &mut Vec<u8>, loses: bool) -> usize {
        let mut lost = 0;
        for byte in std::mem::take(bytes) {
            self.frame.push(byte);
            if !self.ends() {
                continue;
            }
            if loses && PUBLISHED.iter().any(|start| self.frame.starts_with(start)) {
                lost += 1;
            } else {
                bytes.extend_from_slice(&self.frame);
            }
            *self = Self::default();
        }
        lost
    }

    /// Whether the byte that was added last ends the frame.
    fn ends(&mut self) -> bool {
        if self.text > 0 {
            self.text -= 1;
            return self.text == 0 && self.ends_value();
        }
        let line = &self.frame[self.line..];
        if !line.ends_with(b"\r\n") {
            return false;
        }
        let kind = line[0];
        let number = std::str::from_utf8(&line[1..line.len() - 2]).ok().and_then(|text| text.parse::<usize>().ok());
        self.line = self.frame.len();
        match (kind, number) {
            (b'$' | b'=' | b'!', Some(length)) => {
                self.text = length + 2;
                false
            }
            (b'*' | b'~' | b'>', Some(count)) if count > 0 => {
                self.open.push(count);
                false
            }
            (b'%', Some(count)) if count > 0 => {
                self.open.push(count * 2);
                false
            }
            // A value of one line, an empty list, or none (a length below zero).
            _ => self.ends_value(),
        }
    }

    fn ends_value(&mut self) -> bool {
        self.line = self.frame.len();
        while let Some(left) = self.open.last_mut() {
            *left -= 1;
            if *left > 0 {
                return false;
            }
            self.open.pop();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: [&str; 9] = [
        "+OK\r\n",
        ">3\r\n$7\r\nmessage\r\n$2\r\nch\r\n$4\r\n\r\n>3\r\n",
        "%2\r\n+a\r\n*0\r\n+b\r\n*2\r\n:1\r\n$-1\r\n",
        ">3\r\n$9\r\nsubscribe\r\n$2\r\nch\r\n:1\r\n",
        ">3\r\n$8\r\nsmessage\r\n$2\r\nch\r\n$0\r\n\r\n",
        "$7\r\nmessage\r\n",
        "_\r\n",
        "*1\r\n*3\r\n$7\r\nmessage\r\n$2\r\nch\r\n$1\r\n1\r\n",
        "-ERR no\r\n",
    ];

    /// Handed over in portions of that many bytes.
    fn passed(portion: usize, loses: bool) -> (String, usize) {
        let (mut frames, mut passed, mut lost) = (Frames::default(), Vec::new(), 0);
        for bytes in SENT.concat().as_bytes().chunks(portion) {
            let mut bytes = bytes.to_vec();
            lost += frames.pass(&mut bytes, loses);
            passed.extend(bytes);
        }
        (String::from_utf8(passed).unwrap(), lost)
    }

    #[test]
    fn only_what_was_published_is_lost_however_the_bytes_come() {
        let left: String = SENT.iter().enumerate().filter(|(at, _)| ![1, 4].contains(at)).map(|(_, frame)| *frame).collect();
        for portion in 1..SENT.concat().len() {
            assert_eq!(passed(portion, false), (SENT.concat(), 0), "{portion}");
            assert_eq!(passed(portion, true), (left.clone(), 2), "{portion}");
        }
    }
}
