//! From one way of writing formatted text to another: HTML, Markdown, plain text. Never fails; links keep their address.

use super::sanitise::sanitise_html;

/// Markdown as sanitised HTML.
#[must_use]
pub fn markdown_to_html(markdown: &str) -> String {
    use pulldown_cmark::{Options, Parser, html};
    let mut html = String::with_capacity(markdown.len() * 2);
    html::push_html(&mut html, Parser::new_ext(markdown, Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES));
    sanitise_html(&html.replace("<del>", "<s>").replace("</del>", "</s>")).html.trim_end().to_owned()
}

/// Markdown as plain text.
#[must_use]
pub fn markdown_to_text(markdown: &str) -> String {
    write(&markdown_to_html(markdown), Style::Text)
}

/// HTML as plain text: paragraphs as empty lines, lists with marks, links with their address.
#[must_use]
pub fn html_to_text(html: &str) -> String {
    write(&sanitise_html(html).html, Style::Text)
}

/// HTML as Markdown.
#[must_use]
pub fn html_to_markdown(html: &str) -> String {
    write(&sanitise_html(html).html, Style::Markdown)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Text,
    Markdown,
}

/// Writes sanitised HTML out. The sanitiser's output is well-nested and written in one way only, so a scan of its tags
/// is enough, takes linear time and has no depth to fall into.
fn write(html: &str, style: Style) -> String {
    let mut writer = Writer::new(style);
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        writer.text(&decode(&rest[..at]));
        let tag = &rest[at + 1..];
        let end = tag_end(tag);
        writer.tag(&tag[..end]);
        rest = tag.get(end + 1..).unwrap_or_default();
    }
    writer.text(&decode(rest));
    writer.finish()
}

/// Where the `>` of a tag is: the first one outside quotes.
fn tag_end(tag: &str) -> usize {
    let mut is_quoted = false;
    tag.bytes()
        .position(|c| {
            is_quoted ^= c == b'"';
            c == b'>' && !is_quoted
        })
        .unwrap_or(tag.len())
}

/// The five references that the sanitiser writes.
fn decode(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&nbsp;", " ").replace("&amp;", "&")
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, value) = tag.split_once(&format!(" {name}=\""))?;
    Some(decode(value.split('"').next().unwrap_or_default()))
}

/// Bold, italic, struck out, code: written when the first word comes, so that marks touch their words.
struct Mark {
    name: &'static str,
    mark: &'static str,
    is_written: bool,
}

struct Writer {
    style: Style,
    out: String,
    newlines: usize,
    has_space: bool,
    marks: Vec<Mark>,
    links: Vec<(String, usize)>,
    lists: Vec<Option<u64>>,
    bullet: Option<String>,
    quotes: usize,
    /// Quote depth of the last line written: an empty line is inside a quote only when both its neighbours are.
    quotes_above: usize,
    preformatted: usize,
    code: usize,
    is_first_cell: bool,
}

impl Writer {
    fn new(style: Style) -> Self {
        Self {
            style,
            out: String::new(),
            newlines: 0,
            has_space: false,
            marks: Vec::new(),
            links: Vec::new(),
            lists: Vec::new(),
            bullet: None,
            quotes: 0,
            quotes_above: 0,
            preformatted: 0,
            code: 0,
            is_first_cell: true,
        }
    }

    fn text(&mut self, text: &str) {
        if self.preformatted > 0 {
            for (index, line) in text.split('\n').enumerate() {
                if index > 0 {
                    self.line_break();
                }
                if !line.is_empty() {
                    self.put(line);
                }
            }
            return;
        }
        for (index, word) in text.split(char::is_whitespace).enumerate() {
            self.has_space |= index > 0;
            if !word.is_empty() {
                self.word(word);
            }
        }
    }

    fn word(&mut self, word: &str) {
        if self.style == Style::Text || self.code > 0 {
            return self.put(word);
        }
        let is_line_start = self.out.is_empty() || self.newlines > 0 || self.bullet.is_some() || self.out.ends_with('\n');
        let mut escaped = String::with_capacity(word.len());
        for (index, c) in word.char_indices() {
            let is_list_number = is_line_start && matches!(c, '.' | ')') && index > 0 && word[..index].bytes().all(|c| c.is_ascii_digit());
            let is_block_mark = is_line_start && index == 0 && matches!(c, '#' | '>' | '+' | '-' | '=');
            if is_list_number || is_block_mark || matches!(c, '\\' | '*' | '_' | '`' | '[' | ']' | '<' | '&' | '~' | '|') {
                escaped.push('\\');
            }
            escaped.push(c);
        }
        self.put(&escaped);
    }

