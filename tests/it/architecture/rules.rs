//! One pure function per rule: a file in, findings out. Their tests feed each of them something bad and something good.

use std::path::Path;

use regex::Regex;

/// A sentence with the place.
pub(super) type Finding = String;

/// A text file of the repository.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// From the root of the repository, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

/// Source (STYLE.md, rule 7); the aim is 350.
const MOST_LINES: usize = 600;

/// Written as platforms write themselves and as programmers do. Left out are the names that are ordinary words
/// (Teams, X, Messages), SMS, which is nobody's, and e-mail.
const PLATFORMS: &str = r"(?i)whatsapp|telegram|viber|messenger|instagram|facebook|linked_?in|slack|you_?tube|twitter|microsoft|msteams|google|twilio|vonage|(?:^|[^-])\bapple\b|\bapple_?(?:messages|app)|\bstripe\b|(?-i:\bLINE\b)";

/// Crates that bring a second TLS provider, a flawed RSA or abandoned code (DEPENDENCIES.md, "Not to be added"; deny.toml
/// says the same to cargo-deny).
const BANNED: [&str; 12] = [
    "ring",
    "openssl",
    "openssl-sys",
    "native-tls",
    "rsa",
    "figment",
    "tower_governor",
    "age",
    "apalis",
    "criterion",
    "ulid",
    "seaography",
];

/// Made by a program: types of the web client, snapshots, locks.
pub(super) fn is_generated(path: &str) -> bool {
    path.contains("/src/gql/") || path.ends_with(".snap") || path.ends_with("Cargo.lock") || path.ends_with("package-lock.json")
}

/// The tests that the table of invariants names, by their last word.
pub(super) fn named_tests(page: &str) -> Vec<String> {
    let table = page.split("## Invariants").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap_or_default();
    let in_ticks = Regex::new(r"`[a-z_]+(?:::[a-z_]+)*::([a-z_]+)`").expect("a pattern");
    table.lines().flat_map(|line| in_ticks.captures_iter(line)).map(|found| found[1].to_owned()).filter(|name| name != "tests").collect()
}

/// Whether a function or a module of tests of this name is in the file.
pub(super) fn has_test(source: &Source, name: &str) -> bool {
    let declared = [format!("fn {name}("), format!("mod {name} {{"), format!("mod {name};")];
    source.path.ends_with(".rs") && declared.iter().any(|line| source.text.contains(line.as_str()))
}

pub(super) fn is_code(source: &Source) -> bool {
    let kinds = [".rs", ".ts", ".tsx", ".mjs", ".css", ".sh"];
    kinds.iter().any(|kind| source.path.ends_with(kind))
}

/// Code outside the channels' own folders and the lists that name every channel: their modules, specs and adapters, and
/// the kind in the model and in the schema.
pub(super) fn is_core(source: &Source) -> bool {
    const LISTS: [&str; 5] = [
        "channels/src/lib.rs",
        "channels/src/registry.rs",
        "channels/src/specs.rs",
        "domain/src/spec/kind.rs",
        "api/src/graphql/types/channel_kind.rs",
    ];
    let path = source.path.as_str();
    let is_ours =
        ["api/src/", "domain/src/", "channels/src/", "migrations/src/", "web-client/src/"].iter().any(|dir| path.starts_with(dir));
    let is_channel = path
        .strip_prefix("channels/src/")
        .and_then(|rest| rest.split_once('/'))
        .is_some_and(|(folder, _)| !["shared", "worker"].contains(&folder));
    is_ours && is_code(source) && !is_channel && !LISTS.contains(&path)
}

fn lines_with(source: &Source, what: &str, pattern: &str) -> Vec<Finding> {
    let pattern = Regex::new(pattern).expect("the pattern is written here");
    let lines = source.text.lines().enumerate().filter(|(_, line)| pattern.is_match(line));
    lines.map(|(number, line)| format!("{}:{}: {what}: {}", source.path, number + 1, line.trim())).collect()
}

