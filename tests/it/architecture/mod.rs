//! The invariants of ARCHITECTURE.md, held by reading the files of the repository.
//!
//! Each rule is a pure function in [`rules`], applied here to the whole tree, and proved there on a bad sample, so that
//! none of them can hold by looking at nothing.

mod rules;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use rules::{Finding, Source};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in a folder of the workspace").to_owned()
}

/// Every text file of the repository that people write; built, fetched and generated ones are left out.
fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root(), "", &mut found);
    assert!(found.iter().any(|source| source.path == "tests/it/architecture/mod.rs"), "the walk over the files is broken");
    found
}

fn collect(folder: &Path, prefix: &str, found: &mut Vec<Source>) {
    const NOT_OURS: [&str; 5] = ["target", "node_modules", "dist", "data", "coverage"];
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = format!("{prefix}{name}");
        let is_hidden = name.starts_with('.') && name != ".ci";
        if entry.file_type().unwrap().is_dir() {
            // A symbolic link is neither folder nor text of ours.
            if !is_hidden && !NOT_OURS.contains(&name.as_str()) {
                collect(&entry.path(), &format!("{path}/"), found);
            }
        } else if !rules::is_generated(&path)
            && let Ok(text) = fs::read_to_string(entry.path())
        {
            found.push(Source { path, text });
        }
    }
}

/// Applies a rule to every file it is about; there must be some.
#[track_caller]
fn hold(is_about: impl Fn(&Source) -> bool, rule: impl Fn(&Source) -> Vec<Finding>) {
    let sources: Vec<Source> = sources().into_iter().filter(is_about).collect();
    assert!(!sources.is_empty(), "the rule is about no file");
    let findings: Vec<Finding> = sources.iter().flat_map(rule).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[test]
fn crates_depend_in_one_direction() {
    let members = ["domain", "channels", "migrations", "api", "tests"].map(|name| format!("{name}/Cargo.toml"));
    let manifests = sources().into_iter().filter(|source| members.contains(&source.path)).count();
    assert_eq!(manifests, members.len());
    hold(|source| members.contains(&source.path), rules::crate_edges);
}

#[test]
fn the_core_names_no_platform() {
    hold(rules::is_core, rules::platform_names);
}

#[test]
fn no_file_is_over_six_hundred_lines() {
    hold(rules::is_code, rules::length);
}

#[test]
fn every_module_says_what_it_is_for() {
    hold(|source| source.path.ends_with(".rs"), rules::module_page);
}

#[test]
fn nothing_is_left_undone_or_skipped() {
    hold(rules::is_code, rules::undone);
}

#[test]
fn the_invariants_name_tests_that_exist() {
    let sources = sources();
    let page = sources.iter().find(|source| source.path == "ARCHITECTURE.md").unwrap();
    let named = rules::named_tests(&page.text);
    assert!(named.len() > 10, "the table of invariants was not read: {named:?}");
    let missing: Vec<_> = named.into_iter().filter(|name| !sources.iter().any(|source| rules::has_test(source, name))).collect();
    assert_eq!(missing, Vec::<String>::new(), "named in ARCHITECTURE.md and nowhere to be found");
}

#[test]
fn finders_are_scoped() {
    hold(|source| source.path.ends_with(".rs") && !source.path.starts_with("tests/"), rules::bare_finders);
}

#[test]
fn no_file_names_the_machine_it_was_written_on() {
    let paths = rules::machine_paths(&root());
    hold(|_| true, |source| rules::machine_names(source, &paths));
}

#[test]
fn one_tls_provider_and_nothing_banned_is_built() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut tree = Command::new(cargo);
    tree.args(["tree", "--workspace", "--offline", "--locked", "--edges", "normal,build,dev", "--prefix", "none", "--format", "{p}"]);
    let output = tree.current_dir(root()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // The tree is real: it holds the provider that we do use.
    assert!(text.lines().any(|line| line.starts_with("aws-lc-rs v")), "{text}");
    assert_eq!(rules::banned_crates(&text), Vec::<Finding>::new());
}