    /// Writes `text` after whatever is due before it: line ends, quote marks, bullets, a space, opening marks.
    fn put(&mut self, text: &str) {
        let newlines = std::mem::take(&mut self.newlines);
        if newlines > 0 && !self.out.is_empty() {
            self.out.truncate(self.out.trim_end_matches(' ').len());
            for index in 0..newlines {
                if index > 0 && self.quotes.min(self.quotes_above) > 0 {
                    self.out.push('>');
                }
                self.out.push('\n');
            }
        }
        if self.out.is_empty() || self.out.ends_with('\n') {
            self.has_space = false;
            self.quotes_above = self.quotes;
            // Deep nesting is shown as deep as people can read it; without a cap the marks would grow with depth × lines.
            self.out.push_str(&"> ".repeat(self.quotes.min(8)));
            let depth = self.lists.len().min(8);
            match self.bullet.take() {
                Some(bullet) => {
                    self.out.push_str(&"   ".repeat(depth.saturating_sub(1)));
                    self.out.push_str(&bullet);
                }
                None => self.out.push_str(&"   ".repeat(depth)),
            }
        }
        if std::mem::take(&mut self.has_space) && !self.out.ends_with(' ') {
            self.out.push(' ');
        }
        for mark in self.marks.iter_mut().filter(|mark| !mark.is_written) {
            self.out.push_str(mark.mark);
            mark.is_written = true;
        }
        self.out.push_str(text);
    }

    fn tag(&mut self, tag: &str) {
        match tag.strip_prefix('/') {
            Some(name) => self.end(name),
            None => self.begin(tag.split(' ').next().unwrap_or_default(), tag),
        }
    }

    fn begin(&mut self, name: &str, tag: &str) {
        match name {
            "p" | "pre" | "table" => self.gap(),
            "blockquote" => {
                self.gap();
                self.quotes += 1;
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.gap();
                if self.style == Style::Markdown {
                    let level = name[1..].parse().unwrap_or(1);
                    self.put(&"#".repeat(level));
                    self.has_space = true;
                }
            }
            "div" => self.break_lines(1),
            "br" => self.line_break(),
            "hr" => {
                self.gap();
                self.put("---");
                self.gap();
            }
            "ul" | "ol" => {
                if self.lists.is_empty() {
                    self.gap();
                }
                let start = attribute(tag, "start").and_then(|start| start.parse().ok()).unwrap_or(1);
                self.lists.push((name == "ol").then_some(start));
            }
            "li" => {
                self.break_lines(1);
                self.bullet = Some(match self.lists.last_mut() {
                    Some(Some(number)) => {
                        let bullet = format!("{number}. ");
                        *number = number.saturating_add(1);
                        bullet
                    }
                    _ => "- ".to_owned(),
                });
            }
            "tr" => {
                self.break_lines(1);
                self.is_first_cell = true;
            }
            "td" | "th" if std::mem::replace(&mut self.is_first_cell, false) => {}
            "td" | "th" => {
                self.has_space = true;
                self.put("|");
                self.has_space = true;
            }
            "a" => self.begin_link(attribute(tag, "href").unwrap_or_default()),
            "img" => self.image(tag),
            _ => {}
        }
        match name {
            "pre" => self.preformatted += 1,
            "code" => self.code += 1,
            _ => {}
        }
        let mark = match name {
            "b" | "strong" => ("b", "**"),
            "i" | "em" => ("i", "*"),
            "s" => ("s", "~~"),
            "code" if self.preformatted == 0 => ("code", "`"),
            _ => return self.fence(name == "pre"),
        };
        if self.style == Style::Markdown {
            // A mark inside the same mark would end it.
            let mark = if self.marks.iter().any(|open| open.mark == mark.1) { (mark.0, "") } else { mark };
            self.marks.push(Mark { name: mark.0, mark: mark.1, is_written: false });
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "b" | "strong" => self.end_mark("b"),
            "i" | "em" => self.end_mark("i"),
            "s" => self.end_mark("s"),
            "code" => {
                self.code = self.code.saturating_sub(1);
                if self.preformatted == 0 {
                    self.end_mark("code");
                }
            }
            "a" => self.end_link(),
            "pre" => {
                self.preformatted = self.preformatted.saturating_sub(1);
                self.fence_end();
                self.gap();
            }
            "blockquote" => {
                self.gap();
                // What is due is written with the quote marks of what follows.
                self.quotes = self.quotes.saturating_sub(1);
            }
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "table" => self.gap(),
            "ul" | "ol" => {
                self.lists.pop();
                self.bullet = None;
                if self.lists.is_empty() {
                    self.gap();
                }
            }
            "div" | "li" | "tr" => self.break_lines(1),
            _ => {}
        }
    }