/// The arrows of the crate diagram, no web framework or GraphQL below the API, and versions only in the workspace.
pub(super) fn crate_edges(manifest: &Source) -> Vec<Finding> {
    let name = manifest.path.split('/').next().unwrap_or_default();
    let (may_use, must_not_use): (&[&str], &[&str]) = match name {
        "domain" => (&[], &["axum", "hyper", "tower-http", "async-graphql", "reqwest", "lettre", "async-imap"]),
        "channels" => (&["domain"], &["axum", "hyper", "tower-http", "async-graphql", "sea-orm"]),
        "migrations" => (&[], &["axum", "async-graphql", "reqwest"]),
        "api" => (&["domain", "channels", "migrations"], &[]),
        "tests" => (&["domain", "channels", "migrations", "api"], &[]),
        _ => return vec![format!("{}: no such crate in the diagram", manifest.path)],
    };
    let mut section = "";
    let mut findings = Vec::new();
    for line in manifest.text.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
            continue;
        }
        let Some(dependency) = line.split(['.', ' ', '=']).next().filter(|word| !word.is_empty() && !word.starts_with('#')) else {
            continue;
        };
        let is_test_only = section == "[dev-dependencies]";
        if !section.ends_with("dependencies]") {
            continue;
        }
        if let Some(own) = dependency.strip_prefix("tributary-") {
            // Tests of storage need the tables.
            let is_for_tests = is_test_only && own == "migrations";
            if !may_use.contains(&own) && !is_for_tests {
                findings.push(format!("{}: {name} must not depend on {own}", manifest.path));
            }
        }
        if must_not_use.contains(&dependency) && !is_test_only {
            findings.push(format!("{}: {name} must not know {dependency}", manifest.path));
        }
        if !line.contains("workspace = true") {
            findings.push(format!("{}: the version of {dependency} belongs in the workspace", manifest.path));
        }
    }
    findings
}

pub(super) fn platform_names(source: &Source) -> Vec<Finding> {
    lines_with(source, "names a platform", PLATFORMS)
}

pub(super) fn length(source: &Source) -> Vec<Finding> {
    let lines = source.text.lines().count();
    if lines > MOST_LINES { vec![format!("{} has {lines} lines", source.path)] } else { Vec::new() }
}

/// A file that is more than a list of modules starts with `//!` and a few words.
pub(super) fn module_page(source: &Source) -> Vec<Finding> {
    let first = source.text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let is_told = first.strip_prefix("//!").is_some_and(|page| page.split_whitespace().count() >= 3);
    let is_tiny = source.text.lines().count() < 5;
    if is_told || is_tiny { Vec::new() } else { vec![format!("{} does not start with what it is for", source.path)] }
}

pub(super) fn undone(source: &Source) -> Vec<Finding> {
    let macros = r"\b(?:to|unimple|unfini)(?:do|mented|shed)!\s*[(\[{]";
    let ignored = r"#\[\s*(?:cfg_attr\(.*)?ignore\b";
    let skipped = r"\b(?:it|test|describe)\.(?:skip|only|fixme|todo)\b";
    lines_with(source, "is left undone", &format!("{macros}|{ignored}|{skipped}"))
}

/// Rows are found through the finders of `domain/src/entity`, which take the workspace.
pub(super) fn bare_finders(source: &Source) -> Vec<Finding> {
    if source.path.starts_with("domain/src/entity/") {
        return Vec::new();
    }
    lines_with(source, "finds rows of every workspace", r"\bEntity::find\(\)")
}

/// The path of this checkout, as far as it is its own, and where people keep their homes.
pub(super) fn machine_paths(root: &Path) -> String {
    let mut patterns = vec![r"(?:^|[^\w.])/(?:home|Users)/\w+/".to_owned(), r"(?:^|[^\w.])/root/".to_owned()];
    let parts: Vec<_> = root.components().skip(1).take(2).map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    // A checkout right below the root, such as /app, is no telling name.
    if let [first, second] = &parts[..] {
        patterns.push(format!("/{}/{}(?:/|\\b)", regex::escape(first), regex::escape(second)));
    }
    patterns.join("|")
}

pub(super) fn machine_names(source: &Source, paths: &str) -> Vec<Finding> {
    // This file has to spell what it looks for.
    if source.path == "tests/it/architecture/rules.rs" { Vec::new() } else { lines_with(source, "names a machine's path", paths) }
}

