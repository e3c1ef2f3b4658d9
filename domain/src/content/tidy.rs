//! Turns any text that claims to be HTML into well-nested HTML of bounded depth, in one linear pass.
//!
//! This is no security boundary; [`super::sanitise`] is, and it runs on the result. It exists because a real HTML parser
//! takes quadratic time on deep or unclosed nesting, and mail is written by strangers. What a tag is need only be judged
//! well, not perfectly: everything that is not understood becomes text or disappears, and the output is unambiguous.

/// Deepest nesting of elements that is kept; deeper tags are dropped, their text stays.
pub(super) const MAX_DEPTH: usize = 256;

/// Elements that are kept. The sanitiser allows the same ones.
pub(super) const TAGS: &[&str] = &[
    "a",
    "b",
    "strong",
    "i",
    "em",
    "u",
    "s",
    "p",
    "br",
    "div",
    "span",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "blockquote",
    "pre",
    "code",
    "table",
    "thead",
    "tbody",
    "tr",
    "td",
    "th",
    "hr",
    "img",
    "font",
];
/// Elements without content.
const VOID: &[&str] = &["br", "hr", "img"];
/// Elements that disappear with everything in them.
const SKIPPED: &[&str] = &[
    "script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "noscript", "svg", "math", "template", "select",
    "object", "applet", "audio", "video", "canvas",
];
/// Elements that end an open paragraph when they begin.
const BLOCKS: &[&str] = &["p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "pre", "table", "hr", "li"];
/// Elements that hold rows and cells together: an end tag of other elements does not reach through them.
const WALLS: &[&str] = &["td", "th", "table"];

/// Well-nested HTML with the elements of [`TAGS`] only.
pub(super) fn tidy(html: &str) -> String {
    let mut tidy = Tidy { out: String::with_capacity(html.len()), open: Vec::new(), unended: Vec::new() };
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        tidy.text(&rest[..at]);
        rest = tidy.tag(&rest[at..]);
    }
    tidy.text(rest);
    tidy.close_to(0);
    tidy.out
}

struct Tidy {
    out: String,
    open: Vec<&'static str>,
    /// Elements that are known to have no further end tag: looked for once, so that the pass stays linear.
    unended: Vec<&'static str>,
}

impl Tidy {
    fn text(&mut self, text: &str) {
        // NUL is an error everywhere in HTML and means nothing anywhere.
        self.out.extend(text.chars().filter(|c| *c != '\0'));
    }