    fn fence(&mut self, is_block: bool) {
        if is_block && self.style == Style::Markdown {
            self.put("```");
            self.line_break();
        }
    }

    fn fence_end(&mut self) {
        if self.style == Style::Markdown {
            self.break_lines(1);
            self.put("```");
        }
    }

    fn end_mark(&mut self, name: &str) {
        if self.style == Style::Text {
            return;
        }
        if let Some(at) = self.marks.iter().rposition(|mark| mark.name == name) {
            let mark = self.marks.remove(at);
            if mark.is_written {
                self.out.push_str(mark.mark);
            }
        }
    }

    fn begin_link(&mut self, href: String) {
        if !href.is_empty() {
            self.put(if self.style == Style::Markdown { "[" } else { "" });
        }
        self.links.push((href, self.out.len()));
    }

    fn end_link(&mut self) {
        let Some((href, start)) = self.links.pop() else { return };
        if href.is_empty() {
            return;
        }
        let label = self.out.get(start..).unwrap_or_default().trim();
        match self.style {
            Style::Markdown if label.is_empty() => {
                self.put(&href);
                self.out.push_str(&format!("](<{}>)", href.replace(['<', '>'], "")));
            }
            Style::Markdown => self.out.push_str(&format!("](<{}>)", href.replace(['<', '>'], ""))),
            Style::Text => {
                let bare = href.trim_start_matches("mailto:").trim_start_matches("tel:").trim_end_matches('/');
                let says_it = [bare, bare.trim_start_matches("https://"), bare.trim_start_matches("http://")];
                if label.is_empty() {
                    self.put(&href);
                } else if !says_it.contains(&label.trim_end_matches('/')) {
                    self.has_space = true;
                    self.put(&format!("({href})"));
                }
            }
        }
    }

    fn image(&mut self, tag: &str) {
        let is_pixel = ["width", "height"].iter().any(|name| matches!(attribute(tag, name).as_deref(), Some("0" | "1")));
        if is_pixel {
            return;
        }
        let alt = attribute(tag, "alt").filter(|alt| !alt.trim().is_empty()).unwrap_or_else(|| "image".to_owned());
        let alt = super::fallback::one_line(&alt).replace(['[', ']'], "");
        match attribute(tag, "src").filter(|src| src.starts_with("http")) {
            Some(src) if self.style == Style::Markdown => self.put(&format!("![{alt}](<{}>)", src.replace(['<', '>'], ""))),
            _ => self.put(&if self.style == Style::Markdown { format!("\\[{alt}\\]") } else { format!("[{alt}]") }),
        }
    }

    fn gap(&mut self) {
        // A paragraph that opens a list item stays behind its bullet.
        if self.bullet.is_none() {
            self.break_lines(if self.lists.is_empty() { 2 } else { 1 });
        }
    }

    fn break_lines(&mut self, count: usize) {
        if self.newlines >= count || self.out.is_empty() {
            return;
        }
        // Marks do not reach over lines: close them here, open them again with the next word.
        for mark in self.marks.iter_mut().rev().filter(|mark| mark.is_written) {
            self.out.push_str(mark.mark);
            mark.is_written = false;
        }
        self.newlines = count;
        self.has_space = false;
    }

    /// A line end that was written on purpose; several of them count.
    fn line_break(&mut self) {
        let due = self.newlines;
        self.break_lines(1);
        // More than two empty lines say no more than two.
        self.newlines = (due + 1).min(3);
        if self.out.is_empty() {
            self.newlines = 0;
        }
    }

    fn finish(mut self) -> String {
        for mark in self.marks.iter().rev().filter(|mark| mark.is_written) {
            self.out.push_str(mark.mark);
        }
        self.out.truncate(self.out.trim_end().len());
        self.out
    }
}