/// From the lines of `cargo tree --format {p}`: `name v1.2.3`.
pub(super) fn banned_crates(tree: &str) -> Vec<Finding> {
    let mut names: Vec<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().filter(|name| BANNED.contains(name)).map(|name| format!("{name} is built")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_test_that_is_only_named_is_found() {
        let page = "## Invariants\n| a | `store::tests::one` |\n| b | `walls`; `store::two` in `api` |\n## Next\n`no::more`";
        assert_eq!(named_tests(page), ["one", "two"]);
        let file = source("a.rs", "    async fn one(place: Place) {}\nmod two;\n");
        assert!(has_test(&file, "one") && has_test(&file, "two") && !has_test(&file, "on"));
    }

    #[test]
    fn a_wrong_edge_is_found() {
        let bad = "[package]\nname = \"x\"\n[dependencies]\ntributary-api.workspace = true\naxum = { workspace = true }\nserde = \"1\"\n";
        assert_eq!(
            crate_edges(&source("domain/Cargo.toml", bad)),
            [
                "domain/Cargo.toml: domain must not depend on api",
                "domain/Cargo.toml: domain must not know axum",
                "domain/Cargo.toml: the version of serde belongs in the workspace",
            ]
        );
        let good = "[dependencies]\ntributary-domain.workspace = true\n[dev-dependencies]\ntributary-migrations.workspace = true\n";
        assert!(crate_edges(&source("channels/Cargo.toml", good)).is_empty());
        assert_eq!(crate_edges(&source("channels/Cargo.toml", &good.replace("dev-", ""))).len(), 1);
        assert_eq!(crate_edges(&source("extra/Cargo.toml", "")).len(), 1);
    }

    #[test]
    fn a_platform_in_the_core_is_found() {
        let bad =
            ["// as WhatsApp does", "fn send_telegram() {}", "enum A { LinkedIn }", "// LINE wants", "graph.facebook.com", "Apple Pay"];
        for line in bad {
            assert_eq!(platform_names(&source("domain/src/x.rs", line)).len(), 1, "{line}");
        }
        let good = ["// one line", "const LINE_BREAK: char", "teams of people", "font: -apple-system", "pineapple", "striped", "x"];
        for line in good {
            assert!(platform_names(&source("domain/src/x.rs", line)).is_empty(), "{line}");
        }
    }

    #[test]
    fn the_core_is_everything_but_the_channels() {
        let core = [
            "domain/src/message/send.rs",
            "channels/src/channel.rs",
            "channels/src/shared/http.rs",
            "api/src/app.rs",
            "web-client/src/app/x.tsx",
        ];
        assert!(core.iter().all(|path| is_core(&source(path, ""))));
        let not_core =
            ["channels/src/email/spec.rs", "channels/src/registry.rs", "domain/src/spec/kind.rs", "tests/src/fake/x.rs", "README.md"];
        assert!(!not_core.iter().any(|path| is_core(&source(path, ""))));
    }

    #[test]
    fn a_long_file_is_found() {
        assert!(length(&source("a.rs", &"x\n".repeat(600))).is_empty());
        assert_eq!(length(&source("a.rs", &"x\n".repeat(601))), ["a.rs has 601 lines"]);
    }

    #[test]
    fn a_file_without_a_page_is_found() {
        let body = "use std::fmt;\n".repeat(5);
        assert_eq!(module_page(&source("a.rs", &body)).len(), 1);
        assert_eq!(module_page(&source("a.rs", &format!("//! x\n{body}"))).len(), 1);
        assert!(module_page(&source("a.rs", &format!("//! Says what it is for.\n{body}"))).is_empty());
        assert!(module_page(&source("mod.rs", "pub mod a;\n")).is_empty());
    }

    #[test]
    fn undone_work_is_found() {
        let bad = [
            concat!("to", "do!()"),
            concat!("unimple", "mented!(\"later\")"),
            concat!("#[", "ignore]"),
            concat!("it", ".skip('x')"),
            concat!("test", ".only("),
        ];
        for line in bad {
            assert_eq!(undone(&source("a.rs", line)).len(), 1, "{line}");
        }
        assert!(undone(&source("a.rs", "// ignore this; it.skips; a todo list; stream.skip(1)")).is_empty());
    }

    #[test]
    fn an_unscoped_finder_is_found() {
        let bad = concat!("message::Entity::", "find().all(db)");
        assert_eq!(bare_finders(&source("domain/src/message/read.rs", bad)).len(), 1);
        assert!(bare_finders(&source("domain/src/entity/message.rs", bad)).is_empty());
        assert!(bare_finders(&source("domain/src/message/read.rs", "message::find_in(workspace)")).is_empty());
    }

    #[test]
    fn a_machine_path_is_found() {
        let paths = machine_paths(Path::new("/srv/anna/tributary"));
        for line in ["cd /srv/anna/tributary", "/srv/anna", "/home/anna/x", "/Users/anna/x", "/root/.cargo"] {
            assert_eq!(machine_names(&source("a.md", line), &paths).len(), 1, "{line}");
        }
        for line in ["/srv/annabel", "https://example.test/home/new/", "/usr/lib", "/tmp/x"] {
            assert!(machine_names(&source("a.md", line), &paths).is_empty(), "{line}");
        }
        assert!(machine_names(&source("a.md", "/app/index.html"), &machine_paths(Path::new("/app"))).is_empty());
    }

    #[test]
    fn a_banned_crate_is_found() {
        assert_eq!(banned_crates("serde v1.0.0\nring v0.17.14\nring v0.17.14 (*)\n"), ["ring is built"]);
        assert!(banned_crates("string v1.0.0\nrsa-ext v1\n").is_empty());
    }

    #[test]
    fn generated_files_are_left_out() {
        assert!(is_generated("web-client/src/gql/graphql.ts") && is_generated("tests/it/snapshots/a.snap") && is_generated("Cargo.lock"));
        assert!(!is_generated("web-client/src/graphql.ts"));
    }
}