    /// Takes the tag (or what looks like one) at the start of `rest`; returns what follows.
    fn tag<'a>(&mut self, rest: &'a str) -> &'a str {
        let bytes = rest.as_bytes();
        match bytes.get(1) {
            Some(b'!') if rest.starts_with("<!--") => after(&rest[4..], "-->"),
            Some(b'!' | b'?') => after(rest, ">"),
            Some(b'/') if bytes.get(2).is_some_and(u8::is_ascii_alphabetic) => {
                let (name, tail) = split_name(&rest[2..]);
                if let Some(name) = known(name, TAGS) {
                    self.end(name);
                }
                after(tail, ">")
            }
            Some(b'/') => after(rest, ">"),
            Some(letter) if letter.is_ascii_alphabetic() => {
                let (name, tail) = split_name(&rest[1..]);
                let (attributes, tail, closes_itself) = attributes(tail);
                if let Some(name) = known(name, TAGS) {
                    self.begin(name, &attributes);
                    tail
                } else if let Some(name) = known(name, SKIPPED).filter(|_| !closes_itself) {
                    self.skip(tail, name)
                } else {
                    tail
                }
            }
            _ => {
                self.out.push_str("&lt;");
                &rest[1..]
            }
        }
    }

    /// Skips to after the end tag of an element whose content disappears; only the tag is skipped when it never ends.
    fn skip<'a>(&mut self, text: &'a str, name: &'static str) -> &'a str {
        if !self.unended.contains(&name) {
            let mut from = 0;
            while let Some(at) = text[from..].find("</") {
                let start = from + at + 2;
                let (found, tail) = split_name(&text[start..]);
                if found.eq_ignore_ascii_case(name) {
                    return after(tail, ">");
                }
                from = start;
            }
            self.unended.push(name);
        }
        // Programs and style sheets are never text, ended or not.
        if matches!(name, "script" | "style") { "" } else { text }
    }

    fn begin(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        self.close_implied(name);
        self.open_implied(name);
        let is_void = VOID.contains(&name);
        let is_cell_without_table = matches!(name, "td" | "th" | "tr" | "thead" | "tbody") && !self.open.contains(&"table");
        if is_cell_without_table || !is_void && self.open.len() >= MAX_DEPTH {
            return;
        }
        self.out.push('<');
        self.out.push_str(name);
        for (key, value) in attributes {
            self.out.push(' ');
            self.out.push_str(&key.to_ascii_lowercase());
            self.out.push_str("=\"");
            for c in value.chars().filter(|c| *c != '\0') {
                match c {
                    '"' => self.out.push_str("&quot;"),
                    '<' => self.out.push_str("&lt;"),
                    c => self.out.push(c),
                }
            }
            self.out.push('"');
        }
        self.out.push('>');
        if !is_void {
            self.open.push(name);
        }
    }

    fn end(&mut self, name: &'static str) {
        if let Some(at) = self.find(&[name], if is_table_part(name) { &["table"] } else { WALLS }) {
            self.close_to(at);
        }
    }

    /// Ends what HTML ends by itself when `name` begins.
    fn close_implied(&mut self, name: &'static str) {
        let found = match name {
            "td" | "th" => self.find(&["td", "th"], &["table"]),
            "tr" => self.find(&["tr"], &["table"]),
            "thead" | "tbody" => self.find(&["thead", "tbody"], &["table"]),
            "a" => self.find(&["a"], WALLS),
            "li" => self.find(&["li"], &["ul", "ol", "td", "th", "table", "blockquote", "div"]),
            _ => None,
        };
        if let Some(at) = found {
            self.close_to(at);
        }
        if BLOCKS.contains(&name)
            && let Some(at) = self.find(&["p"], WALLS)
        {
            self.close_to(at);
        }
    }

    /// Begins what a parser would begin by itself before `name`, so that depth is counted as it will be.
    fn open_implied(&mut self, name: &'static str) {
        if !self.open.contains(&"table") {
            return;
        }
        if name == "tr" && self.find(&["thead", "tbody"], &["table"]).is_none() {
            self.begin("tbody", &[]);
        }
        if matches!(name, "td" | "th") && self.find(&["tr"], &["table"]).is_none() {
            self.begin("tr", &[]);
        }
    }

    /// Index of the innermost open element of `names`, unless one of `walls` comes first.
    fn find(&self, names: &[&str], walls: &[&str]) -> Option<usize> {
        for (index, open) in self.open.iter().enumerate().rev() {
            if names.contains(open) {
                return Some(index);
            }
            if walls.contains(open) {
                return None;
            }
        }
        None
    }

    fn close_to(&mut self, length: usize) {
        while self.open.len() > length {
            if let Some(name) = self.open.pop() {
                self.out.push_str("</");
                self.out.push_str(name);
                self.out.push('>');
            }
        }
    }
}

fn is_table_part(name: &str) -> bool {
    matches!(name, "td" | "th" | "tr" | "thead" | "tbody" | "table")
}

fn known(name: &str, names: &'static [&'static str]) -> Option<&'static str> {
    names.iter().find(|known| known.eq_ignore_ascii_case(name)).copied()
}

/// What follows `end`; nothing when it never comes.
fn after<'a>(text: &'a str, end: &str) -> &'a str {
    text.find(end).map_or("", |at| &text[at + end.len()..])
}

fn split_name(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>' | '<')).unwrap_or(text.len());
    text.split_at(end)
}

/// Attributes, what follows the tag, and whether it ended with `/>`.
fn attributes(text: &str) -> (Vec<(&str, &str)>, &str, bool) {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace());
        if let Some(tail) = rest.strip_prefix("/>") {
            return (found, tail, true);
        }
        match rest.as_bytes().first() {
            None => return (found, "", false),
            Some(b'>') => return (found, &rest[1..], false),
            Some(b'/' | b'=' | b'"' | b'\'' | b'<') => {
                rest = &rest[1..];
                continue;
            }
            Some(_) => {}
        }
        let end = rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '/' | '>' | '"' | '\'' | '<')).unwrap_or(rest.len());
        let (name, tail) = rest.split_at(end);
        let (value, tail) = attribute_value(tail);
        // Only plain names, a handful of them: nothing else is allowed later anyway.
        if name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
            && found.len() < 20
            && !found.iter().any(|(known, _)| *known == name)
        {
            found.push((name, value));
        }
        rest = tail;
    }
}

/// Value behind an attribute's name, and what follows.
fn attribute_value(text: &str) -> (&str, &str) {
    let trimmed = text.trim_start_matches(|c: char| c.is_ascii_whitespace());
    let Some(value) = trimmed.strip_prefix('=') else { return ("", text) };
    let value = value.trim_start_matches(|c: char| c.is_ascii_whitespace());
    for quote in ['"', '\''] {
        if let Some(value) = value.strip_prefix(quote) {
            return value.split_once(quote).unwrap_or((value, ""));
        }
    }
    let end = value.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(value.len());
    value.split_at(end)
}
